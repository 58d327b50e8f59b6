/**
 * The examples of {@code docs/how-to.md}, with their tests.
 */
@NullMarked
package io.github.asyncmiddleware.test.howto;

import org.jspecify.annotations.NullMarked;
