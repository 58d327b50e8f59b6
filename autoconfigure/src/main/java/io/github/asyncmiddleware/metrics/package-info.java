/**
 * The catalogue of meters and the tags a user may add to them.
 */
@NullMarked
package io.github.asyncmiddleware.metrics;

import org.jspecify.annotations.NullMarked;
