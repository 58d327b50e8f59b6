/**
 * When a head may go: which writer has made the response, which middlewares it is shown
 * to, what has to happen before it is sent, and what its status says about a body.
 */
@NullMarked
package io.github.asyncmiddleware.internal.response;

import org.jspecify.annotations.NullMarked;
