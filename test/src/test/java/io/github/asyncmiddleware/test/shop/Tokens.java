package io.github.asyncmiddleware.test.shop;

import reactor.core.publisher.Mono;

/**
 * Knows whose tokens are valid.
 */
@FunctionalInterface
interface Tokens {

	/**
	 * The user of a token, empty for one that is not valid.
	 */
	Mono<String> userOf(String token);

}
