/**
 * Races of the classes of this package.
 */
@NullMarked
package io.github.asyncmiddleware.internal.watch;

import org.jspecify.annotations.NullMarked;
