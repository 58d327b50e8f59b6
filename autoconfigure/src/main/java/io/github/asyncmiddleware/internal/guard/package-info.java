/**
 * The guards: what middlewares do wrong is named, and their deadlines are kept.
 */
@NullMarked
package io.github.asyncmiddleware.internal.guard;

import org.jspecify.annotations.NullMarked;
