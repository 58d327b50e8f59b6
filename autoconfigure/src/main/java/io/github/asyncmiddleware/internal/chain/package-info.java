/**
 * What is fixed at start-up: middlewares as data, the order they stand in, and the ports
 * that the guards implement.
 */
@NullMarked
package io.github.asyncmiddleware.internal.chain;

import org.jspecify.annotations.NullMarked;
