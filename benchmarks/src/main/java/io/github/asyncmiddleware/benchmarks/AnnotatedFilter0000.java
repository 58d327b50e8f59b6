package io.github.asyncmiddleware.benchmarks;

import io.github.asyncmiddleware.AsyncMiddleware;

/**
 * {@link BareFilter0000} as a middleware.
 */
@AsyncMiddleware(order = 1)
class AnnotatedFilter0000 extends BareFilter0000 {

	AnnotatedFilter0000(String name, Instruments instruments) {
		super(name, instruments);
	}

}
