/**
 * The application of {@code docs/getting-started.md}.
 */
@NullMarked
package io.github.asyncmiddleware.test.start;

import org.jspecify.annotations.NullMarked;
