/**
 * The run of one request through a segment of adjacent middlewares, and the timeline that
 * says where its time went.
 */
@NullMarked
package io.github.asyncmiddleware.internal.run;

import org.jspecify.annotations.NullMarked;
