/**
 * Races of the classes of this package.
 */
@NullMarked
package io.github.asyncmiddleware.internal.run;

import org.jspecify.annotations.NullMarked;
