/**
 * Applications for {@code benchmarks/server}, which measures them from outside: with real
 * sockets, and as whole processes.
 */
@NullMarked
package io.github.asyncmiddleware.benchmarks.server;

import org.jspecify.annotations.NullMarked;
