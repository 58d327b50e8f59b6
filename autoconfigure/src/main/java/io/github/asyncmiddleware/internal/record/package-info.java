/**
 * What is known of a request and of the part of each middleware in it, read-only.
 */
@NullMarked
package io.github.asyncmiddleware.internal.record;

import org.jspecify.annotations.NullMarked;
