package io.github.asyncmiddleware.metrics;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.List;

import org.springframework.http.HttpHeaders;
import org.springframework.util.Assert;

/**
 * A secret with which a request can ask for the details of its time. Compared in a time
 * that does not depend on how much of a guess is right.
 */
final class ServerTimingToken {

	/** The header of the request. */
	static final String HEADER = "Server-Timing-Token";

	private final byte[] token;

	ServerTimingToken(String token) {
		Assert.hasText(token, "'token' must not be empty");
		this.token = token.getBytes(StandardCharsets.UTF_8);
	}

	/**
	 * Whether a request has the token.
	 * @param headers the headers of the request
	 * @return {@code false} if it has none, another one or more than one
	 */
	boolean isIn(HttpHeaders headers) {
		List<String> values = headers.get(HEADER);
		return values != null && values.size() == 1 && isToken(values.get(0));
	}

	private boolean isToken(String value) {
		return MessageDigest.isEqual(this.token, value.getBytes(StandardCharsets.UTF_8));
	}

}
