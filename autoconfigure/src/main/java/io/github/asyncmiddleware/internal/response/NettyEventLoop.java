package io.github.asyncmiddleware.internal.response;

import java.util.concurrent.Executor;

import org.jspecify.annotations.Nullable;
import reactor.netty.Connection;

import org.springframework.http.server.reactive.AbstractServerHttpRequest;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.http.server.reactive.ServerHttpRequestDecorator;

/**
 * Finds the event loop that a connection of Reactor Netty is read on. Not to be loaded
 * without that.
 */
final class NettyEventLoop {

	private NettyEventLoop() {
	}

	/**
	 * The event loop of the connection of a request.
	 * @param request the request, decorated or not
	 * @return the event loop, or {@code null} if the request came through another server
	 */
	static @Nullable Executor of(ServerHttpRequest request) {
		ServerHttpRequest original = request;
		while (original instanceof ServerHttpRequestDecorator decorator) {
			original = decorator.getDelegate();
		}
		return (original instanceof AbstractServerHttpRequest server
				&& nativeRequestOf(server) instanceof Connection connection) ? connection.channel().eventLoop() : null;
	}

	private static @Nullable Object nativeRequestOf(AbstractServerHttpRequest request) {
		try {
			return request.getNativeRequest();
		}
		catch (IllegalStateException ex) {
			// The mock that stands for a server where a test binds to a context
			return null;
		}
	}

}
