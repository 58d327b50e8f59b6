/**
 * Races of the classes of this package.
 */
@NullMarked
package io.github.asyncmiddleware.internal.response;

import org.jspecify.annotations.NullMarked;
