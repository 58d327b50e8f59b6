package io.github.asyncmiddleware.test.howto;

import io.github.asyncmiddleware.OnRequest;
import org.jspecify.annotations.Nullable;

import org.springframework.http.HttpStatus;
import org.springframework.http.ProblemDetail;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.cors.reactive.CorsUtils;

/**
 * Turns clients away that are too old. Belongs to a library.
 */
public class ClientVersion {

	private final int oldest;

	public ClientVersion(int oldest) {
		this.oldest = oldest;
	}

	@OnRequest(blocking = false)
	@Nullable ProblemDetail check(@RequestHeader(name = "X-Client-Version", defaultValue = "0") int version,
			ServerHttpRequest request) {
		if (version >= this.oldest || CorsUtils.isPreFlightRequest(request)) {
			return null;
		}
		return ProblemDetail.forStatusAndDetail(HttpStatus.UPGRADE_REQUIRED, "Please update");
	}

}
