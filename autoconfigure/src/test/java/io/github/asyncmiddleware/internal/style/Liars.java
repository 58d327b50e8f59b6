package io.github.asyncmiddleware.internal.style;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

import io.github.asyncmiddleware.LiveResponse;
import io.github.asyncmiddleware.OnFailure;
import io.github.asyncmiddleware.OnRequest;
import io.github.asyncmiddleware.OnResponse;
import io.github.asyncmiddleware.internal.chain.MiddlewareCode;
import io.github.asyncmiddleware.internal.style.LiarPlan.Kind;
import io.github.asyncmiddleware.internal.style.LiarPlan.Liar;
import io.github.asyncmiddleware.internal.style.LiarPlan.Lie;
import io.github.asyncmiddleware.testsupport.TestChain;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferUtils;
import org.springframework.core.io.buffer.DefaultDataBufferFactory;
import org.springframework.http.HttpStatus;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.web.reactive.function.server.HandlerFunction;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.server.ResponseStatusException;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilterChain;

/**
 * A chain of middlewares of every style and policy that do what a {@link LiarPlan} says.
 */
final class Liars {

	private static final Set<String> MESSAGES = Set.of("after answer", "after next", "thrown", "linkage", "signalled",
			"later", "elsewhere", "rest", "inside");

	/** No response may contain it. */
	static final String NAME = "the-liar-";

	static final Duration TIMEOUT = Duration.ofMillis(20);

	private static final Duration TOO_LONG = TIMEOUT.multipliedBy(2);

	static final List<Liar> ALL = List.of(new Liar(NAME + "outer", Kind.FILTER, OnFailure.FAIL, false),
			new Liar(NAME + "open", Kind.FILTER, OnFailure.SKIP, false),
			new Liar(NAME + "awaits", Kind.FUNCTION, OnFailure.FAIL, false),
			new Liar(NAME + "hurried", Kind.FILTER, OnFailure.SKIP, true),
			new Liar(NAME + "awaits-hurried", Kind.FUNCTION, OnFailure.SKIP, true),
			new Liar(NAME + "hook", Kind.HOOK, OnFailure.FAIL, false),
			new Liar(NAME + "hook-hurried", Kind.HOOK, OnFailure.SKIP, true),
			new Liar(NAME + "member", Kind.MEMBER, OnFailure.FAIL, false),
			new Liar(NAME + "member-hurried", Kind.MEMBER, OnFailure.SKIP, true),
			new Liar(NAME + "member-blocking", Kind.BLOCKING_MEMBER, OnFailure.SKIP, false),
			new Liar(NAME + "closed", Kind.FILTER, OnFailure.FAIL, true),
			new Liar(NAME + "awaits-closed", Kind.FUNCTION, OnFailure.FAIL, true),
			new Liar(NAME + "blocking", Kind.BLOCKING, OnFailure.FAIL, false),
			new Liar(NAME + "blocking-hurried", Kind.BLOCKING, OnFailure.SKIP, true),
			new Liar(NAME + "inner", Kind.FILTER, OnFailure.FAIL, false));

	/** The place of a filter that is none of ours. */
	private static final int FOREIGN = 7;

	private final Offloader offloader;

	private final AtomicInteger late = new AtomicInteger();

	private final AtomicInteger nulls = new AtomicInteger();

	Liars(Offloader offloader) {
		this.offloader = offloader;
	}

	/**
	 * How many of them still do something although nobody waits for it.
	 */
	int late() {
		return this.late.get();
	}

	/**
	 * How often {@code null} was returned in place of a publisher.
	 */
	int nulls() {
		return this.nulls.get();
	}

	void addTo(TestChain chain) {
		for (int i = 0; i < ALL.size(); i++) {
			if (i == FOREIGN) {
				chain.foreign("foreign", (exchange, next) -> next.filter(exchange));
			}
			Liar liar = ALL.get(i);
			chain.middleware(liar.name(), liar.onFailure(), liar.hurried() ? TIMEOUT : null, code(liar, i));
		}
	}

	static LiarPlan plan(ServerWebExchange exchange) {
		String seed = exchange.getRequest().getHeaders().getFirst(LiarPlan.HEADER);
		return new LiarPlan(Long.parseLong(String.valueOf(seed)), ALL);
	}

	private MiddlewareCode code(Liar liar, int index) {
		return switch (liar.kind()) {
			case FILTER -> MiddlewareCode.of((exchange, next) -> filter(plan(exchange).lie(index), exchange, next));
			case FUNCTION -> new AwaitFilter(
					(ServerRequest request, HandlerFunction<LiveResponse> next) -> function(
							plan(request.exchange()).lie(index), request, next),
					List::of, () -> AwaitFilterTests.CONTEXT)
				.toCode();
			case HOOK -> hooks(new Hook(this, index), false);
			case MEMBER -> hooks(new Hook(this, index), true);
			case BLOCKING -> hooks(new BlockingHook(this, index), false);
			case BLOCKING_MEMBER -> hooks(new BlockingHook(this, index), true);
			case STAMP, BLOCKING_STAMP -> throw new IllegalArgumentException("Not a middleware");
		};
	}

	private MiddlewareCode hooks(Object bean, boolean concurrent) {
		return HookCodes.of(bean, concurrent, () -> this.offloader);
	}

	private @Nullable Mono<Void> filter(Lie lie, ServerWebExchange exchange, WebFilterChain next) {
		return switch (lie) {
			case PASSES -> next.filter(exchange);
			case PASSES_LATER -> pause().then(next.filter(exchange));
			case PASSES_WITH_OPERATORS -> next.filter(exchange).doFinally((signal) -> {
			});
			case READS_BODY -> read(exchange).then(next.filter(exchange));
			case FORGETS_NEXT -> Mono.empty();
			case DROPS_NEXT -> {
				next.filter(exchange);
				yield Mono.empty();
			}
			case RUNS_NEXT_AGAIN -> next.filter(exchange).then(Mono.defer(() -> next.filter(exchange)));
			case RUNS_NEXT_TWICE -> Mono.when(next.filter(exchange), next.filter(exchange));
			case RETRIES -> next.filter(exchange).onErrorResume((ex) -> next.filter(exchange));
			case RUNS_NEXT_LATE -> answer(exchange).then(next.filter(exchange));
			case DOES_NOT_AWAIT -> {
				next.filter(exchange).subscribe(null, (ex) -> {
				});
				yield Mono.empty();
			}
			case PASSES_TOO_LATE -> late(next.filter(exchange));
			case ANSWERS_TOO_LATE -> late(answer(exchange));
			case ANSWERS -> answer(exchange);
			case ANSWERS_TWICE -> answer(exchange).then(answer(exchange));
			case FAILS_AFTER_ANSWER -> answer(exchange).then(Mono.error(new IllegalStateException("after answer")));
			case CHANGES_HEADERS_LATE -> next.filter(exchange)
				.then(Mono.fromRunnable(() -> exchange.getResponse().getHeaders().set("X-Late", "yes")));
			default -> this.<Void>mono(lie);
		};
	}

	private @Nullable Mono<ServerResponse> function(Lie lie, ServerRequest request,
			HandlerFunction<LiveResponse> next) {
		Mono<LiveResponse> response = next.handle(request);
		return switch (lie) {
			case PASSES -> response.cast(ServerResponse.class);
			case PASSES_LATER -> pause().then(response).delayUntil((live) -> pause()).cast(ServerResponse.class);
			case PASSES_WITH_OPERATORS -> response.map((live) -> live);
			case FORGETS_NEXT, DROPS_NEXT -> Mono.empty();
			case LOSES_RESPONSE -> response.then(Mono.empty());
			case RUNS_NEXT_TWICE -> Flux.merge(response, next.handle(request)).next().cast(ServerResponse.class);
			case RETRIES -> response.retry(1).cast(ServerResponse.class);
			case RUNS_NEXT_LATE -> ServerResponse.accepted().body(Mono.fromSupplier(() -> {
				response.subscribe(null, (ex) -> {
				});
				return answer(request.exchange(), "");
			}), String.class);
			case DOES_NOT_AWAIT -> {
				response.subscribe(null, (ex) -> {
				});
				yield answer(request.exchange(), HttpStatus.ACCEPTED);
			}
			case KEEPS_RESPONSE -> response.delayUntil((live) -> Mono.never()).cast(ServerResponse.class);
			case PASSES_TOO_LATE -> late(response).cast(ServerResponse.class);
			case ANSWERS_TOO_LATE -> late(answer(request.exchange(), HttpStatus.ACCEPTED));
			case ANSWERS -> answer(request.exchange(), HttpStatus.ACCEPTED);
			case REPLACES -> response.flatMap((live) -> answer(request.exchange(), HttpStatus.ACCEPTED));
			case REPLACES_TOO_LATE -> response.flatMap((live) -> late(answer(request.exchange(), HttpStatus.ACCEPTED)));
			case FAILS_AFTER_NEXT -> response.map((live) -> {
				throw new IllegalStateException("after next");
			});
			default -> mono(lie);
		};
	}

	private @Nullable Mono<ServerResponse> onRequest(Lie lie, ServerWebExchange exchange) {
		return switch (lie) {
			case PASSES -> Mono.empty();
			case PASSES_LATER -> pause().then(Mono.empty());
			case PASSES_TOO_LATE -> late(Mono.empty());
			case ANSWERS -> answer(exchange, HttpStatus.ACCEPTED);
			case ANSWERS_TOO_LATE -> late(answer(exchange, HttpStatus.ACCEPTED));
			default -> mono(lie);
		};
	}

	/**
	 * Whether an error is one that a middleware or the handler fails with, or the form in
	 * which the chain passes it on. It has no subscriber where the client has left in
	 * that moment, or the time of a middleware that awaits it has run out.
	 */
	static boolean isLie(Throwable ex) {
		String message = String.valueOf(ex.getMessage());
		return MESSAGES.contains(message) || message.startsWith("A middleware ")
				|| ex instanceof ResponseStatusException || (ex.getCause() != null && isLie(ex.getCause()));
	}

	/**
	 * What does not depend on the style.
	 */
	private <T> @Nullable Mono<T> mono(Lie lie) {
		return switch (lie) {
			case PASSES -> Mono.empty();
			case PASSES_LATER -> pause().then(Mono.empty());
			case PASSES_TOO_LATE -> late(Mono.empty());
			case RETURNS_NULL -> {
				this.nulls.incrementAndGet();
				yield null;
			}
			case THROWS -> throw new IllegalStateException("thrown");
			case LINKAGE_ERROR -> throw new NoClassDefFoundError("linkage");
			case SIGNALS -> Mono.error(new IllegalStateException("signalled"));
			case SIGNALS_LATER -> pause().then(Mono.error(new IllegalStateException("later")));
			case SIGNALS_ELSEWHERE ->
				Mono.<T>error(new IllegalStateException("elsewhere")).subscribeOn(Schedulers.boundedElastic());
			case DENIES -> Mono.error(new ResponseStatusException(HttpStatus.PAYMENT_REQUIRED));
			case NEVER_ENDS -> Mono.never();
			default -> throw new IllegalArgumentException(lie.name());
		};
	}

	private @Nullable ServerResponse block(Lie lie, ServerWebExchange exchange) {
		return switch (lie) {
			case PASSES -> null;
			case PASSES_LATER -> {
				park(Duration.ofMillis(1));
				yield null;
			}
			case PASSES_TOO_LATE -> {
				park(TOO_LONG);
				yield null;
			}
			case ANSWERS -> answer(exchange, HttpStatus.ACCEPTED).block();
			case ANSWERS_TOO_LATE -> {
				park(TOO_LONG);
				yield answer(exchange, HttpStatus.ACCEPTED).block();
			}
			case THROWS -> throw new IllegalStateException("thrown");
			case LINKAGE_ERROR -> throw new NoClassDefFoundError("linkage");
			case DENIES -> throw new ResponseStatusException(HttpStatus.PAYMENT_REQUIRED);
			default -> throw new IllegalArgumentException(lie.name());
		};
	}

	/**
	 * Blocks whether it is interrupted or not.
	 */
	private static void park(Duration duration) {
		long end = System.nanoTime() + duration.toNanos();
		while (System.nanoTime() - end < 0) {
			LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
		}
	}

	private static Mono<Void> pause() {
		return Mono.delay(Duration.ofMillis(1)).then();
	}

	/**
	 * Do something when the time is used up, cancelled or not.
	 */
	private <T> Mono<T> late(Mono<T> work) {
		return new DeadlineTests.UncancellableMono<>(Mono.defer(() -> {
			this.late.incrementAndGet();
			return Mono.delay(TOO_LONG).doFinally((signal) -> this.late.decrementAndGet()).then(work);
		}));
	}

	private static Mono<Void> read(ServerWebExchange exchange) {
		return exchange.getRequest().getBody().doOnNext(DataBufferUtils::release).then();
	}

	private static Mono<ServerResponse> answer(ServerWebExchange exchange, HttpStatus status) {
		return ServerResponse.status(status).bodyValue(answer(exchange, ""));
	}

	private static Mono<Void> answer(ServerWebExchange exchange) {
		ServerHttpResponse response = exchange.getResponse();
		return Mono.defer(() -> {
			response.setStatusCode(HttpStatus.ACCEPTED);
			return response.writeWith(Mono.fromSupplier(() -> heap(answer(exchange, ""))));
		});
	}

	static String answer(ServerWebExchange exchange, String suffix) {
		return "answer " + plan(exchange).seed + suffix;
	}

	/**
	 * A buffer that nobody misses: Spring does not release what is written to a response
	 * that is committed already.
	 */
	static DataBuffer heap(String text) {
		return DefaultDataBufferFactory.sharedInstance.wrap(text.getBytes(StandardCharsets.UTF_8));
	}

	static class Hook {

		private final Liars liars;

		private final int index;

		Hook(Liars liars, int index) {
			this.liars = liars;
			this.index = index;
		}

		@OnRequest
		@Nullable Mono<ServerResponse> run(ServerWebExchange exchange) {
			return this.liars.onRequest(plan(exchange).lie(this.index), exchange);
		}

		@OnResponse
		@Nullable Mono<Void> stamp(ServerWebExchange exchange) {
			return this.liars.mono(plan(exchange).stamp(this.index));
		}

	}

	static class BlockingHook {

		private final Liars liars;

		private final int index;

		BlockingHook(Liars liars, int index) {
			this.liars = liars;
			this.index = index;
		}

		@OnRequest
		@Nullable ServerResponse run(ServerWebExchange exchange) {
			return this.liars.block(plan(exchange).lie(this.index), exchange);
		}

		@OnResponse(blocking = true)
		void stamp(ServerWebExchange exchange) {
			this.liars.block(plan(exchange).stamp(this.index), exchange);
		}

	}

}
