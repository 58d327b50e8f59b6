/**
 * Races of the classes of this package.
 */
@NullMarked
package io.github.asyncmiddleware.internal.guard;

import org.jspecify.annotations.NullMarked;
