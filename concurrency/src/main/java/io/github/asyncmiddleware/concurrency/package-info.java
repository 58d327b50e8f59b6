/**
 * What the concurrency tests share. The tests themselves are in the packages of the
 * classes that they test.
 */
@NullMarked
package io.github.asyncmiddleware.concurrency;

import org.jspecify.annotations.NullMarked;
