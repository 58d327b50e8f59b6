/**
 * An application that a developer works on, for a process of its own.
 */
@NullMarked
package io.github.asyncmiddleware.ecosystem.devtools;

import org.jspecify.annotations.NullMarked;
