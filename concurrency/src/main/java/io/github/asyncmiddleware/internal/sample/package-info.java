/**
 * Races of the classes of this package.
 */
@NullMarked
package io.github.asyncmiddleware.internal.sample;

import org.jspecify.annotations.NullMarked;
