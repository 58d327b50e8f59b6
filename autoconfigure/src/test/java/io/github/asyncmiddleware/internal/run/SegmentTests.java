package io.github.asyncmiddleware.internal.run;

import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

import io.github.asyncmiddleware.internal.chain.MiddlewareScope;
import io.github.asyncmiddleware.internal.record.RequestRecord;
import io.github.asyncmiddleware.internal.record.RequestResult;
import io.github.asyncmiddleware.internal.sample.RequestListener;
import io.github.asyncmiddleware.testsupport.RecordingListener;
import io.github.asyncmiddleware.testsupport.RecordingListener.RecordedRequest;
import io.github.asyncmiddleware.testsupport.TestChain;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.reactivestreams.Subscription;
import reactor.core.Disposable;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

import org.springframework.http.HttpMethod;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseCookie;
import org.springframework.http.server.reactive.HttpHandler;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.mock.http.server.reactive.MockServerHttpResponse;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebHandler;
import org.springframework.web.util.pattern.PathPatternParser;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link Segment}: how a request runs through adjacent middlewares.
 */
class SegmentTests {

	private static final Duration PATIENCE = Duration.ofSeconds(10);

	private final List<String> events = new ArrayList<>();

	private final AtomicInteger handled = new AtomicInteger();

	private final RecordingListener listener = new RecordingListener();

	private final TestChain chain = new TestChain().listener(this.listener);

	private final MockServerHttpResponse response = new MockServerHttpResponse();

	@Test
	void runsMiddlewaresOutsideInAndInsideOut() throws Exception {
		this.chain.middleware("a", logs("a")).middleware("b", passes("b")).middleware("c", logs("c"));
		run(handler());
		assertThat(this.events).containsExactly("a >", "b >", "c >", "handler", "c <", "a <");
	}

	@Test
	void interleavesWithForeignFilters() throws Exception {
		this.chain.foreign("f", logs("f"))
			.middleware("a", logs("a"))
			.foreign("g", logs("g"))
			.middleware("b", passes("b"))
			.foreign("h", logs("h"));
		RecordedRequest record = run(handler());
		assertThat(this.events).containsExactly("f >", "a >", "g >", "b >", "h >", "handler", "h <", "g <", "a <",
				"f <");
		assertThat(record.results()).containsExactly("a PASSED", "b PASSED");
	}

	/**
	 * A request whose rest is tried again for hours keeps the last try only.
	 */
	@Test
	void keepsNothingOfTriesThatHaveFailed() throws Exception {
		List<WeakReference<ServerWebExchange>> tries = new ArrayList<>();
		this.chain.middleware("retries", (exchange, next) -> Mono.defer(() -> {
			ServerWebExchange changed = exchange.mutate().build();
			tries.add(new WeakReference<>(changed));
			return next.filter(changed);
		}).retry(99))
			.foreign("f", (exchange, next) -> next.filter(exchange))
			.middleware("a", (exchange, next) -> next.filter(exchange).doOnSuccess((done) -> {
			}));
		Disposable request = TestChain.exchange(
				this.chain.build((exchange) -> (this.handled.incrementAndGet() < 100)
						? Mono.error(new IllegalStateException("again")) : Mono.never()),
				MockServerHttpRequest.get("/").build())
			.subscribe();
		assertThat(tries).hasSize(100);
		Awaitility.await().atMost(PATIENCE).untilAsserted(() -> {
			System.gc();
			assertThat(tries.stream().filter((reference) -> reference.get() != null).count()).isLessThan(10);
		});
		request.dispose();
		this.listener.take();
	}

	@Test
	void doesNothingBeforeItIsSubscribedTo() {
		this.chain.middleware("a", passes("a"));
		this.chain.build(handler()).handle(MockServerHttpRequest.get("/").build(), this.response);
		assertThat(this.events).isEmpty();
		assertThat(this.listener.isEmpty()).isTrue();
	}

	@Test
	void showsAChangedExchangeToTheRestOnly() throws Exception {
		AtomicReference<String> seen = new AtomicReference<>();
		this.chain
			.middleware("changes",
					(exchange, next) -> next
						.filter(exchange.mutate().request((request) -> request.header("X-Tenant", "acme")).build())
						.doOnSuccess((done) -> this.events
							.add("outer " + exchange.getRequest().getHeaders().getFirst("X-Tenant"))))
			.middleware("passes", passes("passes"));
		run((exchange) -> {
			seen.set(exchange.getRequest().getHeaders().getFirst("X-Tenant"));
			return exchange.getResponse().setComplete();
		});
		assertThat(seen).hasValue("acme");
		assertThat(this.events).containsExactly("passes >", "outer null");
	}

	@Test
	void leavesOutMiddlewaresThatAreNotForTheRequest() throws Exception {
		MiddlewareScope api = new MiddlewareScope(List.of(PathPatternParser.defaultInstance.parse("/api/**")),
				List.of(), Set.of());
		MiddlewareScope post = new MiddlewareScope(List.of(), List.of(), Set.of(HttpMethod.POST));
		this.chain.middleware("api", api, passes("api"))
			.middleware("all", passes("all"))
			.middleware("post", post, passes("post"));
		assertThat(run(handler()).results()).containsExactly("all PASSED");
		assertThat(this.events).containsExactly("all >", "handler");
	}

	@Test
	void decidesTheScopeByTheRequestAsTheMiddlewareWouldSeeIt() throws Exception {
		MiddlewareScope api = new MiddlewareScope(List.of(PathPatternParser.defaultInstance.parse("/api/**")),
				List.of(), Set.of());
		this.chain
			.middleware("rewrites",
					(exchange, next) -> next
						.filter(exchange.mutate().request((request) -> request.path("/api/x")).build()))
			.middleware("api", api, passes("api"));
		assertThat(run(handler()).results()).containsExactly("rewrites PASSED", "api PASSED");
	}

	@Test
	void makesTheContextVisibleFurtherIn() throws Exception {
		this.chain
			.middleware("writes", (exchange, next) -> next.filter(exchange).contextWrite((c) -> c.put("id", "42")))
			.middleware("passes", passes("passes"))
			.middleware("reads", (exchange, next) -> Mono.deferContextual((context) -> {
				this.events.add("reads " + context.get("id"));
				return next.filter(exchange);
			}));
		run((exchange) -> Mono.deferContextual((context) -> {
			this.events.add("handler " + context.get("id"));
			return exchange.getResponse().setComplete();
		}));
		assertThat(this.events).containsExactly("passes >", "reads 42", "handler 42");
	}

	@Test
	void turnsWhatAMiddlewareThrowsIntoAnError() throws Exception {
		this.chain
			.middleware("outer",
					(exchange, next) -> next.filter(exchange)
						.doOnError((ex) -> this.events.add("outer sees " + ex.getMessage())))
			.middleware("throws", (exchange, next) -> {
				throw new IllegalArgumentException("thrown");
			})
			.middleware("inner", passes("inner"));
		RecordedRequest record = run(handler());
		assertThat(record.result()).isEqualTo(RequestResult.ERROR_PAGE);
		assertThat(record.status()).isEqualTo(500);
		assertThat(record.results()).containsExactly("outer PASSED", "throws FAILED");
		assertThat(this.events).containsExactly("outer sees thrown");
	}

	@Test
	void blamesOnlyTheMiddlewareInWhichAnErrorBegan() throws Exception {
		this.chain.middleware("outer", logs("outer"))
			.middleware("maps",
					(exchange, next) -> next.filter(exchange).onErrorMap((ex) -> new IllegalStateException(ex)))
			.middleware("passes", passes("passes"))
			.middleware("fails", (exchange, next) -> Mono.error(new IllegalStateException("mine")))
			.middleware("inner", passes("inner"));
		RecordedRequest record = run(handler());
		assertThat(record.results()).containsExactly("outer PASSED", "maps PASSED", "passes PASSED", "fails FAILED");
	}

	@Test
	void blamesNobodyForTheErrorOfTheHandler() throws Exception {
		this.chain.middleware("a", logs("a")).middleware("b", passes("b"));
		RecordedRequest record = run((exchange) -> Mono.error(new IllegalStateException("handler")));
		assertThat(record.results()).containsExactly("a PASSED", "b PASSED");
		assertThat(record.result()).isEqualTo(RequestResult.ERROR_PAGE);
	}

	@Test
	void blamesTheMiddlewareThatFailsAfterTheRest() throws Exception {
		this.chain.middleware("a", (exchange, next) -> next.filter(exchange)
			.then(Mono.error(new IllegalStateException("after the answer"))));
		RecordedRequest record = run(handler(), IllegalStateException.class);
		assertThat(record.results()).containsExactly("a FAILED");
		assertThat(record.result()).isEqualTo(RequestResult.CUT);
	}

	@Test
	void answersLinkageErrorsWithAnErrorPage() throws Exception {
		this.chain.middleware("a", passes("a")).middleware("broken", (exchange, next) -> {
			throw new NoClassDefFoundError("com/acme/Missing");
		});
		RecordedRequest record = run(handler());
		assertThat(record.status()).isEqualTo(500);
		assertThat(record.results()).containsExactly("a PASSED", "broken FAILED");
	}

	@Test
	void answersLinkageErrorsInOperatorsWithAnErrorPage() throws Exception {
		this.chain.middleware("outer", logs("outer")).middleware("broken", (exchange, next) -> Mono.defer(() -> {
			throw new NoClassDefFoundError("com/acme/Missing");
		})).middleware("inner", passes("inner"));
		RecordedRequest record = run(handler());
		assertThat(record.status()).isEqualTo(500);
		assertThat(record.results()).containsExactly("outer PASSED", "broken FAILED");
	}

	@Test
	void answersLinkageErrorsWithAnErrorPageWhereOperatorsTakeThemForFatal() throws Exception {
		this.chain
			.middleware("outer",
					(exchange, next) -> next.filter(exchange).doOnError((ex) -> this.events.add(ex.getMessage())))
			.middleware("broken", (exchange, next) -> {
				throw new NoClassDefFoundError("com/acme/Missing");
			});
		RecordedRequest record = run(handler());
		assertThat(record.status()).isEqualTo(500);
		assertThat(record.results()).containsExactly("outer PASSED", "broken FAILED");
		assertThat(this.events).containsExactly("Linkage failed: java.lang.NoClassDefFoundError: com/acme/Missing");
	}

	@Test
	void leavesErrorsOfTheVirtualMachineAlone() throws Exception {
		this.chain.middleware("outer", logs("outer")).middleware("broken", (exchange, next) -> {
			throw new OutOfMemoryError("simulated");
		});
		Mono<Void> handling = this.chain.build(handler()).handle(MockServerHttpRequest.get("/").build(), this.response);
		assertThatExceptionOfType(OutOfMemoryError.class).isThrownBy(handling::subscribe);
		RecordedRequest record = this.listener.take();
		assertThat(record.result()).isEqualTo(RequestResult.FATAL);
		assertThat(record.results()).containsExactly("outer PASSED", "broken FAILED");
	}

	@Test
	void runsTheRestOnceWhenItIsSubscribedToAgainAfterSuccess() throws Exception {
		this.chain
			.middleware("classic bug",
					(exchange, next) -> Mono.just("user")
						.flatMap((user) -> next.filter(exchange))
						.switchIfEmpty(next.filter(exchange)))
			.middleware("inner", passes("inner"));
		RecordedRequest record = run(handler());
		assertThat(this.handled).hasValue(1);
		assertThat(record.result()).isEqualTo(RequestResult.OK);
		assertThat(record.results()).containsExactly("classic bug PASSED", "inner PASSED");
	}

	@Test
	void runsTheRestOnceWhenItIsSubscribedToAgainWhileItRuns() throws Exception {
		this.chain.middleware("twice", (exchange, next) -> Mono.when(next.filter(exchange), next.filter(exchange)));
		RecordedRequest record = run((exchange) -> {
			this.handled.incrementAndGet();
			return Mono.delay(Duration.ofMillis(1)).then(exchange.getResponse().setComplete());
		});
		assertThat(this.handled).hasValue(1);
		assertThat(record.result()).isEqualTo(RequestResult.OK);
	}

	@Test
	void doesNotRunTheRestAfterTheMiddlewareHasAnswered() throws Exception {
		this.chain.middleware("answers", (exchange, next) -> {
			exchange.getResponse().setStatusCode(HttpStatus.UNAUTHORIZED);
			return exchange.getResponse().setComplete().then(next.filter(exchange));
		});
		RecordedRequest record = run(handler());
		assertThat(this.handled).hasValue(0);
		assertThat(record.status()).isEqualTo(401);
		assertThat(record.results()).containsExactly("answers ANSWERED");
	}

	@Test
	void doesNotRunTheRestOfAMiddlewareThatHasEnded() throws Exception {
		AtomicReference<Mono<Void>> leaked = new AtomicReference<>();
		this.chain.middleware("leaks", (exchange, next) -> {
			leaked.set(next.filter(exchange));
			exchange.getResponse().setStatusCode(HttpStatus.NO_CONTENT);
			return Mono.empty();
		});
		run(handler());
		leaked.get().block(PATIENCE);
		assertThat(this.handled).hasValue(0);
	}

	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void runsTheRestWithTheExchangeThatEachCallOfNextWasGiven(boolean inner) throws Exception {
		this.chain.middleware("falls back", (exchange, next) -> {
			Mono<Void> plain = next.filter(exchange);
			ServerWebExchange other = exchange.mutate().request((request) -> request.path("/v2")).build();
			return next.filter(other)
				.onErrorResume((ex) -> plain)
				.onErrorResume((ex) -> next.filter(other))
				.onErrorResume((ex) -> plain);
		});
		WebHandler handler = (exchange) -> {
			this.events.add(exchange.getRequest().getPath().value());
			return (this.handled.incrementAndGet() < 4) ? Mono.error(new IllegalStateException("try again"))
					: exchange.getResponse().setComplete();
		};
		if (inner) {
			this.chain.middleware("inner", logs("inner"));
		}
		run(handler);
		this.events.removeIf((event) -> event.startsWith("inner"));
		assertThat(this.events).containsExactly("/v2", "/", "/v2", "/");
	}

	@Test
	void letsAMiddlewareAssembleTheRestWithoutRunningIt() throws Exception {
		this.chain.middleware("assembles",
				(exchange, next) -> Mono.<Void>empty()
					.switchIfEmpty(next.filter(exchange))
					.onErrorResume((ex) -> next.filter(exchange)));
		RecordedRequest record = run(handler());
		assertThat(this.handled).hasValue(1);
		assertThat(record.results()).containsExactly("assembles PASSED");
	}

	@Test
	void runsTheRestAgainAfterAnErrorWithoutHead() throws Exception {
		this.chain.middleware("retries", (exchange, next) -> next.filter(exchange).retry(2))
			.middleware("inner", logs("inner"));
		RecordedRequest record = run((exchange) -> (this.handled.incrementAndGet() < 3)
				? Mono.error(new IllegalStateException("try again")) : exchange.getResponse().setComplete());
		assertThat(this.handled).hasValue(3);
		assertThat(record.result()).isEqualTo(RequestResult.OK);
		assertThat(record.results()).containsExactly("retries PASSED", "inner PASSED");
	}

	@Test
	void leavesNothingOfARunThatHasFailedInTheNext() throws Exception {
		this.chain.middleware("retries", (exchange, next) -> next.filter(exchange).retry(1));
		RecordedRequest record = run((exchange) -> {
			if (this.handled.incrementAndGet() < 2) {
				exchange.getResponse().setStatusCode(HttpStatus.CREATED);
				exchange.getResponse().getHeaders().set("X-Run", "first");
				return Mono.error(new IllegalStateException("try again"));
			}
			return exchange.getResponse().setComplete();
		});
		assertThat(record.status()).isEqualTo(200);
		assertThat(this.response.getHeaders().containsHeader("X-Run")).isFalse();
	}

	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void keepsWhatAMiddlewareHasSetBetweenTwoRuns(boolean fails) throws Exception {
		AtomicInteger fallbacks = new AtomicInteger();
		List<Sinks.Empty<Void>> patience = List.of(Sinks.empty(), Sinks.empty());
		this.chain.middleware("falls back", (exchange, next) -> {
			ServerHttpResponse response = exchange.getResponse();
			response.getHeaders().set("X-Before", "middleware");
			response.getHeaders().set("X-Gone", "middleware");
			response.addCookie(ResponseCookie.from("before", "1").build());
			Mono<Void> again = Mono.defer(() -> {
				response.setStatusCode(HttpStatus.ACCEPTED);
				response.getHeaders().add("X-Both", "middleware " + fallbacks.incrementAndGet());
				response.getHeaders().set("X-Retried", "middleware");
				response.getHeaders().remove("X-Gone");
				response.addCookie(ResponseCookie.from("retried", "1").build());
				return next.filter(exchange);
			});
			return fails ? next.filter(exchange).onErrorResume((ex) -> again).onErrorResume((ex) -> again)
					: next.filter(exchange)
						.timeout(patience.get(0).asMono(), again)
						.timeout(patience.get(1).asMono(), again);
		});
		this.chain.build((exchange) -> {
			ServerHttpResponse response = exchange.getResponse();
			if (this.handled.incrementAndGet() < 3) {
				response.setStatusCode(HttpStatus.CREATED);
				response.getHeaders().set("X-Before", "handler");
				response.getHeaders().set("X-Run", "handler");
				response.getHeaders().add("X-Both", "handler");
				response.addCookie(ResponseCookie.from("run", "1").build());
				return fails ? Mono.error(new IllegalStateException("try again")) : Mono.never();
			}
			return response.setComplete();
		}).handle(MockServerHttpRequest.get("/").build(), this.response).subscribe();
		patience.forEach(Sinks.Empty::tryEmitEmpty);
		assertThat(this.listener.take().results()).containsExactly("falls back PASSED");
		assertThat(this.handled).hasValue(3);
		assertThat(this.response.getStatusCode()).isEqualTo(HttpStatus.ACCEPTED);
		assertThat(this.response.getHeaders().headerNames()).containsExactlyInAnyOrder("X-Before", "X-Both",
				"X-Retried", "Set-Cookie");
		assertThat(this.response.getHeaders().get("X-Before")).containsExactly("middleware");
		assertThat(this.response.getHeaders().get("X-Both")).containsExactly("middleware 1", "middleware 2");
		assertThat(this.response.getCookies().keySet()).containsExactly("before", "retried");
	}

	@Test
	void doesNotRunTheRestAgainAfterAnErrorWithHead() throws Exception {
		this.chain.middleware("retries", (exchange, next) -> next.filter(exchange).retry(2));
		RecordedRequest record = run((exchange) -> {
			this.handled.incrementAndGet();
			return exchange.getResponse().setComplete().then(Mono.error(new IllegalStateException("late")));
		});
		assertThat(this.handled).hasValue(1);
		assertThat(record.results()).containsExactly("retries PASSED");
	}

	@Test
	void cancelsTheRest() throws Exception {
		AtomicInteger cancelled = new AtomicInteger();
		this.chain.middleware("a", passes("a")).middleware("b", logs("b")).middleware("c", passes("c"));
		Disposable handling = this.chain.build((exchange) -> Mono.<Void>never().doOnCancel(cancelled::incrementAndGet))
			.handle(MockServerHttpRequest.get("/").build(), this.response)
			.subscribe();
		handling.dispose();
		assertThat(cancelled).hasValue(1);
		assertThat(this.listener.take().results()).containsExactly("a PASSED", "b PASSED", "c PASSED");
	}

	@Test
	void startsNothingAfterTheRequestWasCancelled() throws Exception {
		AtomicReference<Mono<Void>> leaked = new AtomicReference<>();
		this.chain.middleware("waits", (exchange, next) -> {
			leaked.set(next.filter(exchange));
			return Mono.never();
		}).middleware("inner", passes("inner"));
		Disposable handling = this.chain.build(handler())
			.handle(MockServerHttpRequest.get("/").build(), this.response)
			.subscribe();
		handling.dispose();
		leaked.get().block(PATIENCE);
		assertThat(this.events).isEmpty();
		assertThat(this.handled).hasValue(0);
		assertThat(this.listener.take().results()).containsExactly("waits CANCELLED");
		assertThat(this.listener.isEmpty()).isTrue();
	}

	/**
	 * The error page of a request that has ended is not the middleware's answer.
	 */
	@Test
	void hasNotAnsweredIfItFailsAfterTheRequestWasCancelled() throws Exception {
		BaseSubscriber<Void> client = new BaseSubscriber<>() {
		};
		this.chain.quietErrors().middleware("fails", (exchange, next) -> Mono.from((subscriber) -> {
			subscriber.onSubscribe(Operators.emptySubscription());
			// Before those who wait for it are cancelled
			RequestRun.of(exchange).atEnd(() -> subscriber.onError(new IllegalStateException("late")));
			client.cancel();
		}));
		this.chain.build(handler()).handle(MockServerHttpRequest.get("/").build(), this.response).subscribe(client);
		assertThat(this.listener.take().results()).containsExactly("fails CANCELLED");
	}

	@Test
	void recordsEachRequestOnceWhenCancelRacesWithProgress() throws Exception {
		this.chain
			.middleware("a",
					(exchange, next) -> Mono.defer(() -> next.filter(exchange)).subscribeOn(Schedulers.parallel()))
			.middleware("b", passes("ignored"))
			.middleware("c", (exchange, next) -> next.filter(exchange).publishOn(Schedulers.parallel()));
		HttpHandler handler = this.chain.build((exchange) -> exchange.getResponse().setComplete());
		for (int i = 0; i < 2_000; i++) {
			Disposable handling = handler.handle(MockServerHttpRequest.get("/").build(), new MockServerHttpResponse())
				.subscribe();
			for (int spin = 0; spin < (i % 50) * 20; spin++) {
				Thread.onSpinWait();
			}
			handling.dispose();
			RecordedRequest record = this.listener.take();
			assertThat(record.result()).isIn(RequestResult.OK, RequestResult.GONE_BEFORE_HEAD);
			assertThat(record.head()).isEqualTo(record.result() == RequestResult.OK);
			assertThat(record.steps()).extracting(RecordingListener.RecordedStep::name).doesNotHaveDuplicates();
		}
		assertThat(this.listener.isEmpty()).isTrue();
	}

	@Test
	void passesTheErrorOfACancelledMiddlewareOnToNobody() throws Exception {
		this.chain.middleware("times out", (exchange, next) -> next.filter(exchange)
			.timeout(Duration.ofMillis(5), Mono.error(new CancellationException("too slow"))));
		RecordedRequest record = run((exchange) -> Mono.never());
		assertThat(record.results()).containsExactly("times out FAILED");
		assertThat(record.status()).isEqualTo(500);
	}

	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void worksWithoutAnyListener(boolean subscribeAgain) throws Exception {
		TestChain unobserved = new TestChain().middleware("a", logs("a"))
			.middleware("b",
					(exchange, next) -> subscribeAgain ? next.filter(exchange).then(next.filter(exchange))
							: next.filter(exchange))
			.middleware("c", passes("c"));
		unobserved.build(handler()).handle(MockServerHttpRequest.get("/").build(), this.response).block(PATIENCE);
		assertThat(this.events).containsExactly("a >", "c >", "handler", "a <");
		assertThat(this.handled).hasValue(1);
	}

	@Test
	void ignoresWhatAListenerThrows() throws Exception {
		this.chain.listener(new RequestListener() {

			@Override
			public void onHead(RequestRecord request) {
				throw new IllegalStateException("head");
			}

			@Override
			public void onEnd(RequestRecord request, RequestResult result) {
				throw new IllegalStateException("end");
			}

		});
		RecordingListener last = new RecordingListener();
		this.chain.listener(last).middleware("a", passes("a"));
		assertThat(run(handler()).result()).isEqualTo(RequestResult.OK);
		assertThat(last.take().result()).isEqualTo(RequestResult.OK);
		assertThat(last.heads()).isOne();
	}

	@Test
	void addsNothingWhereThereIsNoMiddleware() {
		HttpHandler bare = this.chain.foreign("f", passes("f")).buildBare(handler());
		assertThat(this.chain.build(handler())).hasSameClassAs(bare);
	}

	@ParameterizedTest
	@CsvSource({ "1000, 1024, passes", "1000, 1024, operators", "1000, 1024, defers", "100, 256, passes",
			"100, 256, operators", "100, 256, defers" })
	void doesNotOverflowTheStack(int count, int stackKilobytes, String style) throws Exception {
		WebFilter filter = switch (style) {
			case "passes" -> (exchange, next) -> next.filter(exchange);
			case "operators" -> (exchange, next) -> next.filter(exchange).doFinally((signal) -> {
			});
			default -> (exchange, next) -> Mono.defer(() -> next.filter(exchange)).onErrorMap((ex) -> ex);
		};
		for (int i = 0; i < count; i++) {
			this.chain.middleware("m" + i, filter);
		}
		AtomicReference<Throwable> overflow = new AtomicReference<>();
		Thread thread = new Thread(null, () -> {
			try {
				assertThat(run(handler()).result()).isEqualTo(RequestResult.OK);
				assertThat(run((exchange) -> Mono.error(new IllegalStateException("deep"))).result())
					.isEqualTo(RequestResult.ERROR_PAGE);
				this.chain.build((exchange) -> Mono.never())
					.handle(MockServerHttpRequest.get("/").build(), new MockServerHttpResponse())
					.subscribe()
					.dispose();
				assertThat(this.listener.take().result()).isEqualTo(RequestResult.GONE_BEFORE_HEAD);
			}
			catch (Throwable ex) {
				overflow.set(ex);
			}
		}, "stack of its own", stackKilobytes * 1024L);
		thread.start();
		thread.join();
		assertThat(overflow).hasValue(null);
	}

	@Test
	void asksForNothingUntilItIsAskedFor() {
		AtomicReference<Subscription> subscription = new AtomicReference<>();
		this.chain.middleware("a", passes("a"));
		this.chain.build(handler())
			.handle(MockServerHttpRequest.get("/").build(), this.response)
			.subscribe(new BaseSubscriber<>() {

				@Override
				protected void hookOnSubscribe(Subscription given) {
					subscription.set(given);
				}

			});
		assertThat(subscription.get()).isNotNull();
	}

	private RecordedRequest run(WebHandler handler) throws InterruptedException {
		return run(handler, null);
	}

	private RecordedRequest run(WebHandler handler, Class<? extends Throwable> error) throws InterruptedException {
		MockServerHttpResponse response = this.response.isCommitted() ? new MockServerHttpResponse() : this.response;
		StepVerifier.LastStep verifier = StepVerifier
			.create(this.chain.build(handler).handle(MockServerHttpRequest.get("/").build(), response));
		if (error != null) {
			verifier.expectError(error).verify(PATIENCE);
		}
		else {
			verifier.expectComplete().verify(PATIENCE);
		}
		return this.listener.take();
	}

	private WebHandler handler() {
		return (exchange) -> {
			this.events.add("handler");
			this.handled.incrementAndGet();
			return exchange.getResponse().setComplete();
		};
	}

	private WebFilter passes(String name) {
		return (exchange, next) -> {
			this.events.add(name + " >");
			return next.filter(exchange);
		};
	}

	private WebFilter logs(String name) {
		return (exchange, next) -> {
			this.events.add(name + " >");
			return next.filter(exchange).doOnSuccess((done) -> this.events.add(name + " <"));
		};
	}

}
