/**
 * The catalogue of meters, the tags a user may add to them, and the {@code Server-Timing}
 * header.
 */
@NullMarked
package io.github.asyncmiddleware.metrics;

import org.jspecify.annotations.NullMarked;
