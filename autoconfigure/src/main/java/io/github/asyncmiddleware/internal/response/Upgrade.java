package io.github.asyncmiddleware.internal.response;

import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.http.server.reactive.ServerHttpRequest;

/**
 * Recognizes WebSocket handshakes. The upgrade strategies of Spring commit the response
 * before the server has put the status of the handshake on it.
 */
final class Upgrade {

	private Upgrade() {
	}

	/**
	 * Whether a request asks for a WebSocket.
	 * @param request the request
	 * @return {@code true} for the handshake of RFC 6455, section 4.1
	 */
	static boolean isRequestedBy(ServerHttpRequest request) {
		return HttpMethod.GET.equals(request.getMethod())
				&& "websocket".equalsIgnoreCase(request.getHeaders().getFirst(HttpHeaders.UPGRADE));
	}

}
