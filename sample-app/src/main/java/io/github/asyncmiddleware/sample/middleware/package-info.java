/**
 * The filters of the sample, each of which shows one thing.
 */
@NullMarked
package io.github.asyncmiddleware.sample.middleware;

import org.jspecify.annotations.NullMarked;
