/**
 * What a middleware costs, beside what the same would cost without this library.
 */
@NullMarked
package io.github.asyncmiddleware.benchmarks;

import org.jspecify.annotations.NullMarked;
