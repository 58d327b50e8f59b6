/**
 * The way out to the meters: listeners, and the samples that wait for them.
 */
@NullMarked
package io.github.asyncmiddleware.internal.sample;

import org.jspecify.annotations.NullMarked;
