/**
 * Middlewares for one path each, which show a single thing and nothing of use.
 */
@NullMarked
package io.github.asyncmiddleware.sample.demo;

import org.jspecify.annotations.NullMarked;
