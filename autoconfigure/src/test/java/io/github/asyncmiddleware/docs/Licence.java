package io.github.asyncmiddleware.docs;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.OnRequest;

import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.http.server.reactive.ServerHttpRequest;

/**
 * Blocks on another thread.
 */
@AsyncMiddleware(timeout = "2s")
class Licence {

	private final LicenceFile licences;

	Licence(LicenceFile licences) {
		this.licences = licences;
	}

	@OnRequest
	ResponseEntity<String> check(ServerHttpRequest request) {
		boolean valid = this.licences.covers(request.getPath().value()); // may block
		return valid ? null : ResponseEntity.status(HttpStatus.PAYMENT_REQUIRED).body("no licence");
	}

}
