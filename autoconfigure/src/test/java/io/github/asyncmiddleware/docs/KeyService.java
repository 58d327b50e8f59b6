package io.github.asyncmiddleware.docs;

import reactor.core.publisher.Mono;

/**
 * Knows the keys of the clients.
 */
public class KeyService {

	/**
	 * Whether a key is known.
	 * @param key the key
	 * @return emits the answer
	 */
	public Mono<Boolean> isKnown(String key) {
		return Mono.just(key.equals("secret"));
	}

}
