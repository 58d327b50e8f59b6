package io.github.asyncmiddleware.autoconfigure;

import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.LiveResponse;
import io.github.asyncmiddleware.OnRequest;
import io.github.asyncmiddleware.OnResponse;
import io.github.asyncmiddleware.internal.chain.Middleware;
import io.github.asyncmiddleware.testsupport.Blocking;
import io.github.asyncmiddleware.testsupport.RecordingListener;
import io.github.asyncmiddleware.testsupport.WireServer;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.publisher.Mono;

import org.springframework.boot.test.util.TestPropertyValues;
import org.springframework.boot.web.context.reactive.AnnotationConfigReactiveWebApplicationContext;
import org.springframework.boot.webflux.autoconfigure.HttpHandlerAutoConfiguration;
import org.springframework.boot.webflux.autoconfigure.WebFluxAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.http.server.reactive.HttpHandler;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.reactive.function.server.HandlerFilterFunction;
import org.springframework.web.reactive.function.server.HandlerFunction;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.equalTo;

/**
 * Tests for who is named when threads of a real server are blocked, in whatever place and
 * way.
 */
@TestInstance(Lifecycle.PER_CLASS)
class BlockingWatchIntegrationTests {

	private static final Duration THRESHOLD = Duration.ofMillis(50);

	/** A fifth of the threshold. */
	private static final Duration PRECISION = Duration.ofMillis(10);

	private static final Duration BLOCK = Duration.ofMillis(250);

	/**
	 * A machine that has a lot to do can hold any thread up for more than the threshold,
	 * by a lock of a thread that has no processor, but hardly for as long as that.
	 */
	private static final Duration NOTEWORTHY = BLOCK.dividedBy(2);

	private static final Duration PATIENCE = Duration.ofMinutes(1);

	/** How often something has blocked, in this test. */
	private static final AtomicInteger ENDED = new AtomicInteger();

	private final Blocks blocks = new Blocks();

	private final AnnotationConfigReactiveWebApplicationContext context = new AnnotationConfigReactiveWebApplicationContext();

	private WireServer server;

	@BeforeAll
	void start() throws Exception {
		TestPropertyValues.of("async-middleware.blocking-watch.threshold=" + THRESHOLD.toMillis() + "ms")
			.applyTo(this.context);
		this.context.registerBean("blocks", Blocks.class, () -> this.blocks);
		this.context.register(Application.class);
		this.context.refresh();
		this.server = new WireServer(this.context.getBean(HttpHandler.class));
		// What runs for the first time is slow by itself
		for (String path : List.of("/fast", "/wait")) {
			for (int i = 0; i < 20; i++) {
				get(path, null);
			}
		}
	}

	@AfterAll
	void stop() {
		this.server.close();
		this.context.close();
	}

	@BeforeEach
	void forget() {
		this.blocks.blocked.clear();
	}

	static Stream<Arguments> places() {
		List<String> names = List.of("beforeNext", "operator", "callback", "awaits", "asyncCallback", "stamps", "hook",
				"doFinally", "asyncDoFinally", "onError", "lambda", "group", "commits", "handler");
		return names.stream()
			.flatMap((name) -> Arrays.stream(Blocking.values()).map((kind) -> Arguments.of(name, kind)));
	}

	@ParameterizedTest
	@MethodSource("places")
	void namesWhoBlocks(String name, Blocking kind) throws Exception {
		long start = System.nanoTime();
		List<Block> blocks = block("/" + name, kind, name.equals("handler") ? "app" : name);
		long elapsed = System.nanoTime() - start;
		assertThat(blocks).extracting(Block::nanoseconds)
			.allSatisfy((nanoseconds) -> assertThat(nanoseconds).isBetween(THRESHOLD.toNanos(),
					elapsed + PRECISION.toNanos()));
	}

	@Test
	void namesNobodyWhoWaitsWithoutBlocking() throws Exception {
		List<Thread> clients = IntStream.range(0, 8).mapToObj((i) -> new Thread(() -> {
			for (int j = 0; j < 4; j++) {
				get("/wait", null);
			}
		})).toList();
		clients.forEach(Thread::start);
		for (Thread client : clients) {
			client.join();
		}
		// The next one that is named shows that there was none before
		block("/beforeNext", Blocking.SLEEP, "beforeNext");
	}

	@Test
	void namesTheOneOfManyWhoBlocks() throws Exception {
		block("/many", Blocking.SLEEP, "many2");
	}

	/**
	 * Block until a middleware was named for it, which has to be the right one. The watch
	 * accuses none for a time in which it had no processor itself, and a machine that has
	 * none free hides which one reads.
	 * @return what was found
	 */
	private List<Block> block(String path, Blocking kind, String name) {
		AtomicInteger times = new AtomicInteger();
		ENDED.set(0);
		Awaitility.await().pollDelay(Duration.ZERO).pollInSameThread().atMost(PATIENCE).until(() -> {
			get(path, kind);
			times.incrementAndGet();
			Awaitility.await().atMost(PATIENCE).untilAtomic(ENDED, equalTo(times.get()));
			return this.blocks.hasBlockWithin(Duration.ofSeconds(1), name);
		});
		List<Block> found = this.blocks.all(name);
		assertThat(found).hasSizeLessThanOrEqualTo(times.get()).extracting(Block::name).containsOnly(name);
		return found;
	}

	private void get(String path, @Nullable Blocking kind) {
		try {
			String response = this.server.exchange("GET " + path, (kind != null) ? "X-Kind: " + kind : "X-Kind: none");
			assertThat(response).startsWith("HTTP/1.1 200");
		}
		catch (IOException ex) {
			throw new IllegalStateException(ex);
		}
	}

	static void block(ServerHttpRequest request) {
		String kind = request.getHeaders().getFirst("X-Kind");
		if (kind != null && !kind.equals("none")) {
			Blocking.valueOf(kind).block(BLOCK);
			ENDED.incrementAndGet();
		}
	}

	private record Block(String name, long nanoseconds) {

	}

	static final class Blocks extends RecordingListener {

		private final List<Block> blocked = new CopyOnWriteArrayList<>();

		@Override
		public void onBlocked(@Nullable Middleware middleware, long nanoseconds) {
			this.blocked.add(new Block((middleware != null) ? middleware.name() : "app", nanoseconds));
		}

		boolean hasBlockWithin(Duration duration, String name) throws InterruptedException {
			long end = System.nanoTime() + duration.toNanos();
			while (all(name).isEmpty() && System.nanoTime() < end) {
				Thread.sleep(5);
			}
			return !all(name).isEmpty();
		}

		/**
		 * All of one, and those of others that are noteworthy.
		 */
		List<Block> all(String name) {
			return this.blocked.stream()
				.filter((block) -> block.name().equals(name) || block.nanoseconds() >= NOTEWORTHY.toNanos())
				.toList();
		}

	}

	@Configuration(proxyBeanMethods = false)
	@Import({ AsyncMiddlewareAutoConfiguration.class, HttpHandlerAutoConfiguration.class,
			WebFluxAutoConfiguration.class, BeforeNext.class, Operator.class, Callback.class, Awaits.class,
			AsyncCallback.class, Stamps.class, Hook.class, DoFinally.class, AsyncDoFinally.class,
			FailingHandlerFilter.class, Handlers.class, Group.class, OtherGroup.class, Slow.class, Commits.class })
	static class Application {

		@Bean
		@AsyncMiddleware(path = "/lambda")
		WebFilter lambda() {
			return (exchange, chain) -> Mono.defer(() -> {
				block(exchange.getRequest());
				return chain.filter(exchange);
			});
		}

		@Bean
		@AsyncMiddleware(path = "/many")
		WebFilter many1() {
			return (exchange, chain) -> Mono.defer(() -> chain.filter(exchange));
		}

		@Bean
		@AsyncMiddleware(path = "/many")
		WebFilter many2() {
			return (exchange, chain) -> chain.filter(exchange)
				.then(Mono.fromRunnable(() -> block(exchange.getRequest())));
		}

		@Bean
		@AsyncMiddleware(path = "/many")
		WebFilter many3() {
			return (exchange, chain) -> chain.filter(exchange).then(Mono.empty());
		}

	}

	@AsyncMiddleware(value = "beforeNext", path = "/beforeNext")
	static class BeforeNext implements WebFilter {

		@Override
		public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
			block(exchange.getRequest());
			return chain.filter(exchange);
		}

	}

	@AsyncMiddleware(value = "operator", path = "/operator")
	static class Operator implements WebFilter {

		@Override
		public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
			return Mono.just(exchange).doOnNext((next) -> block(next.getRequest())).flatMap(chain::filter);
		}

	}

	@AsyncMiddleware(value = "callback", path = "/callback")
	static class Callback implements WebFilter {

		@Override
		public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
			return Mono.delay(Duration.ofMillis(20))
				.doOnNext((done) -> block(exchange.getRequest()))
				.then(Mono.defer(() -> chain.filter(exchange)));
		}

	}

	@AsyncMiddleware(value = "awaits", path = "/awaits")
	static class Awaits implements HandlerFilterFunction<LiveResponse, ServerResponse> {

		@Override
		public Mono<ServerResponse> filter(ServerRequest request, HandlerFunction<LiveResponse> next) {
			return next.handle(request).map((response) -> {
				block(request.exchange().getRequest());
				return response;
			});
		}

	}

	@AsyncMiddleware(value = "asyncCallback", path = "/asyncCallback")
	static class AsyncCallback implements HandlerFilterFunction<LiveResponse, ServerResponse> {

		@Override
		public Mono<ServerResponse> filter(ServerRequest request, HandlerFunction<LiveResponse> next) {
			return next.handle(request)
				.delayElement(Duration.ofMillis(20))
				.doOnNext((response) -> block(request.exchange().getRequest()))
				.cast(ServerResponse.class);
		}

	}

	@AsyncMiddleware(value = "stamps", path = "/stamps")
	static class Stamps {

		@OnResponse
		void stamp(ServerHttpRequest request) {
			block(request);
		}

	}

	@AsyncMiddleware(value = "hook", path = "/hook")
	static class Hook {

		@OnRequest
		Mono<Void> load(ServerHttpRequest request) {
			return Mono.fromRunnable(() -> block(request));
		}

	}

	@AsyncMiddleware(value = "doFinally", path = "/doFinally")
	static class DoFinally implements WebFilter {

		@Override
		public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
			return chain.filter(exchange).doFinally((signal) -> block(exchange.getRequest()));
		}

	}

	@AsyncMiddleware(value = "asyncDoFinally", path = "/asyncDoFinally")
	static class AsyncDoFinally implements WebFilter {

		@Override
		public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
			return Mono.delay(Duration.ofMillis(5))
				.then(chain.filter(exchange))
				.doFinally((signal) -> block(exchange.getRequest()));
		}

	}

	@AsyncMiddleware(value = "onError", path = "/onError")
	static class FailingHandlerFilter implements WebFilter {

		@Override
		public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
			return chain.filter(exchange).onErrorResume(IllegalStateException.class, (ex) -> {
				block(exchange.getRequest());
				return exchange.getResponse().setComplete();
			});
		}

	}

	@AsyncMiddleware(value = "group", path = "/group", concurrent = true)
	static class Group {

		@OnRequest
		Mono<Void> load(ServerHttpRequest request) {
			block(request);
			return Mono.delay(Duration.ofMillis(1)).then();
		}

	}

	@AsyncMiddleware(value = "otherGroup", path = "/group", concurrent = true)
	static class OtherGroup {

		@OnRequest
		Mono<Void> load(ServerHttpRequest request) {
			return Mono.delay(Duration.ofMillis(1)).then();
		}

	}

	@AsyncMiddleware(value = "commits", path = "/commits")
	static class Commits implements WebFilter {

		@Override
		public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
			exchange.getResponse().beforeCommit(() -> Mono.fromRunnable(() -> block(exchange.getRequest())));
			return chain.filter(exchange);
		}

	}

	@AsyncMiddleware(value = "slow", path = "/wait")
	static class Slow implements WebFilter {

		@Override
		public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
			return Mono.delay(BLOCK).then(chain.filter(exchange)).then(Mono.delay(BLOCK)).then();
		}

	}

	@RestController
	static class Handlers {

		@GetMapping("/handler")
		Mono<String> handler(ServerHttpRequest request) {
			block(request);
			return Mono.just("done");
		}

		@GetMapping("/onError")
		Mono<String> fails() {
			return Mono.delay(Duration.ofMillis(5)).then(Mono.error(new IllegalStateException("fails")));
		}

		@GetMapping("/wait")
		Mono<String> waits() {
			return Mono.delay(BLOCK).thenReturn("done");
		}

		@GetMapping("/**")
		Mono<String> fast() {
			return Mono.just("done");
		}

	}

}
