package io.github.asyncmiddleware.internal.style;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

import io.github.asyncmiddleware.LiveResponse;
import io.github.asyncmiddleware.OnRequest;
import io.github.asyncmiddleware.OnResponse;
import io.github.asyncmiddleware.internal.chain.FailureLog;
import io.github.asyncmiddleware.internal.chain.MiddlewareCode;
import io.github.asyncmiddleware.internal.chain.RunsOn;
import io.github.asyncmiddleware.testsupport.RecordingListener;
import io.github.asyncmiddleware.testsupport.TestChain;
import io.github.asyncmiddleware.testsupport.WireServer;
import io.micrometer.context.ContextRegistry;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.MDC;
import reactor.core.publisher.Hooks;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

import org.springframework.beans.factory.support.DefaultListableBeanFactory;
import org.springframework.core.ReactiveAdapterRegistry;
import org.springframework.http.server.reactive.HttpHandler;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.web.reactive.function.server.HandlerFilterFunction;
import org.springframework.web.reactive.function.server.HandlerStrategies;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebSession;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that the context of a request, in Reactor and on the thread, is visible in every
 * style and phase and stays nowhere.
 */
class ContextTests {

	private static final String KEY = "context-tests";

	private static final ThreadLocal<String> LOCAL = new ThreadLocal<>();

	private final RecordingListener listener = new RecordingListener();

	private final ExecutorService executor = Executors.newFixedThreadPool(4);

	private final List<String> wrong = Collections.synchronizedList(new ArrayList<>());

	private final AtomicInteger looks = new AtomicInteger();

	@BeforeEach
	void register() {
		ContextRegistry.getInstance().registerThreadLocalAccessor(KEY, LOCAL);
	}

	@AfterEach
	void remove() {
		Hooks.disableAutomaticContextPropagation();
		ContextRegistry.getInstance().removeThreadLocalAccessor(KEY);
		this.executor.shutdownNow();
	}

	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void isVisibleEverywhereAndStaysNowhere(boolean automatic) throws Exception {
		if (automatic) {
			Hooks.enableAutomaticContextPropagation();
		}
		HandlerFilterFunction<LiveResponse, ServerResponse> await = (request, next) -> Mono
			.deferContextual((context) -> {
				look("await before", id(request.exchange()), context.get(KEY));
				return next.handle(request);
			})
			.flatMap((response) -> Mono.deferContextual((context) -> {
				look("await after", id(request.exchange()), context.get(KEY));
				return Mono.just(response);
			}));
		HttpHandler handler = new TestChain().listener(this.listener)
			.middleware("sets",
					(exchange, next) -> next.filter(exchange).contextWrite((context) -> context.put(KEY, id(exchange))))
			.middleware("await", new AwaitFilter(await, HandlerStrategies.withDefaults()::messageReaders, () -> {
				throw new IllegalStateException("Nothing is answered here");
			}).toCode())
			.middleware("in-place", code(new InPlace(), false))
			.middleware("blocking", code(new Blocking(), false))
			.middleware("later", code(new Later(), false))
			.middleware("blocking-too", code(new Blocking(), false))
			.middleware("concurrent-a", code(new Blocking(), true))
			.middleware("concurrent-b", code(new Later(), true))
			.middleware("concurrent-c", code(new InPlace(), true))
			.build((exchange) -> Mono.deferContextual((context) -> {
				look("handler", id(exchange), context.get(KEY));
				return exchange.getResponse()
					.writeWith(Mono.fromSupplier(() -> exchange.getResponse().bufferFactory().wrap(new byte[1]))
						.publishOn(Schedulers.parallel()));
			}));
		int requests = 300;
		try (WireServer server = new WireServer(handler)) {
			ExecutorService clients = Executors.newFixedThreadPool(8);
			for (int i = 0; i < requests; i++) {
				String id = "id-" + i;
				clients.submit(() -> server.exchange("GET /", "X-Id: " + id));
			}
			for (int i = 0; i < requests; i++) {
				assertThat(this.listener.take().results()).hasSize(9).allMatch((result) -> result.endsWith("PASSED"));
			}
			clients.shutdownNow();
		}
		assertThat(this.wrong).isEmpty();
		// Two looks of the await style, one of the handler, and of each of seven hooks
		// two
		assertThat(this.looks).hasValue(requests * (3 + 7 * 2));
		for (int i = 0; i < 4; i++) {
			assertThat(this.executor.submit(LOCAL::get).get()).isNull();
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "blocking", "in-place", "later", "blocking-later" })
	void whatAHookLeavesOnAThreadIsNotSeenByOtherRequests(String kind) throws Exception {
		List<String> seen = Collections.synchronizedList(new ArrayList<>());
		Object leaves = switch (kind) {
			case "blocking" -> new LeavesBlocking(seen);
			case "in-place" -> new LeavesInPlace(seen);
			case "later" -> new LeavesLater(seen);
			default -> new LeavesBlockingAfterSession(seen);
		};
		HttpHandler handler = new TestChain().middleware("first", code(leaves, false))
			.middleware("second", code(leaves, false))
			.build((exchange) -> {
				seen.add(LOCAL.get() + " " + MDC.get(KEY));
				return exchange.getResponse().setComplete();
			});
		for (int i = 0; i < 40; i++) {
			TestChain.exchange(handler, MockServerHttpRequest.get("/").header("X-Id", "id-" + i).build())
				.block(Duration.ofSeconds(10));
		}
		seen.clear();
		for (int i = 0; i < 40; i++) {
			TestChain.get(handler, "/");
		}
		// Two hooks, each before and after, and the handler
		assertThat(seen).hasSize(40 * 5).containsOnly("null null");
	}

	private void look(String where, String expected, String actual) {
		this.looks.incrementAndGet();
		if (!expected.equals(actual)) {
			this.wrong.add(where + ": " + actual + " instead of " + expected);
		}
	}

	private static String id(ServerWebExchange exchange) {
		return String.valueOf(exchange.getRequest().getHeaders().getFirst("X-Id"));
	}

	private MiddlewareCode code(Object bean, boolean concurrent) {
		Offloader offloader = new Offloader(this.executor, 4, 1000);
		HookCompiler compiler = new HookCompiler(new DefaultListableBeanFactory(),
				ReactiveAdapterRegistry.getSharedInstance(), List.of(), null);
		return new io.github.asyncmiddleware.internal.style.Hooks(compiler, HooksFilterTests.answers(), () -> offloader,
				RunsOn.POOL, FailureLog.NONE)
			.code("hook", bean, bean.getClass(), concurrent, Integer.MAX_VALUE);
	}

	class InPlace {

		@OnRequest(blocking = false)
		void before(ServerWebExchange exchange) {
			look("in place before", id(exchange), LOCAL.get());
		}

		@OnResponse
		void after(ServerWebExchange exchange) {
			look("in place after", id(exchange), LOCAL.get());
		}

	}

	class Blocking {

		@OnRequest
		void before(ServerWebExchange exchange) {
			look("blocking before", id(exchange), LOCAL.get());
		}

		@OnResponse(blocking = true)
		void after(ServerWebExchange exchange) {
			look("blocking after", id(exchange), LOCAL.get());
		}

	}

	class Later {

		@OnRequest
		Mono<Void> before(ServerWebExchange exchange) {
			return Mono.deferContextual((context) -> {
				look("later before", id(exchange), context.get(KEY));
				return Mono.<Void>empty().publishOn(Schedulers.parallel());
			});
		}

		@OnResponse
		CompletionStage<Void> after(ServerWebExchange exchange) {
			look("later after", id(exchange), LOCAL.get());
			return CompletableFuture.runAsync(() -> {
			});
		}

	}

	/**
	 * Leaves the id of a request on the thread, if it has one, after it has looked for
	 * another one.
	 */
	abstract static class Leaves {

		private final List<String> seen;

		Leaves(List<String> seen) {
			this.seen = seen;
		}

		void leave(ServerWebExchange exchange) {
			this.seen.add(LOCAL.get() + " " + MDC.get(KEY));
			String id = exchange.getRequest().getHeaders().getFirst("X-Id");
			if (id != null) {
				LOCAL.set(id);
				MDC.put(KEY, id);
			}
		}

	}

	static class LeavesBlocking extends Leaves {

		LeavesBlocking(List<String> seen) {
			super(seen);
		}

		@OnRequest
		void before(ServerWebExchange exchange) {
			leave(exchange);
		}

		@OnResponse(blocking = true)
		void after(ServerWebExchange exchange) {
			leave(exchange);
		}

	}

	static class LeavesBlockingAfterSession extends Leaves {

		LeavesBlockingAfterSession(List<String> seen) {
			super(seen);
		}

		@OnRequest
		void before(ServerWebExchange exchange, WebSession session) {
			leave(exchange);
		}

		@OnResponse(blocking = true)
		void after(ServerWebExchange exchange, WebSession session) {
			leave(exchange);
		}

	}

	static class LeavesInPlace extends Leaves {

		LeavesInPlace(List<String> seen) {
			super(seen);
		}

		@OnRequest(blocking = false)
		void before(ServerWebExchange exchange) {
			leave(exchange);
		}

		@OnResponse
		void after(ServerWebExchange exchange) {
			leave(exchange);
		}

	}

	static class LeavesLater extends Leaves {

		LeavesLater(List<String> seen) {
			super(seen);
		}

		@OnRequest
		Mono<Void> before(ServerWebExchange exchange) {
			leave(exchange);
			return Mono.empty();
		}

		@OnResponse
		CompletionStage<Void> after(ServerWebExchange exchange) {
			leave(exchange);
			return CompletableFuture.completedFuture(null);
		}

	}

}
