/**
 * The guards: what middlewares do wrong is found, named and kept from doing harm.
 */
@NullMarked
package io.github.asyncmiddleware.internal.guard;

import org.jspecify.annotations.NullMarked;
