package io.github.asyncmiddleware.testsupport.boot;

import java.util.concurrent.ScheduledExecutorService;

import reactor.netty.channel.ChannelOperations;
import reactor.netty.http.server.HttpServerRequest;

import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.http.server.reactive.ServerHttpRequestDecorator;

/**
 * Finds the event loop of a connection to Reactor Netty.
 */
public final class EventLoops {

	private EventLoops() {
	}

	public static ScheduledExecutorService of(ServerHttpRequest request) {
		HttpServerRequest server = ServerHttpRequestDecorator.getNativeRequest(request);
		return ((ChannelOperations<?, ?>) server).channel().eventLoop();
	}

}
