/**
 * The {@code asyncmiddleware} actuator endpoint.
 */
@NullMarked
package io.github.asyncmiddleware.actuate;

import org.jspecify.annotations.NullMarked;
