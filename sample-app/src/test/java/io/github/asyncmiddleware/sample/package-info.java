/**
 * Tests of the sample.
 */
@NullMarked
package io.github.asyncmiddleware.sample;

import org.jspecify.annotations.NullMarked;
