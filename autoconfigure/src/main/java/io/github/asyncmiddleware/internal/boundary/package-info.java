/**
 * The boundary between the server and the filters of an application.
 */
@NullMarked
package io.github.asyncmiddleware.internal.boundary;

import org.jspecify.annotations.NullMarked;
