/**
 * The application of the documentation, with its tests.
 */
@NullMarked
package io.github.asyncmiddleware.test.shop;

import org.jspecify.annotations.NullMarked;
