package io.github.asyncmiddleware.wire;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.LiveResponse;
import io.github.asyncmiddleware.OnFailure;
import io.github.asyncmiddleware.OnRequest;
import io.github.asyncmiddleware.OnResponse;
import io.github.asyncmiddleware.testsupport.boot.HeapBuffers;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.config.MeterFilter;
import io.micrometer.core.instrument.config.MeterFilterReply;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.core.ResolvableType;
import org.springframework.core.io.FileSystemResource;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferUtils;
import org.springframework.core.io.buffer.DefaultDataBufferFactory;
import org.springframework.http.HttpStatus;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.ResponseEntity;
import org.springframework.http.codec.ResourceHttpMessageWriter;
import org.springframework.http.server.reactive.HttpHandlerDecoratorFactory;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.reactive.function.server.HandlerFilterFunction;
import org.springframework.web.reactive.function.server.HandlerFunction;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.server.ResponseStatusException;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;

/**
 * An application whose middlewares and handler do what the {@link SoakPlan} of each
 * request says, and count by themselves what they have seen.
 */
@Configuration(proxyBeanMethods = false)
@EnableAutoConfiguration
@Import({ HeapBuffers.class, SoakSecurity.class })
class SoakApplication {

	/** The end of every body of the handler: without it, an answer was cut. */
	static final String END = "<end>";

	/** Says that the body is that of the handler. */
	static final String HANDLED = "X-Handled";

	/** With the name of a middleware, the attribute of a request that has entered it. */
	static final String ENTERED = "soak.entered.";

	private static final String CONSENT = "soak.consent";

	/** One bit for each middleware that fails closed. */
	private static final int ALL = (1 << 7) - 1;

	@Bean
	Counts counts() {
		return new Counts();
	}

	/**
	 * Counts the requests as the server sees them, further out than anything of ours.
	 */
	@Bean
	HttpHandlerDecoratorFactory arrivals(Counts counts) {
		return (handler) -> counts.ends.follow((request, response) -> {
			counts.arrived.increment();
			return handler.handle(request, response);
		});
	}

	@Bean
	@AsyncMiddleware(order = 10, timeout = "100ms")
	NativeFault nativeClosed(Counts counts) {
		return new NativeFault("nativeClosed", counts, 0);
	}

	@Bean
	@AsyncMiddleware(order = 20, onFailure = OnFailure.SKIP, timeout = "100ms")
	NativeFault nativeOpen(Counts counts) {
		return new NativeFault("nativeOpen", counts, -1);
	}

	@Bean
	@AsyncMiddleware(order = 30, timeout = "100ms")
	AwaitFault awaitClosed(Counts counts) {
		return new AwaitFault("awaitClosed", counts, 1);
	}

	@Bean
	@AsyncMiddleware(order = 40, onFailure = OnFailure.SKIP, timeout = "100ms")
	AwaitFault awaitOpen(Counts counts) {
		return new AwaitFault("awaitOpen", counts, -1);
	}

	@Bean
	@AsyncMiddleware(order = 50, timeout = "100ms")
	HookFault hookClosed(Counts counts) {
		return new HookFault("hookClosed", counts, 2);
	}

	@Bean
	@AsyncMiddleware(order = 60)
	BlockingFault blockingClosed(Counts counts) {
		return new BlockingFault("blockingClosed", counts, 3);
	}

	@Bean
	@AsyncMiddleware(order = 61, onFailure = OnFailure.SKIP)
	BlockingFault blockingOpen(Counts counts) {
		return new BlockingFault("blockingOpen", counts, -1);
	}

	@Bean
	@AsyncMiddleware(order = 70, concurrent = true, timeout = "100ms")
	HookFault groupFirst(Counts counts) {
		return new HookFault("groupFirst", counts, 4);
	}

	@Bean
	@AsyncMiddleware(order = 71, concurrent = true, timeout = "100ms")
	HookFault groupSecond(Counts counts) {
		return new HookFault("groupSecond", counts, 5);
	}

	@Bean
	@AsyncMiddleware(order = 80)
	StampFault stamps(Counts counts) {
		return new StampFault(counts);
	}

	@Bean
	@AsyncMiddleware(order = 90, timeout = "100ms")
	NativeFault nativeLast(Counts counts) {
		return new NativeFault("nativeLast", counts, 6);
	}

	/**
	 * Throws for one of our meters, and refuses another.
	 */
	@Bean
	MeterFilter hostileFilter() {
		return new MeterFilter() {

			@Override
			public MeterFilterReply accept(Meter.Id id) {
				String middleware = id.getName().endsWith(".misuse") ? id.getTag("middleware") : null;
				if ("awaitOpen".equals(middleware)) {
					throw new IllegalStateException("soak");
				}
				return "nativeOpen".equals(middleware) ? MeterFilterReply.DENY : MeterFilterReply.NEUTRAL;
			}

		};
	}

	private static SoakPlan plan(ServerHttpRequest request) {
		return SoakPlan.of(request.getHeaders().getFirst(SoakPlan.HEADER));
	}

	/**
	 * A middleware is entered, again if the rest of the chain is tried again.
	 */
	private static void enter(ServerWebExchange exchange, String name, LongAdder entered) {
		if (exchange.getAttributes().putIfAbsent(ENTERED + name, name) == null) {
			entered.increment();
		}
	}

	/**
	 * A middleware that fails closed lets the request through.
	 */
	private static void consent(ServerWebExchange exchange, int bit) {
		if (bit >= 0) {
			consents(exchange).updateAndGet((bits) -> bits | (1 << bit));
		}
	}

	private static AtomicInteger consents(ServerWebExchange exchange) {
		return (AtomicInteger) exchange.getAttributes().computeIfAbsent(CONSENT, (name) -> new AtomicInteger());
	}

	private static DataBuffer buffer(String text) {
		return DefaultDataBufferFactory.sharedInstance.wrap(text.getBytes(StandardCharsets.UTF_8));
	}

	private static Mono<Void> write(ServerWebExchange exchange, int status, String text) {
		return Mono.defer(() -> {
			exchange.getResponse().setStatusCode(HttpStatusCode.valueOf(status));
			return exchange.getResponse().writeWith(Mono.fromSupplier(() -> buffer(text)));
		});
	}

	private static Mono<Long> moment() {
		return Mono.delay(Duration.ofMillis(1));
	}

	/**
	 * What the application has seen itself, without any meter.
	 */
	static final class Counts {

		final LostEnds ends = new LostEnds();

		final LongAdder arrived = new LongAdder();

		/** How many have reached Spring Security. */
		final LongAdder secured = new LongAdder();

		final LongAdder handled = new LongAdder();

		final LongAdder withoutConsent = new LongAdder();

		/** How often the rest of the chain was cancelled from inside. */
		final LongAdder givenUp = new LongAdder();

		private final Map<String, LongAdder> entered = new TreeMap<>();

		synchronized LongAdder entered(String name) {
			return this.entered.computeIfAbsent(name, (key) -> new LongAdder());
		}

		synchronized Map<String, Long> entered() {
			Map<String, Long> sums = new TreeMap<>();
			this.entered.forEach((name, count) -> sums.put(name, count.sum()));
			return sums;
		}

	}

	/**
	 * A filter with all faults of filters.
	 */
	static class NativeFault implements WebFilter {

		private final String name;

		private final Counts counts;

		private final LongAdder entered;

		private final int bit;

		NativeFault(String name, Counts counts, int bit) {
			this.name = name;
			this.counts = counts;
			this.entered = counts.entered(name);
			this.bit = bit;
		}

		@Override
		public @Nullable Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
			enter(exchange, this.name, this.entered);
			SoakPlan.Native fault = plan(exchange.getRequest()).fault(this.name, SoakPlan.Native.values());
			return run(fault, exchange, (next) -> {
				consent(exchange, this.bit);
				return chain.filter(next);
			});
		}

		private Mono<Void> gaveUp(ServerWebExchange exchange) {
			return Mono.defer(() -> {
				this.counts.givenUp.increment();
				return write(exchange, 504, "gave up");
			});
		}

		private @Nullable Mono<Void> run(SoakPlan.Native fault, ServerWebExchange exchange, WebFilterChain consenting) {
			Supplier<Mono<Void>> next = () -> consenting.filter(exchange);
			return switch (fault) {
				case PASSES -> next.get();
				case WAITS -> moment().then(Mono.defer(next));
				case THROWS -> throw new IllegalStateException("soak");
				case SIGNALS -> Mono.error(new IllegalStateException("soak"));
				case SIGNALS_LATER -> moment().then(Mono.error(new IllegalStateException("soak")));
				case REFUSES -> Mono.error(new ResponseStatusException(HttpStatus.UNAUTHORIZED));
				case ANSWERS -> write(exchange, 203, "answer");
				case SETS_A_STATUS -> {
					exchange.getResponse().setStatusCode(HttpStatus.FORBIDDEN);
					yield Mono.empty();
				}
				case DROPS_NEXT -> Mono.empty();
				case FORGETS_NEXT -> {
					next.get();
					yield moment().then();
				}
				case RUNS_NEXT_TWICE -> next.get().then(Mono.defer(next));
				case RUNS_NEXT_TWICE_AT_ONCE -> Mono.when(next.get(), next.get());
				case DOES_NOT_AWAIT_NEXT -> {
					next.get().subscribe((nothing) -> {
					}, (error) -> {
					});
					yield moment().then();
				}
				// Without consent: it has answered, so the rest must not run
				case RUNS_NEXT_AFTER_AN_ANSWER -> write(exchange, 403, "no").then(Mono.defer(next));
				case FAILS_AFTER_NEXT -> next.get().then(Mono.error(new IllegalStateException("soak")));
				case RETURNS_NULL -> null;
				case THROWS_A_LINKAGE_ERROR -> throw new NoClassDefFoundError("soak");
				case RETRIES -> Mono.defer(next).retry(1);
				case RECOVERS -> next.get().onErrorResume((error) -> write(exchange, 502, "recovered"));
				case GIVES_UP_ON_NEXT -> next.get().timeout(Duration.ofMillis(2), gaveUp(exchange));
				case HAS_A_FAILING_COMMIT_ACTION -> {
					exchange.getResponse().beforeCommit(() -> Mono.error(new IllegalStateException("soak")));
					yield next.get();
				}
				case CHANGES_THE_REQUEST -> {
					ServerWebExchange changed = exchange.mutate()
						.request((request) -> request.header("X-Changed", "1"))
						.build();
					yield consenting.filter(changed);
				}
				case BLOCKS -> {
					sleep(3);
					yield next.get();
				}
				case NEVER_ENDS -> Mono.never();
			};
		}

		private static void sleep(int millis) {
			try {
				Thread.sleep(millis);
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
			}
		}

	}

	/**
	 * A middleware with all faults of those that await the response.
	 */
	static class AwaitFault implements HandlerFilterFunction<LiveResponse, ServerResponse> {

		private final String name;

		private final LongAdder entered;

		private final int bit;

		AwaitFault(String name, Counts counts, int bit) {
			this.name = name;
			this.entered = counts.entered(name);
			this.bit = bit;
		}

		@Override
		public @Nullable Mono<ServerResponse> filter(ServerRequest request, HandlerFunction<LiveResponse> handler) {
			enter(request.exchange(), this.name, this.entered);
			SoakPlan.Await fault = plan(request.exchange().getRequest()).fault(this.name, SoakPlan.Await.values());
			Mono<LiveResponse> next = Mono.defer(() -> {
				consent(request.exchange(), this.bit);
				return handler.handle(request);
			});
			return switch (fault) {
				case PASSES -> next.cast(ServerResponse.class);
				case WAITS -> moment().then(next).delayElement(Duration.ofMillis(1)).cast(ServerResponse.class);
				case CHANGES_THE_STATUS -> next.map((live) -> {
					live.setStatusCode(HttpStatus.ACCEPTED);
					return live;
				});
				case ANSWERS_INSTEAD -> next.then(ServerResponse.status(203).bodyValue("instead"));
				case ANSWERS_WITHOUT_NEXT -> ServerResponse.status(403).bodyValue("no");
				case FAILS_BEFORE -> Mono.error(new IllegalStateException("soak"));
				case FAILS_AFTER -> next.flatMap((live) -> Mono.error(new IllegalStateException("soak")));
				case IS_EMPTY -> Mono.empty();
				case RUNS_NEXT_TWICE -> next.then(next).cast(ServerResponse.class);
				case RETURNS_NULL -> null;
				case SENDS_NO_CONTENT -> next.map((live) -> {
					live.setStatusCode(HttpStatus.NO_CONTENT);
					return live;
				});
				case NEVER_ENDS -> Mono.never();
			};
		}

	}

	/**
	 * A middleware with all faults of hooks that run in place.
	 */
	static class HookFault {

		private final String name;

		private final LongAdder entered;

		private final int bit;

		HookFault(String name, Counts counts, int bit) {
			this.name = name;
			this.entered = counts.entered(name);
			this.bit = bit;
		}

		@OnRequest
		@Nullable CompletionStage<@Nullable ResponseEntity<String>> before(ServerWebExchange exchange) {
			enter(exchange, this.name, this.entered);
			SoakPlan.Hook fault = plan(exchange.getRequest()).fault(this.name, SoakPlan.Hook.values());
			return switch (fault) {
				case PASSES -> {
					consent(exchange, this.bit);
					yield CompletableFuture.completedFuture(null);
				}
				case WAITS ->
					moment().<ResponseEntity<String>>then(Mono.fromRunnable(() -> consent(exchange, this.bit)))
						.toFuture();
				case THROWS -> throw new IllegalStateException("soak");
				case FAILS_LATER ->
					moment().then(Mono.<ResponseEntity<String>>error(new IllegalStateException("soak"))).toFuture();
				case ANSWERS -> CompletableFuture.completedFuture(ResponseEntity.status(403).body("no"));
				case SETS_A_STATUS -> CompletableFuture.completedFuture(ResponseEntity.status(403).build());
				case RETURNS_NULL -> null;
				case NEVER_ENDS -> new CompletableFuture<>();
			};
		}

	}

	/**
	 * A middleware with all faults of hooks that run off the event loop.
	 */
	static class BlockingFault {

		private final String name;

		private final LongAdder entered;

		private final Counts counts;

		private final int bit;

		BlockingFault(String name, Counts counts, int bit) {
			this.name = name;
			this.counts = counts;
			this.entered = counts.entered(name);
			this.bit = bit;
		}

		@OnRequest
		@Nullable ResponseEntity<String> before(ServerWebExchange exchange) throws InterruptedException {
			enter(exchange, this.name, this.entered);
			SoakPlan.Blocking fault = plan(exchange.getRequest()).fault(this.name, SoakPlan.Blocking.values());
			switch (fault) {
				case PASSES -> {
				}
				case SLEEPS -> Thread.sleep(3);
				case THROWS -> throw new IllegalStateException("soak");
				case ANSWERS -> {
					return ResponseEntity.status(403).body("no");
				}
				case IGNORES_INTERRUPTS -> {
					long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(3);
					while (System.nanoTime() < end) {
						Thread.onSpinWait();
					}
				}
				case LEAVES_AN_INTERRUPT -> Thread.currentThread().interrupt();
			}
			consent(exchange, this.bit);
			return null;
		}

	}

	/**
	 * A middleware with all faults of hooks before the head.
	 */
	static class StampFault {

		private final LongAdder entered;

		StampFault(Counts counts) {
			this.entered = counts.entered("stamps");
		}

		@OnRequest(blocking = false)
		void before(ServerWebExchange exchange) {
			enter(exchange, "stamps", this.entered);
		}

		@OnResponse
		Mono<Void> after(ServerWebExchange exchange, ServerHttpResponse response) {
			response.getHeaders().set("X-Stamp", "1");
			return switch (plan(exchange.getRequest()).fault("stamps", SoakPlan.Stamp.values())) {
				case PASSES -> Mono.empty();
				case THROWS -> throw new IllegalStateException("soak");
				case FAILS_LATER -> moment().then(Mono.error(new IllegalStateException("soak")));
				case SLEEPS -> moment().then();
			};
		}

	}

	/**
	 * The handler, which is reached with the consent of all that fail closed, once.
	 */
	@RestController
	static class SoakHandler {

		private static final String LARGE = "0123456789".repeat(20_000) + END;

		private final Counts counts;

		private final Path file;

		SoakHandler(Counts counts) throws IOException {
			this.counts = counts;
			this.file = Files.writeString(Files.createDirectories(Path.of("target")).resolve("soak.txt.body"), LARGE);
		}

		@RequestMapping("/soak")
		Mono<Void> handle(ServerWebExchange exchange) {
			this.counts.handled.increment();
			if (consents(exchange).get() != ALL) {
				this.counts.withoutConsent.increment();
			}
			SoakPlan plan = plan(exchange.getRequest());
			Mono<Void> body = switch (plan.client) {
				case POSTS_A_BODY, WITHHOLDS_HALF_OF_ITS_BODY, ENDS_IN_THE_MIDDLE_OF_ITS_BODY ->
					exchange.getFormData().then();
				default -> Mono.empty();
			};
			return body.then(Mono.defer(() -> answer(plan.handler, exchange)));
		}

		private Mono<Void> answer(SoakPlan.Handler handler, ServerWebExchange exchange) {
			ServerHttpResponse response = exchange.getResponse();
			response.getHeaders().set(HANDLED, handler.name());
			return switch (handler) {
				case ANSWERS -> write(exchange, 200, "answer" + END);
				case ANSWERS_LATER -> moment().then(write(exchange, 200, "answer" + END));
				case STREAMS -> response.writeAndFlushWith(Flux.just("a", "b", END)
					.delayElements(Duration.ofMillis(1))
					.map((text) -> Mono.fromSupplier(() -> buffer(text))));
				case IS_LARGE -> write(exchange, 200, LARGE);
				case IS_EMPTY -> response.setComplete();
				case THROWS -> throw new IllegalStateException("soak");
				case FAILS -> moment().then(Mono.error(new IllegalStateException("soak")));
				case REFUSES -> Mono.error(new ResponseStatusException(HttpStatus.NOT_FOUND));
				case CUTS_ITS_BODY -> response.writeWith(Flux.just("one", "two")
					.map(SoakApplication::buffer)
					.concatWith(Mono.error(new IOException("cut"))));
				case CUTS_A_LENGTH -> {
					response.getHeaders().setContentLength(100);
					yield response.writeWith(Flux.just("one", "two")
						.map(SoakApplication::buffer)
						.concatWith(Mono.error(new IOException("cut"))));
				}
				case HAS_A_FAILING_COMMIT_ACTION -> {
					response.beforeCommit(() -> Mono.error(new IllegalStateException("soak")));
					yield write(exchange, 200, "answer" + END);
				}
				case ANSWERS_TWICE -> write(exchange, 200, "answer" + END).then(write(exchange, 200, "again" + END));
				case SENDS_A_FILE -> new ResourceHttpMessageWriter().write(Mono.just(new FileSystemResource(this.file)),
						ResolvableType.forClass(FileSystemResource.class), null, response, Map.of());
				// On a thread of its own, so that the server has parts that it has not
				// written
				case SENDS_A_FILE_IN_PARTS ->
					response.writeWith(DataBufferUtils.read(this.file, response.bufferFactory(), 8192));
			};
		}

	}

}
