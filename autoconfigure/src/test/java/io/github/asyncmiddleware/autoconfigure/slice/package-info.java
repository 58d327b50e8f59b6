/**
 * An application whose middlewares component scanning finds, tested as a slice.
 */
package io.github.asyncmiddleware.autoconfigure.slice;
