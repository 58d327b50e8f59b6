/**
 * The engine: a middleware as data, the run of one request through a segment of adjacent
 * middlewares, and the timeline that says where its time went.
 */
@NullMarked
package io.github.asyncmiddleware.internal.chain;

import org.jspecify.annotations.NullMarked;
