/**
 * Services for tests that answer when a test wants them to.
 */
@NullMarked
package io.github.asyncmiddleware.sample.upstream;

import org.jspecify.annotations.NullMarked;
