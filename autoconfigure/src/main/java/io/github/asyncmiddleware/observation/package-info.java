/**
 * Observations of middlewares, which are spans where tracing is on: their documentation,
 * and the convention that an application may replace.
 */
@NullMarked
package io.github.asyncmiddleware.observation;

import org.jspecify.annotations.NullMarked;
