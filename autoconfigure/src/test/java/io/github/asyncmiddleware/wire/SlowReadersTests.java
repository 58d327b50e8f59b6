package io.github.asyncmiddleware.wire;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.LiveResponse;
import io.github.asyncmiddleware.OnRequest;
import io.github.asyncmiddleware.internal.guard.DeadlineWheel;
import io.github.asyncmiddleware.testsupport.boot.BootServer;
import io.github.asyncmiddleware.testsupport.boot.Client;
import io.github.asyncmiddleware.testsupport.boot.Http1Client;
import io.github.asyncmiddleware.testsupport.boot.Leaving;
import io.github.asyncmiddleware.testsupport.boot.Protocol;
import io.github.asyncmiddleware.testsupport.boot.Records;
import io.github.asyncmiddleware.wire.PassThroughs.Style;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.channel.ChannelOption;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.reactor.netty.NettyServerCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferFactory;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.reactive.function.server.HandlerFilterFunction;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for clients that take a large body slowly, or not at all: that is felt by the
 * publisher of the body, and counts for no middleware.
 * <p>
 * The clients stand still until the timeout of a middleware has passed that began to wait
 * after them and has the same.
 */
class SlowReadersTests {

	private static final String TIMEOUT = "5s";

	private static final long MILLISECONDS = 5_000;

	private static final int PIECE = 4_096;

	private static final int PIECES = 768;

	private static final int RECEIVE_BUFFER = 1_024;

	private static final int SEND_BUFFER = 16_384;

	/** What may be made and not read: 128 pieces on their way, and what is in buffers. */
	private static final int MOST_UNREAD = 192;

	/** Who answers: the handler, or a middleware behind the others. */
	private static final List<String> PLACES = List.of("handler", "ownFilter", "ownAwait", "ownHook");

	/** How many pieces were asked for ahead without the starter. */
	private static int bareAhead;

	@BeforeAll
	static void askTheApplicationItself() {
		try (BootServer server = BootServer.start(List.of(App.class), SameBytesTests.NO_STARTER)) {
			try (Http1Client client = open(server, "/handler/bare")) {
				Body body = server.bean(Bodies.class).get("/handler/bare");
				readSlowly(client, body);
				bareAhead = body.mostAhead;
				assertThat(bareAhead).isLessThan(128);
				assertThat(body.mostUnread).isLessThanOrEqualTo(MOST_UNREAD);
			}
		}
	}

	@ParameterizedTest
	@EnumSource
	void areFeltByThePublisherAndCountForNoMiddleware(Style style) {
		List<Http1Client> clients = new ArrayList<>();
		try (BootServer server = BootServer.start(App.class, "wire.style=" + style, "wire.count=2",
				"async-middleware.middleware.passThrough0.timeout=" + TIMEOUT,
				"async-middleware.middleware.passThrough1.timeout=" + TIMEOUT)) {
			Bodies bodies = server.bean(Bodies.class);
			for (String place : PLACES) {
				// What runs for the first time is slow by itself
				assertThat(Client.exchange(Protocol.HTTP_1_1, server.port(), "GET", "/" + place + "/first").complete())
					.isTrue();
			}
			for (String place : PLACES) {
				clients.add(open(server, "/" + place + "/read"));
				clients.add(open(server, "/" + place + "/left"));
			}
			assertThat(Client.exchange(Protocol.HTTP_1_1, server.port(), "GET", "/waits").status()).isEqualTo(503);
			Records still = server.records();
			assertThat(still.count("requests ok")).isEqualTo(PLACES.size());
			assertThat(still.sum("requests gone_")).isZero();
			bodies.all.values().forEach((body) -> body.isRead(body.isOver() ? PIECES : 0));
			for (int i = 0; i < PLACES.size(); i++) {
				readSlowly(clients.get(2 * i), bodies.get("/" + PLACES.get(i) + "/read"));
				clients.get(2 * i + 1).leave(Leaving.RST);
			}
			Patience.await()
				.untilAsserted(() -> assertThat(server.records().withoutAll("ttfb ").counts())
					.containsExactlyInAnyOrderEntriesOf(expected()));
			assertNothingIsLeft(server);
			assertThat(bodies.all).hasSize(3 * PLACES.size()).allSatisfy((path, body) -> {
				assertThat(body.mostAhead).isLessThanOrEqualTo(bareAhead);
				assertThat(body.mostUnread).isLessThanOrEqualTo(MOST_UNREAD);
				assertThat(body.cancelled).isEqualTo(path.endsWith("/left") ? 1 : 0);
			});
			assertOwnTimes(server);
		}
		finally {
			clients.forEach(Client::close);
		}
	}

	private static Map<String, Integer> expected() {
		int requests = 3 * PLACES.size() + 1;
		Map<String, Integer> expected = new TreeMap<>(Map.of("requests ok", 2 * PLACES.size(),
				"requests gone_after_head", PLACES.size(), "requests error_page", 1));
		expected.putAll(Map.of("request.ttfb 200", requests - 1, "request.ttfb 503", 1));
		expected.putAll(Map.of("own passThrough0 passed", requests, "own passThrough1 passed", requests));
		expected.putAll(Map.of("own ownFilter answered", 3, "own ownAwait answered", 3, "own ownHook answered", 3,
				"own waits timeout", 1));
		return expected;
	}

	private static void assertNothingIsLeft(BootServer server) {
		PooledBuffers buffers = server.bean(PooledBuffers.class);
		Patience.await().untilAsserted(() -> {
			assertThat(buffers.unreleased()).isZero();
			assertThat(server.bean(LostEnds.class).open()).isZero();
			assertThat(server.bean(DeadlineWheel.class).timers()).isZero();
			assertThat(Soak.gauges(server.bean(SimpleMeterRegistry.class))).isZero();
		});
		assertThat(buffers.size()).isGreaterThan(2 * PLACES.size() * PIECES);
	}

	/**
	 * None has worked for as long as the clients have stood still.
	 */
	private static void assertOwnTimes(BootServer server) {
		assertThat(server.bean(SimpleMeterRegistry.class).get("async.middleware.own").timers())
			.filteredOn((timer) -> !"waits".equals(timer.getId().getTag("middleware")))
			.allSatisfy((timer) -> assertThat(timer.max(TimeUnit.MILLISECONDS)).as("%s", timer.getId())
				.isLessThan(MILLISECONDS));
	}

	private static Http1Client open(BootServer server, String path) {
		Http1Client client = Http1Client.withReceiveBuffer(server.port(), RECEIVE_BUFFER);
		client.head("GET", path, true);
		assertThat(client.readUntil("\r\n\r\n")).startsWith("HTTP/1.1 200");
		return client;
	}

	private static void readSlowly(Http1Client client, Body body) {
		for (int i = 0; i < PIECES; i++) {
			byte[] piece = client.readBytes(PIECE);
			assertThat(piece).isEqualTo(Body.piece(i));
			body.isRead(i + 1);
		}
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@Import({ Followed.class, PassThroughs.class, Controller.class, Bodies.class })
	static class App {

		/** What the system keeps is more than a whole body otherwise. */
		@Bean
		NettyServerCustomizer smallBuffers() {
			return (server) -> server.childOption(ChannelOption.SO_SNDBUF, SEND_BUFFER);
		}

		@Bean
		@AsyncMiddleware(path = "/waits", order = 10, timeout = TIMEOUT)
		WebFilter waits() {
			return (exchange, chain) -> isAt(exchange, "/waits") ? Mono.never() : chain.filter(exchange);
		}

		@Bean
		@AsyncMiddleware(path = "/ownFilter/*", order = 10, timeout = TIMEOUT)
		WebFilter ownFilter(Bodies bodies) {
			return (exchange, chain) -> {
				if (!isAt(exchange, "/ownFilter")) {
					return chain.filter(exchange);
				}
				exchange.getResponse().getHeaders().setContentLength((long) PIECES * PIECE);
				return exchange.getResponse().writeWith(bodies.begin(exchange));
			};
		}

		@Bean
		@AsyncMiddleware(path = "/ownAwait/*", order = 10, timeout = TIMEOUT)
		HandlerFilterFunction<LiveResponse, ServerResponse> ownAwait(Bodies bodies) {
			return (request, next) -> ServerResponse.ok()
				.contentLength((long) PIECES * PIECE)
				.body(bodies.begin(request.exchange()), DataBuffer.class);
		}

		@Bean
		@AsyncMiddleware(path = "/ownHook/*", order = 10, timeout = TIMEOUT)
		OwnHook ownHook(Bodies bodies) {
			return new OwnHook(bodies);
		}

		private static boolean isAt(ServerWebExchange exchange, String path) {
			return exchange.getRequest().getPath().value().startsWith(path);
		}

	}

	record OwnHook(Bodies bodies) {

		@OnRequest(blocking = false)
		ResponseEntity<Flux<DataBuffer>> answer(ServerWebExchange exchange) {
			return ResponseEntity.ok().contentLength((long) PIECES * PIECE).body(this.bodies.begin(exchange));
		}

	}

	@RestController
	record Controller(Bodies bodies) {

		@GetMapping("/handler/*")
		ResponseEntity<Flux<DataBuffer>> handler(ServerWebExchange exchange) {
			return ResponseEntity.ok().contentLength((long) PIECES * PIECE).body(this.bodies.begin(exchange));
		}

	}

	/**
	 * The bodies of all responses, by path.
	 */
	static final class Bodies {

		private final Map<String, Body> all = new ConcurrentHashMap<>();

		Flux<DataBuffer> begin(ServerWebExchange exchange) {
			Body body = new Body();
			this.all.put(exchange.getRequest().getPath().value(), body);
			return body.publish(exchange.getResponse().bufferFactory());
		}

		Body get(String path) {
			return this.all.get(path);
		}

	}

	/**
	 * One body, which tells how much was asked of it.
	 */
	static final class Body {

		private volatile long requested;

		private volatile int made;

		private volatile int cancelled;

		/** How many pieces were asked for before they were made, at most. */
		private volatile int mostAhead;

		/** How many were made before they were read, at most. */
		private volatile int mostUnread;

		/**
		 * The pieces, made on the thread that asks for them. Hidden, or Reactor would
		 * take them without asking.
		 */
		Flux<DataBuffer> publish(DataBufferFactory factory) {
			return Flux.range(0, PIECES)
				.map((i) -> make(factory, i))
				.doOnRequest(this::asked)
				.doOnCancel(() -> this.cancelled++)
				.hide();
		}

		private synchronized DataBuffer make(DataBufferFactory factory, int i) {
			this.made++;
			return factory.allocateBuffer(PIECE).write(piece(i));
		}

		private synchronized void asked(long n) {
			this.requested += n;
			this.mostAhead = Math.max(this.mostAhead, (int) Math.min(this.requested - this.made, Integer.MAX_VALUE));
		}

		static byte[] piece(int i) {
			byte[] piece = new byte[PIECE];
			Arrays.fill(piece, (byte) i);
			return piece;
		}

		boolean isOver() {
			return this.made == PIECES;
		}

		void isRead(int pieces) {
			this.mostUnread = Math.max(this.mostUnread, this.made - pieces);
		}

	}

}
