/**
 * Applications with the libraries that are used beside the starter, on real sockets.
 */
@NullMarked
package io.github.asyncmiddleware.ecosystem;

import org.jspecify.annotations.NullMarked;
