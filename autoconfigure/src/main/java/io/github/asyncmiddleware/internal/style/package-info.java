/**
 * One adapter for each style that a middleware can be written in.
 */
@NullMarked
package io.github.asyncmiddleware.internal.style;

import org.jspecify.annotations.NullMarked;
