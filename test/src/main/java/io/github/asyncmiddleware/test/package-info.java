/**
 * Runs middlewares through the real engine in unit tests, without a server.
 */
@NullMarked
package io.github.asyncmiddleware.test;

import org.jspecify.annotations.NullMarked;
