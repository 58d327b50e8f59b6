/**
 * What each thread is inside of: the threads, the requests in flight, and the thread that
 * looks at both.
 */
@NullMarked
package io.github.asyncmiddleware.internal.watch;

import org.jspecify.annotations.NullMarked;
