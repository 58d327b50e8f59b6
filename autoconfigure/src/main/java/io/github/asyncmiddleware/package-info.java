/**
 * What a user of asynchronous middleware imports: the annotation and the named orders.
 */
@NullMarked
package io.github.asyncmiddleware;

import org.jspecify.annotations.NullMarked;
