/**
 * The run of one request through segments of adjacent middlewares, with a step for each.
 */
@NullMarked
package io.github.asyncmiddleware.internal.run;

import org.jspecify.annotations.NullMarked;
