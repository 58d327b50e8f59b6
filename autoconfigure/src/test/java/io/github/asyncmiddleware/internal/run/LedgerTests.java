package io.github.asyncmiddleware.internal.run;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

import io.github.asyncmiddleware.LiveResponse;
import io.github.asyncmiddleware.OnFailure;
import io.github.asyncmiddleware.internal.chain.Deadlines;
import io.github.asyncmiddleware.internal.chain.MiddlewareCode;
import io.github.asyncmiddleware.internal.record.MiddlewareResult;
import io.github.asyncmiddleware.internal.record.RequestRecord;
import io.github.asyncmiddleware.internal.record.RequestResult;
import io.github.asyncmiddleware.internal.sample.RequestListener;
import io.github.asyncmiddleware.internal.style.AwaitFilter;
import io.github.asyncmiddleware.testsupport.RecordingListener;
import io.github.asyncmiddleware.testsupport.RecordingListener.RecordedRequest;
import io.github.asyncmiddleware.testsupport.RecordingListener.RecordedStep;
import io.github.asyncmiddleware.testsupport.TestChain;
import io.github.asyncmiddleware.testsupport.TestTicker;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;

import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DefaultDataBufferFactory;
import org.springframework.http.HttpStatus;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.mock.http.server.reactive.MockServerHttpResponse;
import org.springframework.web.reactive.function.server.HandlerFilterFunction;
import org.springframework.web.reactive.function.server.HandlerStrategies;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebHandler;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for the ledger of a request: whose time it is.
 */
class LedgerTests {

	private final TestTicker ticker = new TestTicker(1_000);

	private final RecordingListener listener = new RecordingListener();

	private final TestChain chain = new TestChain().listener(this.listener).ticker(this.ticker);

	@Test
	void dividesTheTimeOfMiddlewaresThatPassThrough() throws Exception {
		this.chain.middleware("a", takes(10)).middleware("b", takes(20)).middleware("c", takes(30));
		RecordedRequest record = run(answersAfter(40));
		assertThat(record.steps()).containsExactly(passed("a", 10, 100), passed("b", 20, 90), passed("c", 30, 70));
		assertThat(record.app()).isEqualTo(40);
		assertThat(record.ttfb()).isEqualTo(100);
	}

	@Test
	void countsTheTimeBeforeNextIsSubscribedAsOwn() throws Exception {
		this.chain
			.middleware("waits",
					(exchange, next) -> Mono.fromRunnable(() -> this.ticker.advanceNanos(7))
						.then(next.filter(exchange)))
			.middleware("defers", (exchange, next) -> Mono.defer(() -> {
				this.ticker.advanceNanos(5);
				return next.filter(exchange);
			}));
		RecordedRequest record = run(answersAfter(3));
		assertThat(record.steps()).containsExactly(passed("waits", 7, 15), passed("defers", 5, 8));
		assertThat(record.app()).isEqualTo(3);
	}

	@Test
	void doesNotCountWhatHappensAfterTheHead() throws Exception {
		this.chain.middleware("late", (exchange, next) -> {
			this.ticker.advanceNanos(1);
			return next.filter(exchange).doOnSuccess((done) -> this.ticker.advanceNanos(1_000));
		});
		RecordedRequest record = run(answersAfter(2));
		assertThat(record.steps()).containsExactly(passed("late", 1, 3));
		assertThat(record.app()).isEqualTo(2);
		assertThat(record.ttfb()).isEqualTo(3);
	}

	@Test
	void countsTheTimeOfForeignFiltersAsTheApplications() throws Exception {
		this.chain.foreign("outer", takes(100))
			.middleware("a", takes(1))
			.foreign("between", takes(10))
			.middleware("b", takes(2))
			.foreign("inner", takes(20));
		RecordedRequest record = run(answersAfter(4));
		assertThat(record.steps()).containsExactly(passed("a", 1, 37), passed("b", 2, 26));
		assertThat(record.app()).isEqualTo(34);
		assertThat(record.ttfb()).isEqualTo(137);
	}

	@Test
	void countsCommitActionsAsTheApplications() throws Exception {
		this.chain.middleware("a", (exchange, next) -> {
			exchange.getResponse().beforeCommit(() -> Mono.fromRunnable(() -> this.ticker.advanceNanos(9)));
			this.ticker.advanceNanos(1);
			return next.filter(exchange);
		});
		RecordedRequest record = run(answersAfter(2));
		assertThat(record.steps()).containsExactly(passed("a", 1, 12));
		assertThat(record.app()).isEqualTo(11);
	}

	@Test
	void countsCommitActionsOfAMiddlewareThatAnswersAsTheApplications() throws Exception {
		this.chain.foreign("outer", (exchange, next) -> {
			exchange.getResponse().beforeCommit(() -> Mono.fromRunnable(() -> this.ticker.advanceNanos(9)));
			return next.filter(exchange);
		}).middleware("gate", (exchange, next) -> {
			this.ticker.advanceNanos(5);
			return answer(exchange);
		});
		RecordedRequest record = run(answersAfter(1_000));
		assertThat(record.steps()).containsExactly(new RecordedStep("gate", MiddlewareResult.ANSWERED, 5, 14));
		assertThat(record.app()).isEqualTo(9);
	}

	@Test
	void countsWhatIsDoneInsteadOfARestThatWasGivenUpAsOwn() throws Exception {
		Sinks.Empty<Void> limit = Sinks.empty();
		this.chain.middleware("gives up", givesUp(limit))
			.middleware("between", (exchange, next) -> next.filter(exchange).doOnSuccess((done) -> {
			}))
			.middleware("waits", (exchange, next) -> {
				this.ticker.advanceNanos(3);
				return Mono.never();
			});
		assertThat(runUntil(limit)).extracting(RecordedStep::own).containsExactly(50L, 0L, 3L);
	}

	@Test
	void countsWhatAForeignFilterDoesInsteadAsTheApplications() throws Exception {
		Sinks.Empty<Void> limit = Sinks.empty();
		this.chain.foreign("gives up", givesUp(limit)).middleware("waits", (exchange, next) -> {
			this.ticker.advanceNanos(3);
			return Mono.never();
		});
		assertThat(runUntil(limit)).extracting(RecordedStep::own).containsExactly(3L);
	}

	@Test
	void countsWhatAMeasuredFilterDoesInsteadAsItsOwn() throws Exception {
		Sinks.Empty<Void> limit = Sinks.empty();
		this.chain.measured("gives up", givesUp(limit)).measured("waits", (exchange, next) -> {
			this.ticker.advanceNanos(3);
			return Mono.never();
		});
		List<RecordedStep> steps = runUntil(limit);
		assertThat(steps).extracting(RecordedStep::own).containsExactly(50L, 3L);
		assertThat(steps).extracting(RecordedStep::result)
			.containsExactly(MiddlewareResult.PASSED, MiddlewareResult.CANCELLED);
	}

	@Test
	void countsWhatAForeignFilterDoesInsteadOfWhatRunsForASkippedOneAsTheApplications() throws Exception {
		Sinks.Empty<Void> limit = Sinks.empty();
		this.chain.foreign("gives up", givesUp(limit))
			.middleware("skipped", OnFailure.SKIP, MiddlewareCode.of((exchange, next) -> {
				this.ticker.advanceNanos(2);
				return Mono.error(new IllegalStateException());
			}))
			.middleware("waits", (exchange, next) -> {
				this.ticker.advanceNanos(3);
				return Mono.never();
			});
		List<RecordedStep> steps = runUntil(limit);
		assertThat(steps).extracting(RecordedStep::own).containsExactly(2L, 3L);
		assertThat(steps).extracting(RecordedStep::result)
			.containsExactly(MiddlewareResult.FAILED_OPEN, MiddlewareResult.CANCELLED);
	}

	/**
	 * The rest of the chain of a middleware ends at the moment in which the one further
	 * out gives both up.
	 */
	@Test
	void countsWhatIsDoneInsteadOfARestThatEndsAsItIsGivenUpAsOwn() throws Exception {
		Sinks.Empty<Void> limit = Sinks.empty();
		Sinks.Empty<Void> handler = Sinks.empty();
		Sinks.Empty<Void> answers = Sinks.empty();
		List<Runnable> inTheMiddle = new ArrayList<>();
		this.chain.deadlines(new Deadlines() {

			@Override
			public long now() {
				inTheMiddle.forEach(Runnable::run);
				return 0;
			}

			@Override
			public Disposable schedule(Runnable task, long delay) {
				return Disposables.disposed();
			}

		})
			.middleware("gives up",
					(exchange, next) -> next.filter(exchange)
						.timeout(limit.asMono(), answers.asMono().then(Mono.defer(() -> answer(exchange)))))
			.middleware("between", OnFailure.FAIL, Duration.ofSeconds(1),
					MiddlewareCode.of((exchange, next) -> next.filter(exchange).then()));
		this.chain.build((exchange) -> handler.asMono())
			.handle(MockServerHttpRequest.get("/").build(), new MockServerHttpResponse())
			.subscribe();
		this.ticker.advanceNanos(3);
		inTheMiddle.add(limit::tryEmitEmpty);
		handler.tryEmitEmpty();
		this.ticker.advanceNanos(50);
		answers.tryEmitEmpty();
		RecordedRequest record = this.listener.take();
		assertThat(record.steps()).extracting(RecordedStep::own).containsExactly(50L, 0L);
		assertThat(record.app()).isEqualTo(3);
	}

	/**
	 * A part behind a foreign filter ends at the moment in which a middleware in front of
	 * that gives both up.
	 */
	@Test
	void countsWhatIsDoneInsteadOfARestBehindAForeignFilterThatEndsAsItIsGivenUpAsOwn() throws Exception {
		RecordedRequest record = runUntilItEndsAsItIsGivenUp((givesUp) -> this.chain.middleware("gives up", givesUp)
			.foreign("between", (exchange, next) -> next.filter(exchange)));
		assertThat(record.steps()).extracting(RecordedStep::own).containsExactly(50L, 3L);
		assertThat(record.app()).isZero();
	}

	/**
	 * A part ends at the moment in which the foreign filter in front of it gives it up.
	 */
	@Test
	void countsWhatAForeignFilterDoesInsteadOfAPartThatEndsAsItIsGivenUpAsTheApplications() throws Exception {
		RecordedRequest record = runUntilItEndsAsItIsGivenUp((givesUp) -> this.chain.foreign("gives up", givesUp));
		assertThat(record.steps()).extracting(RecordedStep::own).containsExactly(3L);
	}

	/**
	 * A middleware takes 3 ns and drops the rest, for which it is given up; what is done
	 * instead takes 50 ns.
	 * @param front puts the filter that gives up in front of it
	 */
	private RecordedRequest runUntilItEndsAsItIsGivenUp(Consumer<WebFilter> front) throws InterruptedException {
		Sinks.Empty<Void> limit = Sinks.empty();
		Sinks.Empty<Void> work = Sinks.empty();
		Sinks.Empty<Void> answers = Sinks.empty();
		this.chain.guard((middleware, misuse, request) -> {
			limit.tryEmitEmpty();
			return false;
		});
		front.accept((exchange, next) -> next.filter(exchange)
			.timeout(limit.asMono(), answers.asMono().then(Mono.defer(() -> answer(exchange)))));
		this.chain.middleware("drops", (exchange, next) -> work.asMono());
		this.chain.build(answersAfter(1_000))
			.handle(MockServerHttpRequest.get("/").build(), new MockServerHttpResponse())
			.subscribe();
		this.ticker.advanceNanos(3);
		work.tryEmitEmpty();
		this.ticker.advanceNanos(50);
		answers.tryEmitEmpty();
		return this.listener.take();
	}

	private WebFilter givesUp(Sinks.Empty<Void> limit) {
		return (exchange, next) -> next.filter(exchange).timeout(limit.asMono(), Mono.defer(() -> {
			this.ticker.advanceNanos(50);
			return answer(exchange);
		}));
	}

	private List<RecordedStep> runUntil(Sinks.Empty<Void> limit) throws InterruptedException {
		MockServerHttpResponse response = new MockServerHttpResponse();
		this.chain.build(answersAfter(1_000)).handle(MockServerHttpRequest.get("/").build(), response).subscribe();
		limit.tryEmitEmpty();
		assertThat(response.isCommitted()).isTrue();
		return this.listener.take().steps();
	}

	@Test
	void countsTheTimeInWhichAResponseIsHeldAsThatOfItsHolder() throws Exception {
		Sinks.Empty<Void> release = Sinks.empty();
		HandlerFilterFunction<LiveResponse, ServerResponse> holds = (request, next) -> next.handle(request)
			.flatMap((live) -> release.asMono().thenReturn(live));
		this.chain
			.middleware("holds",
					new AwaitFilter(holds, HandlerStrategies.withDefaults()::messageReaders, () -> null).toCode())
			.middleware("goes on", (exchange, next) -> next.filter(exchange)
				.then(Mono.fromRunnable(() -> this.ticker.advanceNanos(7))));
		MockServerHttpResponse response = new MockServerHttpResponse();
		this.chain.build(answersAfter(2)).handle(MockServerHttpRequest.get("/").build(), response).subscribe();
		this.ticker.advanceNanos(50);
		release.tryEmitEmpty();
		RecordedRequest record = this.listener.take();
		assertThat(record.steps()).extracting(RecordedStep::own).containsExactly(57L, 0L);
		assertThat(record.app()).isEqualTo(2);
	}

	@Test
	void countsWorkAfterTheErrorOfAnInnerOneAsOwn() throws Exception {
		this.chain.middleware("outer", (exchange, next) -> {
			this.ticker.advanceNanos(1);
			return next.filter(exchange).onErrorResume((ex) -> {
				this.ticker.advanceNanos(50);
				return answer(exchange);
			});
		}).middleware("between", takes(2)).middleware("inner", (exchange, next) -> {
			this.ticker.advanceNanos(4);
			return next.filter(exchange).doOnError((ex) -> this.ticker.advanceNanos(8));
		});
		RecordedRequest record = run((exchange) -> {
			this.ticker.advanceNanos(100);
			return Mono.error(new IllegalStateException("handler"));
		});
		assertThat(record.steps()).containsExactly(passed("outer", 51, 165), passed("between", 2, 164),
				passed("inner", 12, 162));
		assertThat(record.app()).isEqualTo(100);
		assertThat(record.result()).isEqualTo(RequestResult.OK);
	}

	@Test
	void countsAShortCircuitAsOwn() throws Exception {
		this.chain.middleware("outer", takes(1)).middleware("gate", (exchange, next) -> {
			this.ticker.advanceNanos(5);
			return answer(exchange);
		}).middleware("inner", takes(1_000));
		RecordedRequest record = run(answersAfter(1_000));
		assertThat(record.steps()).containsExactly(passed("outer", 1, 6),
				new RecordedStep("gate", MiddlewareResult.ANSWERED, 5, 5));
		assertThat(record.app()).isZero();
	}

	@Test
	void keepsOneRecordForARetry() throws Exception {
		AtomicInteger attempts = new AtomicInteger();
		this.chain.middleware("retries", (exchange, next) -> next.filter(exchange).onErrorResume((ex) -> {
			this.ticker.advanceNanos(10);
			return next.filter(exchange);
		})).middleware("a", takes(1)).middleware("b", (exchange, next) -> {
			this.ticker.advanceNanos(2);
			return next.filter(exchange).doOnTerminate(() -> {
			});
		});
		RecordedRequest record = run((exchange) -> {
			this.ticker.advanceNanos(100);
			return (attempts.incrementAndGet() < 3) ? Mono.error(new IllegalStateException("try again"))
					: answer(exchange);
		});
		assertThat(attempts).hasValue(2);
		assertThat(record.steps()).containsExactly(passed("retries", 10, 216), passed("a", 2, 216),
				passed("b", 4, 215));
		assertThat(record.status()).isEqualTo(500);
	}

	@Test
	void keepsOneRecordWhenAForeignFilterRetries() throws Exception {
		AtomicInteger attempts = new AtomicInteger();
		this.chain.foreign("retries", (exchange, next) -> next.filter(exchange).retry(2))
			.middleware("a", takes(1))
			.middleware("b", takes(2));
		RecordedRequest record = run((exchange) -> {
			this.ticker.advanceNanos(100);
			return (attempts.incrementAndGet() < 3) ? Mono.error(new IllegalStateException("try again"))
					: answer(exchange);
		});
		assertThat(record.steps()).containsExactly(passed("a", 3, 309), passed("b", 6, 308));
		assertThat(record.app()).isEqualTo(300);
		assertThat(record.status()).isEqualTo(200);
	}

	@Test
	void addsUpWhereARetryTakesAnotherWay() throws Exception {
		AtomicInteger attempts = new AtomicInteger();
		this.chain.foreign("retries", (exchange, next) -> next.filter(exchange).retry(1))
			.middleware("a", (exchange, next) -> {
				this.ticker.advanceNanos(1);
				return (attempts.incrementAndGet() > 1) ? answer(exchange) : next.filter(exchange);
			})
			.middleware("b", (exchange, next) -> {
				this.ticker.advanceNanos(20);
				return next.filter(exchange);
			});
		RecordedRequest record = run((exchange) -> {
			this.ticker.advanceNanos(300);
			return Mono.error(new IllegalStateException("try again"));
		});
		assertThat(record.steps()).containsExactly(new RecordedStep("a", MiddlewareResult.ANSWERED, 2, 322),
				passed("b", 20, 321));
		assertThat(record.app()).isEqualTo(300);
	}

	@Test
	void endsOwnTimeWithTheRequestWhereThereIsNoHead() throws Exception {
		this.chain.middleware("a", takes(1)).middleware("stuck", (exchange, next) -> {
			this.ticker.advanceNanos(5);
			return Mono.never();
		});
		StepVerifier
			.create(this.chain.build(answersAfter(0))
				.handle(MockServerHttpRequest.get("/").build(), new MockServerHttpResponse()))
			.then(() -> this.ticker.advanceNanos(7))
			.thenCancel()
			.verify(Duration.ofSeconds(5));
		RecordedRequest record = this.listener.take();
		assertThat(record.result()).isEqualTo(RequestResult.GONE_BEFORE_HEAD);
		assertThat(record.head()).isFalse();
		assertThat(record.results()).containsExactly("a PASSED", "stuck CANCELLED");
		assertThat(record.steps()).extracting(RecordedStep::own).containsExactly(1L, 12L);
		assertThat(this.listener.heads()).isZero();
	}

	/**
	 * A thread that is still inside holds up the report, but not the end.
	 */
	@Test
	void countsNothingBetweenTheEndAndItsReport() throws Exception {
		AtomicLong total = new AtomicLong();
		BaseSubscriber<Void> client = new BaseSubscriber<>() {
		};
		this.chain.listener(new RequestListener() {

			@Override
			public void onHead(RequestRecord request) {
			}

			@Override
			public void onEnd(RequestRecord request, RequestResult result) {
				total.set(request.total());
			}

		}).middleware("a", takes(1)).middleware("inside", (exchange, next) -> {
			this.ticker.advanceNanos(5);
			client.cancel();
			this.ticker.advanceNanos(1_000);
			return Mono.never();
		});
		this.chain.build(answersAfter(0))
			.handle(MockServerHttpRequest.get("/").build(), new MockServerHttpResponse())
			.subscribe(client);
		RecordedRequest record = this.listener.take();
		assertThat(record.result()).isEqualTo(RequestResult.GONE_BEFORE_HEAD);
		assertThat(record.results()).containsExactly("a PASSED", "inside CANCELLED");
		assertThat(record.steps()).extracting(RecordedStep::own).containsExactly(1L, 5L);
		assertThat(total).hasValue(6);
	}

	@Test
	void takesTheHeadOfAStreamWithItsFirstElement() throws Exception {
		this.chain.middleware("a", takes(1));
		RecordedRequest record = run((exchange) -> {
			Flux<DataBuffer> body = Flux.range(0, 3).map((i) -> {
				this.ticker.advanceNanos(10);
				return DefaultDataBufferFactory.sharedInstance.wrap(new byte[] { 'x' });
			});
			return exchange.getResponse().writeWith(body);
		});
		assertThat(record.steps()).containsExactly(passed("a", 1, 11));
		assertThat(record.app()).isEqualTo(10);
	}

	@Test
	void survivesAClockThatOverflows() throws Exception {
		TestTicker overflowing = new TestTicker(Long.MAX_VALUE - 15);
		this.chain.ticker(overflowing).middleware("a", (exchange, next) -> {
			overflowing.advanceNanos(10);
			return next.filter(exchange);
		});
		RecordedRequest record = run((exchange) -> {
			overflowing.advanceNanos(20);
			return answer(exchange);
		});
		assertThat(record.steps()).containsExactly(passed("a", 10, 30));
		assertThat(record.app()).isEqualTo(20);
	}

	@ParameterizedTest
	@ValueSource(longs = { 1, 42, 4711, 20261121 })
	void addsUpWhateverTheMiddlewaresDo(long seed) throws Exception {
		List<WebFilter> kinds = List.of(takes(3), (exchange, next) -> {
			this.ticker.advanceNanos(5);
			return Mono.defer(() -> {
				this.ticker.advanceNanos(11);
				return next.filter(exchange);
			}).doFinally((signal) -> this.ticker.advanceNanos(13));
		}, (exchange, next) -> next.filter(exchange).onErrorResume((ex) -> {
			this.ticker.advanceNanos(17);
			return next.filter(exchange);
		}), (exchange, next) -> next.filter(exchange).doOnError((ex) -> this.ticker.advanceNanos(19)));
		java.util.Random random = new java.util.Random(seed);
		for (int i = 0; i < 40; i++) {
			if (random.nextInt(4) == 0) {
				this.chain.foreign("foreign" + i, takes(23));
			}
			else {
				this.chain.middleware("middleware" + i, kinds.get(random.nextInt(kinds.size())));
			}
		}
		AtomicInteger calls = new AtomicInteger();
		RecordedRequest record = run((exchange) -> {
			this.ticker.advanceNanos(29);
			return (calls.incrementAndGet() < 5) ? Mono.error(new IllegalStateException("again")) : answer(exchange);
		});
		assertThat(record.status()).isEqualTo(200);
		assertThat(record.own() + record.app()).isEqualTo(record.steps().get(0).ttfb());
		assertThat(record.app()).isGreaterThanOrEqualTo(5 * 29);
		assertThat(record.steps()).extracting(RecordedStep::name).doesNotHaveDuplicates();
	}

	private RecordedRequest run(WebHandler handler) throws InterruptedException {
		MockServerHttpResponse response = new MockServerHttpResponse();
		this.chain.build(handler).handle(MockServerHttpRequest.get("/").build(), response).block(Duration.ofSeconds(5));
		StepVerifier.create(response.getBody()).thenConsumeWhile((buffer) -> true).verifyComplete();
		RecordedRequest record = this.listener.take();
		assertThat(this.listener.isEmpty()).isTrue();
		return record;
	}

	private WebFilter takes(long nanos) {
		return (exchange, next) -> {
			this.ticker.advanceNanos(nanos);
			return next.filter(exchange);
		};
	}

	private WebHandler answersAfter(long nanos) {
		return (exchange) -> {
			this.ticker.advanceNanos(nanos);
			return answer(exchange);
		};
	}

	private static Mono<Void> answer(ServerWebExchange exchange) {
		exchange.getResponse().setStatusCode(HttpStatus.OK);
		DataBuffer body = DefaultDataBufferFactory.sharedInstance.wrap(new byte[] { 'o', 'k' });
		return exchange.getResponse().writeWith(Mono.just(body));
	}

	private static RecordedStep passed(String name, long own, long ttfb) {
		return new RecordedStep(name, MiddlewareResult.PASSED, own, ttfb);
	}

}
