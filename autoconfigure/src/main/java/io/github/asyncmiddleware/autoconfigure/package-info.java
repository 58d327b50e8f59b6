/**
 * Auto-configuration: finds the annotated beans, checks them and builds the chain.
 */
@NullMarked
package io.github.asyncmiddleware.autoconfigure;

import org.jspecify.annotations.NullMarked;
