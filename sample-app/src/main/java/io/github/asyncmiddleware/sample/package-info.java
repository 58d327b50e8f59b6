/**
 * The sample: a product page that waits for several services.
 */
@NullMarked
package io.github.asyncmiddleware.sample;

import org.jspecify.annotations.NullMarked;
