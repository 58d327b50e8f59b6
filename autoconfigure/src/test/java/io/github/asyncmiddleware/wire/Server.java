package io.github.asyncmiddleware.wire;

import java.util.Arrays;
import java.util.stream.Collectors;

import io.github.asyncmiddleware.testsupport.boot.BootServer;

/**
 * The servers that Spring Boot starts for WebFlux. Without the group {@code servers},
 * Reactor Netty is the only one on the class path.
 */
enum Server {

	REACTOR_NETTY("org.springframework.boot.reactor.netty.autoconfigure.NettyReactiveWebServerAutoConfiguration"),

	TOMCAT("org.springframework.boot.tomcat.autoconfigure.reactive.TomcatReactiveWebServerAutoConfiguration"),

	JETTY("org.springframework.boot.jetty.autoconfigure.reactive.JettyReactiveWebServerAutoConfiguration");

	private final String autoConfiguration;

	Server(String autoConfiguration) {
		this.autoConfiguration = autoConfiguration;
	}

	/**
	 * The property that leaves the other servers out, and security.
	 */
	String property() {
		return BootServer.NO_SECURITY + Arrays.stream(values())
			.filter((server) -> server != this)
			.map((server) -> "," + server.autoConfiguration)
			.collect(Collectors.joining());
	}

	/**
	 * Whether it speaks HTTP/2 without encryption and further libraries.
	 */
	boolean speaksHttp2() {
		return this == REACTOR_NETTY;
	}

}
