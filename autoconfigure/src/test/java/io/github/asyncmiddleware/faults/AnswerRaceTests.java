package io.github.asyncmiddleware.faults;

import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.LiveResponse;
import io.github.asyncmiddleware.testsupport.boot.Answer;
import io.github.asyncmiddleware.testsupport.boot.Client;
import io.github.asyncmiddleware.testsupport.boot.HeapBuffers;
import io.github.asyncmiddleware.testsupport.boot.Protocol;
import io.github.asyncmiddleware.testsupport.boot.Records;
import io.netty.buffer.ByteBufAllocator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.reactivestreams.Subscription;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Mono;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferUtils;
import org.springframework.core.io.buffer.NettyDataBuffer;
import org.springframework.core.io.buffer.NettyDataBufferFactory;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.reactive.function.server.HandlerFilterFunction;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for an answer that comes in the moment in which a middleware stops waiting for
 * it: every request ends, with one of the two.
 */
class AnswerRaceTests {

	private static final int REQUESTS = Integer.getInteger("answers.requests", 5_000);

	private static final int AT_A_TIME = 16;

	private static final Map<String, List<String>> MIDDLEWARES = Map.of("await", List.of("await"), "nested",
			List.of("outer", "inner"), "native", List.of("native"));

	private static FaultServer server;

	@BeforeAll
	static void start() {
		server = FaultServer.start(List.of(), App.class);
	}

	@AfterAll
	static void stop() {
		server.close();
	}

	static Stream<Arguments> races() {
		return Cases.of(MIDDLEWARES.keySet().stream().sorted().toList(), List.of("clock", "lined-up"), Cases.METHODS,
				Cases.protocols());
	}

	@ParameterizedTest
	@MethodSource("races")
	void everyRequestEndsWithTheAnswerOrTheFallback(String style, String how, String method, Protocol protocol) {
		boolean main = style.equals("await") && method.equals("GET");
		int requests = main ? REQUESTS : REQUESTS / 10;
		Records before = server.records();
		Map<String, Integer> answers = sendAll(server.port(), requests, protocol, method, "/" + style + "/" + how);
		server.awaitRequests(before.sum("requests ") + requests);
		String body = method.equals("HEAD") ? " " : " %s ";
		String answer = "200" + body.formatted("answer") + "[handler]";
		String fallback = "504" + body.formatted("gave up") + (style.equals("native") ? "[]" : "[fallback]");
		assertThat(answers).as("ends of %d requests, of which %s", requests, server.records().since(before).counts())
			.hasSizeBetween(1, 2)
			.allSatisfy((end, count) -> assertThat(end).isIn(answer, fallback));
		assertRecorded(before, MIDDLEWARES.get(style), answers.getOrDefault(answer, 0),
				answers.getOrDefault(fallback, 0));
	}

	/**
	 * Shows what the test above is about: a filter that stops waiting, in an application
	 * without the starter.
	 */
	@Test
	@EnabledIfSystemProperty(named = "answers.bare", matches = "true")
	void withoutTheStarterManyEndOtherwise() {
		try (FaultServer bare = FaultServer.start(List.of("async-middleware.enabled=false"), BareApp.class)) {
			Map<String, Integer> answers = sendAll(bare.port(), REQUESTS, Protocol.HTTP_1_1, "GET", "/native/lined-up");
			System.out.printf("ends of %d requests without the starter: %s%n", REQUESTS, answers);
			assertThat(answers).hasSizeGreaterThan(2);
		}
	}

	/**
	 * Why the server of these tests has {@link HeapBuffers}. An answer that is cancelled
	 * passes several hooks of Spring's operators that release its buffer, each if it is
	 * still allocated. Between two of them, the object can have become the buffer of
	 * another request, which fails then; this does not need the starter, only load. Netty
	 * uses the object of a released buffer again some of the time.
	 */
	@Test
	void aBufferIsReleasedByOneHookAndFromTheHandsOfAnotherRequestByTheNext() {
		NettyDataBufferFactory buffers = new NettyDataBufferFactory(ByteBufAllocator.DEFAULT);
		int taken = 0;
		for (int i = 0; i < 1_000; i++) {
			AtomicReference<NettyDataBuffer> another = new AtomicReference<>();
			Mono.just(buffers.allocateBuffer(64))
				.doOnDiscard(DataBuffer.class, DataBufferUtils::release)
				.doOnDiscard(DataBuffer.class, (buffer) -> another.set(buffers.allocateBuffer(64)))
				.doOnDiscard(DataBuffer.class, DataBufferUtils::release)
				.subscribe(new BaseSubscriber<>() {

					@Override
					protected void hookOnSubscribe(Subscription subscription) {
						subscription.cancel();
					}

				});
			if (another.get().isAllocated()) {
				another.get().release();
			}
			else {
				taken++;
			}
		}
		assertThat(taken).isPositive();
	}

	private static void assertRecorded(Records before, List<String> middlewares, int answers, int fallbacks) {
		Map<String, Integer> expected = new HashMap<>(
				Map.of("requests ok", answers + fallbacks, "request.ttfb 200", answers, "request.ttfb 504", fallbacks));
		for (String middleware : middlewares) {
			expected.put("own " + middleware + " passed", answers + fallbacks);
			expected.put("ttfb " + middleware + " SUCCESS", answers);
			expected.put("ttfb " + middleware + " SERVER_ERROR", fallbacks);
		}
		expected.values().removeIf((count) -> count == 0);
		Patience.await().untilAsserted(() -> assertThat(server.records().since(before).counts()).isEqualTo(expected));
	}

	/**
	 * Send requests, some at a time, and count how they end.
	 */
	private static Map<String, Integer> sendAll(int port, int requests, Protocol protocol, String method, String path) {
		Map<String, Integer> ends = new ConcurrentSkipListMap<>();
		AtomicInteger left = new AtomicInteger(requests);
		List<CompletableFuture<Void>> clients = IntStream.range(0, AT_A_TIME)
			.mapToObj((i) -> CompletableFuture.runAsync(() -> {
				Connection connection = new Connection(protocol, port);
				while (left.getAndDecrement() > 0) {
					ends.merge(connection.send(method, path), 1, Integer::sum);
				}
				connection.close();
			}, (client) -> new Thread(client).start()))
			.toList();
		clients.forEach(CompletableFuture::join);
		return ends;
	}

	/**
	 * What one client has at a time. It uses a connection of HTTP/1.1 once: Reactor Netty
	 * may not read the next request of one whose answer has ended on another thread than
	 * its own, with and without middlewares.
	 */
	private static final class Connection implements AutoCloseable {

		private final Protocol protocol;

		private final int port;

		private Client client;

		Connection(Protocol protocol, int port) {
			this.protocol = protocol;
			this.port = port;
			this.client = protocol.connect(port);
		}

		String send(String method, String path) {
			boolean again = false;
			try {
				Answer answer = this.client.sendNext(method, path);
				again = this.protocol == Protocol.H2C;
				return answer.text() + " " + answer.headers().getOrEmpty("X-From");
			}
			catch (UncheckedIOException | AssertionError ex) {
				return ex.toString();
			}
			finally {
				if (!again) {
					this.client.close();
					this.client = this.protocol.connect(this.port);
				}
			}
		}

		@Override
		public void close() {
			this.client.close();
		}

	}

	/**
	 * Middlewares that stop waiting after as long as the handler takes.
	 */
	@Configuration(proxyBeanMethods = false)
	@Import(HeapBuffers.class)
	static class App {

		@Bean
		Rivals rivals() {
			return new Rivals();
		}

		@Bean
		@AsyncMiddleware(order = 10, path = "/nested/**")
		HandlerFilterFunction<LiveResponse, ServerResponse> outer() {
			return (request, next) -> next.handle(request).map((response) -> {
				response.headers().set("X-Outer", "yes");
				return response;
			});
		}

		@Bean
		@AsyncMiddleware(order = 20, path = "/await/**")
		HandlerFilterFunction<LiveResponse, ServerResponse> await(Rivals rivals) {
			return (request, next) -> {
				Mono<ServerResponse> response = next.handle(request).cast(ServerResponse.class);
				return givenUp(request, response, rivals);
			};
		}

		@Bean
		@AsyncMiddleware(order = 20, path = "/nested/**")
		HandlerFilterFunction<LiveResponse, ServerResponse> inner(Rivals rivals) {
			return await(rivals);
		}

		private static Mono<ServerResponse> givenUp(ServerRequest request, Mono<ServerResponse> response,
				Rivals rivals) {
			Mono<ServerResponse> fallback = ServerResponse.status(504)
				.header("X-From", "fallback")
				.bodyValue("gave up");
			return isByTheClock(request.exchange()) ? response.timeout(Duration.ofMillis(5), fallback)
					: response.timeout(race(request.exchange(), rivals).limit(), fallback);
		}

		@Bean("native")
		@AsyncMiddleware(order = 20, path = "/native/**")
		WebFilter plain(Rivals rivals) {
			return (exchange, chain) -> {
				// Has no header of its own, since it may be too late for that
				Mono<Void> fallback = Texts.answer(exchange, 504, "gave up");
				return isByTheClock(exchange) ? chain.filter(exchange).timeout(Duration.ofMillis(5), fallback)
						: chain.filter(exchange).timeout(race(exchange, rivals).limit(), fallback);
			};
		}

		private static boolean isByTheClock(ServerWebExchange exchange) {
			return Texts.lastOf(exchange).equals("clock");
		}

		private static Rivals.Race race(ServerWebExchange exchange, Rivals rivals) {
			Rivals.Race race = rivals.race();
			exchange.getAttributes().put("race", race);
			return race;
		}

		@Bean
		Endpoints endpoints() {
			return new Endpoints();
		}

	}

	/**
	 * The same filter as any other bean.
	 */
	@Configuration(proxyBeanMethods = false)
	static class BareApp extends App {

		@Bean
		WebFilter bare(Rivals rivals) {
			return plain(rivals);
		}

	}

	/**
	 * Handlers that answer in the moment in which nobody wants to wait any more.
	 */
	@RestController
	static class Endpoints {

		@GetMapping("/{style}/clock")
		Mono<ResponseEntity<String>> clock() {
			return Mono.delay(Duration.ofMillis(5)).map((done) -> answer("answer"));
		}

		@GetMapping("/{style}/lined-up")
		Mono<ResponseEntity<String>> linedUp(ServerWebExchange exchange) {
			Rivals.Race race = exchange.getRequiredAttribute("race");
			return race.answer().map(Endpoints::answer);
		}

		private static ResponseEntity<String> answer(String text) {
			return ResponseEntity.ok().header("X-From", "handler").body(text);
		}

	}

}
