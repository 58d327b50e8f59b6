/**
 * The services that the sample depends on: who plays them and how they are called.
 */
@NullMarked
package io.github.asyncmiddleware.sample.upstream;

import org.jspecify.annotations.NullMarked;
