/**
 * Races of the classes of this package.
 */
@NullMarked
package io.github.asyncmiddleware.internal.style;

import org.jspecify.annotations.NullMarked;
