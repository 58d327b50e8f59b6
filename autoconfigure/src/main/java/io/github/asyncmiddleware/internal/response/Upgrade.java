package io.github.asyncmiddleware.internal.response;

import java.util.Set;
import java.util.concurrent.Executor;

import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.util.ClassUtils;

/**
 * Recognizes WebSocket handshakes, and keeps them on the thread of their connection.
 * <p>
 * The upgrade strategies of Spring commit the response before the server has put the
 * status of the handshake on it. A server with event loops changes the handlers of the
 * connection next; on another thread that races with the first frame of the client, which
 * is lost then.
 */
public final class Upgrade {

	private static final boolean REACTOR_NETTY = ClassUtils.isPresent("reactor.netty.Connection",
			Upgrade.class.getClassLoader());

	/** Versions of drafts that Reactor Netty speaks, too; the first ones have none. */
	private static final Set<String> DRAFTS = Set.of("7", "8");

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

	/**
	 * Whether the server refuses a handshake for its version, as RFC 6455, section 4.4,
	 * has it.
	 * @param request a request that asks for a WebSocket
	 * @return {@code true} if the server does not speak the version
	 */
	static boolean isOfUnknownVersion(ServerHttpRequest request) {
		String version = request.getHeaders().getFirst("Sec-WebSocket-Version");
		boolean draft = version == null || DRAFTS.contains(version);
		return !"13".equals(version) && !(draft && eventLoop(request) != null);
	}

	private static @Nullable Executor eventLoop(ServerHttpRequest request) {
		return REACTOR_NETTY ? NettyEventLoop.of(request) : null;
	}

	/**
	 * Have a request that asks for an upgrade go on where its connection is read.
	 * @param source what the request waits for
	 * @param request the request
	 * @param <T> the type of the result
	 * @return the same, which signals on the event loop of the connection if the request
	 * asks for an upgrade and the server has event loops
	 */
	public static <T> Mono<T> goOnAtConnection(Mono<T> source, ServerHttpRequest request) {
		Executor eventLoop = isRequestedBy(request) ? eventLoop(request) : null;
		return (eventLoop != null) ? source.publishOn(Schedulers.fromExecutor(eventLoop)) : source;
	}

}
