package io.github.asyncmiddleware.internal.run;

import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;

import io.github.asyncmiddleware.OnFailure;
import io.github.asyncmiddleware.internal.chain.Beginning;
import io.github.asyncmiddleware.internal.chain.Middleware;
import io.github.asyncmiddleware.internal.chain.MiddlewareCode;
import io.github.asyncmiddleware.internal.chain.MiddlewareScope;
import io.github.asyncmiddleware.internal.chain.RunsOn;
import io.github.asyncmiddleware.internal.chain.Style;
import io.github.asyncmiddleware.internal.record.RequestResult;
import io.github.asyncmiddleware.internal.record.Ticker;
import io.github.asyncmiddleware.internal.watch.ThreadActivities;
import io.github.asyncmiddleware.testsupport.RecordingListener;
import io.github.asyncmiddleware.testsupport.RecordingListener.RecordedRequest;
import io.github.asyncmiddleware.testsupport.RecordingListener.RecordedStep;
import io.github.asyncmiddleware.testsupport.TestChain;
import io.github.asyncmiddleware.testsupport.TestTicker;
import io.github.asyncmiddleware.testsupport.WireServer;
import org.assertj.core.api.Assertions;
import org.assertj.core.groups.Tuple;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;
import reactor.util.context.ContextView;

import org.springframework.http.HttpMethod;
import org.springframework.http.HttpStatus;
import org.springframework.http.server.reactive.HttpHandler;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.mock.http.server.reactive.MockServerHttpResponse;
import org.springframework.web.server.ResponseStatusException;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebHandler;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ConcurrentGroup}.
 */
class ConcurrentGroupTests {

	private final RecordingListener listener = new RecordingListener();

	private final TestTicker ticker = new TestTicker();

	private final AtomicInteger handled = new AtomicInteger();

	@Test
	void allAreAtWorkAtTheSameTime() throws Exception {
		// Breaks with a timeout unless all three are in it at once
		CyclicBarrier barrier = new CyclicBarrier(3);
		TestChain chain = chain();
		for (String name : List.of("a", "b", "c")) {
			chain.middleware(name, work((exchange) -> Mono.<WebHandler>fromCallable(() -> {
				barrier.await(10, TimeUnit.SECONDS);
				return null;
			}).subscribeOn(Schedulers.boundedElastic())));
		}
		assertThat(status(chain, "/")).isEqualTo(200);
		assertThat(this.listener.take().results()).containsExactly("a PASSED", "b PASSED", "c PASSED");
		assertThat(this.handled).hasValue(1);
	}

	/**
	 * The watch would name the group, which is none of the middlewares.
	 */
	@Test
	void noThreadIsInsideTheGroupWhenThatHasHandedOver() throws Exception {
		ThreadActivities activities = new ThreadActivities();
		List<String> places = new ArrayList<>();
		TestChain chain = chain().activities(activities)
			.middleware("a", work((exchange) -> Mono.empty()))
			.middleware("b",
					work((exchange) -> Mono.<WebHandler>empty()
						.hide()
						.doFinally((signal) -> places.add(String.valueOf(activities.current().place())))));
		TestChain.get(chain.build(handler(0)), "/");
		assertThat(places).containsExactly("null");
		this.listener.take();
	}

	@Test
	void sharesAreByFinishingAndAddUp() throws Exception {
		Sinks.One<WebHandler> a = Sinks.one();
		Sinks.One<WebHandler> b = Sinks.one();
		Sinks.One<WebHandler> c = Sinks.one();
		HttpHandler handler = chain().middleware("first", busy(1))
			.middleware("a", work((exchange) -> a.asMono()))
			.middleware("b", work((exchange) -> b.asMono()))
			.middleware("c", work((exchange) -> c.asMono()))
			.middleware("last", busy(2))
			.build(handler(8));
		Disposable request = TestChain.exchange(handler, MockServerHttpRequest.get("/").build()).subscribe();
		this.ticker.advanceMillis(10);
		b.tryEmitEmpty();
		this.ticker.advanceMillis(5);
		c.tryEmitEmpty();
		this.ticker.advanceMillis(7);
		assertThat(this.handled).hasValue(0);
		a.tryEmitEmpty();
		assertThat(request.isDisposed()).isTrue();
		RecordedRequest record = this.listener.take();
		assertThat(record.steps()).extracting(RecordedStep::name, (step) -> Duration.ofNanos(step.own()).toMillis())
			.containsExactly(tuple("first", 1), tuple("a", 7), tuple("b", 10), tuple("c", 5), tuple("last", 2));
		assertThat(record.steps()).extracting((step) -> Duration.ofNanos(step.ttfb()).toMillis())
			.containsExactly(33L, 32L, 32L, 32L, 10L);
		assertThat(Duration.ofNanos(record.app()).toMillis()).isEqualTo(8);
	}

	@Test
	void theFirstThatHasNotFinishedHasTheTimeUntilAllAreGivenUp() throws Exception {
		Sinks.One<WebHandler> a = Sinks.one();
		Sinks.Empty<Void> limit = Sinks.empty();
		HttpHandler handler = groupOfThree(chain().middleware("gives up",
				(exchange, next) -> next.filter(exchange)
					.timeout(limit.asMono(), Mono.defer(() -> exchange.getResponse().setComplete()))),
				a)
			.build(handler(0));
		TestChain.exchange(handler, MockServerHttpRequest.get("/").build()).subscribe();
		this.ticker.advanceMillis(10);
		a.tryEmitEmpty();
		this.ticker.advanceMillis(5);
		limit.tryEmitEmpty();
		assertShares(this.listener.take(), 0);
	}

	@Test
	void theFirstThatHasNotFinishedHasTheTimeUntilTheRequestIsCancelled() throws Exception {
		Sinks.One<WebHandler> a = Sinks.one();
		HttpHandler handler = groupOfThree(chain().middleware("passes", (exchange, next) -> next.filter(exchange)), a)
			.build(handler(0));
		Disposable request = TestChain.exchange(handler, MockServerHttpRequest.get("/").build()).subscribe();
		this.ticker.advanceMillis(10);
		a.tryEmitEmpty();
		this.ticker.advanceMillis(5);
		request.dispose();
		assertShares(this.listener.take(), 0);
	}

	@Test
	void noneHasTheTimeAfterAllAreGivenUp() throws Exception {
		Sinks.One<WebHandler> a = Sinks.one();
		Sinks.Empty<Void> limit = Sinks.empty();
		HttpHandler handler = groupOfThree(chain().middleware("passes", (exchange, next) -> next.filter(exchange))
			.foreign("gives up", (exchange, next) -> next.filter(exchange).timeout(limit.asMono(), Mono.never())), a)
			.build(handler(0));
		Disposable request = TestChain.exchange(handler, MockServerHttpRequest.get("/").build()).subscribe();
		this.ticker.advanceMillis(10);
		a.tryEmitEmpty();
		this.ticker.advanceMillis(5);
		limit.tryEmitEmpty();
		this.ticker.advanceMillis(1_000);
		request.dispose();
		assertThat(this.listener.take().steps()).extracting((step) -> Duration.ofNanos(step.own()).toMillis())
			.containsExactly(0L, 10L, 5L, 0L);
	}

	@Test
	void anAnswerThatCannotBeSentIsNotSkipped() throws Exception {
		TestChain chain = chain().quietErrors().foreign("session", (exchange, next) -> {
			exchange.getResponse().beforeCommit(() -> Mono.error(new IllegalStateException("session")));
			return next.filter(exchange);
		})
			.middleware("a", OnFailure.SKIP, work((exchange) -> later(403)))
			.middleware("b", work((exchange) -> Mono.empty()));
		assertThat(exchange(chain)).startsWith("HTTP/1.1 500 ");
		assertThat(this.listener.take().results()).containsExactly("a FAILED", "b CANCELLED");
		assertThat(this.handled).hasValue(0);
	}

	private static TestChain groupOfThree(TestChain chain, Sinks.One<WebHandler> a) {
		return chain.middleware("a", work((exchange) -> a.asMono()))
			.middleware("b", work((exchange) -> Mono.never()))
			.middleware("c", work((exchange) -> Mono.never()));
	}

	private static void assertShares(RecordedRequest record, int app) {
		assertThat(record.steps()).extracting((step) -> Duration.ofNanos(step.own()).toMillis())
			.containsExactly(0L, 10L, 5L, 0L);
		assertThat(Duration.ofNanos(record.app()).toMillis()).isEqualTo(app);
	}

	@Test
	void noneHasAShareOfTheTimeAfterTheHead() throws Exception {
		WebFilter answers = (exchange, next) -> exchange.getResponse().setComplete().then(next.filter(exchange));
		TestChain chain = chain().foreign("answers", answers);
		for (String name : List.of("a", "b")) {
			chain.middleware(name, work((exchange) -> {
				this.ticker.advanceMillis(5);
				return Mono.empty();
			}));
		}
		TestChain.get(chain.build(handler(0)), "/");
		assertThat(this.listener.take().steps()).extracting(RecordedStep::name, RecordedStep::own)
			.containsExactly(tuple("a", 0), tuple("b", 0));
	}

	@ParameterizedTest
	@CsvSource({ "a, 401", "b, 402", "c, 403" })
	void theEarliestInOrderAnswersEvenIfAnotherIsFaster(String fastest, int unused) throws Exception {
		List<Sinks.One<WebHandler>> sinks = List.of(Sinks.one(), Sinks.one(), Sinks.one());
		List<String> names = List.of("a", "b", "c");
		HttpHandler handler = chain().middleware("a", work((exchange) -> sinks.get(0).asMono()))
			.middleware("b", work((exchange) -> sinks.get(1).asMono()))
			.middleware("c", work((exchange) -> sinks.get(2).asMono()))
			.build(handler(0));
		TestChain.exchange(handler, MockServerHttpRequest.get("/").build()).subscribe();
		int first = names.indexOf(fastest);
		sinks.get(first).tryEmitValue(answer(401 + first));
		for (int i = 2; i >= 0; i--) {
			sinks.get(i).tryEmitValue(answer(401 + i));
		}
		RecordedRequest record = this.listener.take();
		assertThat(record.status()).isEqualTo(401);
		assertThat(record.results()).containsExactly("a ANSWERED", "b CANCELLED", "c CANCELLED");
		assertThat(this.handled).hasValue(0);
	}

	@Test
	void aLaterAnswerWaitsForTheEarlierOnes() throws Exception {
		Sinks.One<WebHandler> a = Sinks.one();
		HttpHandler handler = chain().middleware("a", work((exchange) -> a.asMono()))
			.middleware("b", work((exchange) -> Mono.just(answer(402))))
			.build(handler(0));
		TestChain.exchange(handler, MockServerHttpRequest.get("/").build()).subscribe();
		assertThat(this.listener.isEmpty()).isTrue();
		a.tryEmitEmpty();
		RecordedRequest record = this.listener.take();
		assertThat(record.status()).isEqualTo(402);
		assertThat(record.results()).containsExactly("a PASSED", "b ANSWERED");
	}

	@Test
	void anEarlierAnswerCancelsTheLaterOnesAtOnce() throws Exception {
		AtomicInteger cancelled = new AtomicInteger();
		HttpHandler handler = chain().middleware("a", work((exchange) -> Mono.just(answer(401))))
			.middleware("b", work((exchange) -> Mono.<WebHandler>never().doOnCancel(cancelled::incrementAndGet)))
			.middleware("c",
					work((exchange) -> Mono.delay(Duration.ofMillis(1), Schedulers.parallel())
						.<WebHandler>then(Mono.never())
						.doOnCancel(cancelled::incrementAndGet)))
			.build(handler(0));
		TestChain.get(handler, "/");
		RecordedRequest record = this.listener.take();
		assertThat(record.status()).isEqualTo(401);
		assertThat(record.results()).containsExactly("a ANSWERED", "b CANCELLED", "c CANCELLED");
	}

	@Test
	void anEarlierAnswerCancelsTheLaterOnesThatAreAtWork() throws Exception {
		Sinks.One<WebHandler> a = Sinks.one();
		AtomicInteger cancelled = new AtomicInteger();
		Mono<WebHandler> never = Mono.<WebHandler>never().doOnCancel(cancelled::incrementAndGet);
		HttpHandler handler = chain().middleware("a", work((exchange) -> a.asMono()))
			.middleware("b", work((exchange) -> never))
			.middleware("c", work((exchange) -> never))
			.build(handler(0));
		TestChain.exchange(handler, MockServerHttpRequest.get("/").build()).subscribe();
		assertThat(cancelled).hasValue(0);
		a.tryEmitValue(answer(401));
		assertThat(cancelled).hasValue(2);
		assertThat(this.listener.take().results()).containsExactly("a ANSWERED", "b CANCELLED", "c CANCELLED");
	}

	@Test
	void oneThatFailsDecidesInItsPlace() throws Exception {
		HttpHandler handler = chain().middleware("a", work((exchange) -> Mono.empty()))
			.middleware("b", work((exchange) -> Mono.error(new ResponseStatusException(HttpStatus.PAYMENT_REQUIRED))))
			.middleware("c", work((exchange) -> Mono.just(answer(403))))
			.build(handler(0));
		TestChain.get(handler, "/");
		RecordedRequest record = this.listener.take();
		assertThat(record.status()).isEqualTo(402);
		assertThat(record.results()).containsExactly("a PASSED", "b FAILED", "c CANCELLED");
	}

	@Test
	void oneThatThrowsFailsAndOneThatReturnsNullIsMisused() throws Exception {
		TestChain.get(chain().middleware("a", work((exchange) -> {
			throw new ResponseStatusException(HttpStatus.PAYMENT_REQUIRED);
		})).middleware("b", work((exchange) -> Mono.empty())).build(handler(0)), "/");
		assertThat(this.listener.take().results()).containsExactly("a FAILED", "b CANCELLED");
		TestChain.get(chain().middleware("a", work((exchange) -> Mono.empty()))
			.middleware("b", work((exchange) -> null))
			.exceptionHandler((exchange, ex) -> exchange.getResponse().setComplete())
			.build(handler(0)), "/");
		assertThat(this.listener.take().results()).containsExactly("a PASSED", "b MISUSED");
		assertThat(this.handled).hasValue(0);
	}

	@Test
	void oneThatCanBeDoneWithoutIsSkipped() throws Exception {
		TestChain.get(chain()
			.middleware("a", OnFailure.SKIP, work((exchange) -> Mono.error(new IllegalStateException("fails"))))
			.middleware("b", work((exchange) -> Mono.empty()))
			.build(handler(0)), "/");
		assertThat(this.listener.take().results()).containsExactly("a FAILED_OPEN", "b PASSED");
		assertThat(this.handled).hasValue(1);
	}

	@ParameterizedTest
	@CsvSource({ "FAIL, throws, 500", "FAIL, fails, 500", "FAIL, failsInBody, 500", "FAIL, cut, 401", "SKIP, cut, 401",
			"SKIP, refuses, 418" })
	void oneWhoseAnswerCannotBeWrittenFails(OnFailure onFailure, String how, int status) throws Exception {
		String response = exchange(chain().middleware("a", work((exchange) -> later(null)))
			.middleware("b", onFailure, work((exchange) -> Mono.just(unwritable(how))))
			.middleware("c", work((exchange) -> Mono.never())));
		assertThat(response).startsWith("HTTP/1.1 " + status + " ");
		RecordedRequest record = this.listener.take();
		assertThat(record.results()).containsExactly("a PASSED", "b FAILED", "c CANCELLED");
		assertThat(record.status()).isEqualTo(status);
		assertThat(record.result()).isEqualTo(how.equals("cut") ? RequestResult.CUT : RequestResult.ERROR_PAGE);
		assertThat(this.handled).hasValue(0);
	}

	@ParameterizedTest
	@ValueSource(strings = { "throws", "fails", "failsInBody" })
	void oneWhoseAnswerCannotBeWrittenIsSkippedIfItCanBeDoneWithout(String how) throws Exception {
		String response = exchange(chain().middleware("a", work((exchange) -> later(null)))
			.middleware("b", OnFailure.SKIP, work((exchange) -> Mono.just(unwritable(how)))));
		assertThat(response).startsWith("HTTP/1.1 200 ").doesNotContain("failed");
		RecordedRequest record = this.listener.take();
		assertThat(record.results()).containsExactly("a PASSED", "b FAILED_OPEN");
		assertThat(record.result()).isEqualTo(RequestResult.OK);
		assertThat(this.handled).hasValue(1);
	}

	@Test
	void thoseThatHadLostToItDecideThen() throws Exception {
		AtomicInteger begun = new AtomicInteger();
		TestChain chain = chain()
			.middleware("a", OnFailure.SKIP,
					work((exchange) -> Mono.delay(Duration.ofMillis(5)).map((tick) -> unwritable("fails"))))
			.middleware("b", work((exchange) -> Mono.delay(Duration.ofMillis(10)).then(Mono.empty())))
			.middleware("c", OnFailure.SKIP, work((exchange) -> Mono.just(unwritable("fails"))))
			.middleware("d", work((exchange) -> Mono.just(answer(400 + begun.incrementAndGet()))))
			.middleware("e", work((exchange) -> Mono.never()));
		assertThat(exchange(chain)).startsWith("HTTP/1.1 403 ");
		RecordedRequest record = this.listener.take();
		assertThat(record.results()).containsExactly("a FAILED_OPEN", "b PASSED", "c FAILED_OPEN", "d ANSWERED",
				"e CANCELLED");
		assertThat(this.handled).hasValue(0);
	}

	/**
	 * The client leaves at the very moment in which the one that they had lost to is
	 * skipped.
	 */
	@Test
	void thoseThatHadLostToItDoNotBeginAgainAfterTheEnd() throws Exception {
		List<Disposable> requests = new ArrayList<>();
		List<String> events = new ArrayList<>();
		Sinks.One<WebHandler> a = Sinks.one();
		HttpHandler handler = chain().failures((middleware, part, ex, request) -> {
			requests.forEach(Disposable::dispose);
			events.add("left");
		}).middleware("a", OnFailure.SKIP, work((exchange) -> a.asMono())).middleware("b", work((exchange) -> {
			events.add("b begins");
			return Mono.never();
		})).build(handler(0));
		requests.add(TestChain.exchange(handler, MockServerHttpRequest.get("/").build()).subscribe());
		a.tryEmitValue(unwritable("fails"));
		assertThat(events).containsExactly("b begins", "left");
		assertThat(this.listener.take().results()).containsExactly("a FAILED_OPEN", "b CANCELLED");
		assertThat(this.handled).hasValue(0);
	}

	/**
	 * The same where one further out gives the group up.
	 */
	@Test
	void thoseThatHadLostToItDoNotBeginAgainIfTheGroupIsGivenUp() throws Exception {
		AtomicInteger begun = new AtomicInteger();
		Sinks.One<WebHandler> a = Sinks.one();
		Sinks.Empty<Void> limit = Sinks.empty();
		TestChain.exchange(chain().middleware("gives up", givesUp(limit, Mono.never()))
			.failures((middleware, part, ex, request) -> limit.tryEmitEmpty())
			.middleware("a", OnFailure.SKIP, work((exchange) -> a.asMono()))
			.middleware("b", work((exchange) -> {
				begun.incrementAndGet();
				return Mono.never();
			}))
			.build(handler(0)), MockServerHttpRequest.get("/").build()).subscribe();
		a.tryEmitValue(unwritable("fails"));
		assertThat(begun).hasValue(1);
		assertThat(this.handled).hasValue(0);
	}

	/**
	 * One further out gives the group up at the very moment in which a member has
	 * decided.
	 */
	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void theAnswerOfAGroupThatIsGivenUpIsNotBegun(boolean foreign) throws Exception {
		AtomicInteger begun = new AtomicInteger();
		Sinks.One<WebHandler> a = Sinks.one();
		Sinks.Empty<Void> limit = Sinks.empty();
		Sinks.Empty<Void> answers = Sinks.empty();
		MockServerHttpResponse response = new MockServerHttpResponse();
		TestChain chain = foreign ? chain().foreign("gives up", givesUp(limit, answers.asMono()))
				: chain().middleware("gives up", givesUp(limit, answers.asMono()));
		chain.middleware("a", work((exchange) -> a.asMono()))
			.middleware("b", work((exchange) -> Mono.<WebHandler>never().doOnCancel(limit::tryEmitEmpty)))
			.build(handler(0))
			.handle(MockServerHttpRequest.get("/").build(), response)
			.subscribe();
		this.ticker.advanceMillis(10);
		a.tryEmitValue((exchange) -> {
			begun.incrementAndGet();
			exchange.getResponse().getHeaders().set("X-Late", "yes");
			return answer(401).handle(exchange);
		});
		this.ticker.advanceMillis(50);
		answers.tryEmitEmpty();
		assertThat(begun).hasValue(0);
		assertThat(response.getStatusCode()).isEqualTo(HttpStatus.GATEWAY_TIMEOUT);
		assertThat(response.getHeaders().headerNames()).isEmpty();
		RecordedRequest record = this.listener.take();
		assertThat(record.results()).endsWith("a CANCELLED", "b CANCELLED");
		assertThat(record.steps()).extracting((step) -> Duration.ofNanos(step.own()).toMillis())
			.isEqualTo(foreign ? List.of(10L, 0L) : List.of(50L, 10L, 0L));
	}

	/**
	 * Gives the rest up, and answers itself when it is told to.
	 */
	private static WebFilter givesUp(Sinks.Empty<Void> limit, Mono<Void> answers) {
		return (exchange, next) -> next.filter(exchange)
			.timeout(limit.asMono(), answers.then(Mono.defer(() -> answer(504).handle(exchange))));
	}

	@Test
	void theHandlerRunsOnceThoseThatHadLostToItHavePassed() throws Exception {
		TestChain chain = chain().middleware("a", OnFailure.SKIP, work((exchange) -> Mono.just(unwritable("fails"))))
			.middleware("b", work((exchange) -> Mono.empty()))
			.middleware("c", work((exchange) -> later(null)));
		assertThat(exchange(chain)).startsWith("HTTP/1.1 200 ").doesNotContain("failed");
		assertThat(this.listener.take().results()).containsExactly("a FAILED_OPEN", "b PASSED", "c PASSED");
		assertThat(this.handled).hasValue(1);
	}

	@Test
	void aStatusThatAnotherOneHasSetDecidesOnceItIsSkipped() throws Exception {
		TestChain chain = chain()
			.middleware("a",
					work((exchange) -> Mono
						.fromRunnable(() -> exchange.getResponse().setStatusCode(HttpStatus.UNAUTHORIZED))))
			.middleware("b", OnFailure.SKIP, work((exchange) -> Mono.just(unwritable("fails"))))
			.middleware("c", work((exchange) -> Mono.never()));
		assertThat(exchange(chain)).startsWith("HTTP/1.1 401 ").doesNotContain("failed");
		assertThat(this.listener.take().results()).containsExactly("a ANSWERED", "b FAILED_OPEN", "c CANCELLED");
		assertThat(this.handled).hasValue(0);
	}

	@Test
	void onlyThoseInScopeTakePart() throws Exception {
		MiddlewareScope posts = new MiddlewareScope(List.of(), List.of(), Set.of(HttpMethod.POST));
		HttpHandler handler = chain().entry(concurrent(0, "a", posts))
			.entry(concurrent(1, "b", MiddlewareScope.ALL))
			.entry(concurrent(2, "c", posts))
			.build(handler(0));
		TestChain.get(handler, "/");
		assertThat(this.listener.take().results()).containsExactly("b PASSED");
		TestChain.request(handler, HttpMethod.POST, "/");
		assertThat(this.listener.take().results()).containsExactly("a PASSED", "b PASSED", "c PASSED");
		HttpHandler none = chain().entry(concurrent(0, "a", posts)).entry(concurrent(1, "c", posts)).build(handler(0));
		TestChain.get(none, "/");
		assertThat(this.listener.take().results()).isEmpty();
		assertThat(this.handled).hasValue(1);
	}

	@Test
	void othersInBetweenDivideAGroup() throws Exception {
		Sinks.One<WebHandler> a = Sinks.one();
		List<String> begun = Collections.synchronizedList(new ArrayList<>());
		HttpHandler handler = chain().middleware("a", work((exchange) -> {
			begun.add("a");
			return a.asMono();
		})).middleware("between", (exchange, next) -> next.filter(exchange)).middleware("b", work((exchange) -> {
			begun.add("b");
			return Mono.empty();
		})).build(handler(0));
		TestChain.exchange(handler, MockServerHttpRequest.get("/").build()).subscribe();
		assertThat(begun).containsExactly("a");
		a.tryEmitEmpty();
		assertThat(begun).containsExactly("a", "b");
		assertThat(this.listener.take().results()).containsExactly("a PASSED", "between PASSED", "b PASSED");
	}

	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void aClientThatLeavesCancelsAllOfThem(boolean handing) throws Exception {
		Semaphore there = new Semaphore(0);
		Semaphore cancelled = new Semaphore(0);
		Mono<WebHandler> stuck = Mono.<WebHandler>never()
			.doOnSubscribe((subscription) -> there.release())
			.doOnCancel(cancelled::release);
		HttpHandler handler = chain()
			.middleware("a", work((exchange) -> handing ? Mono.delay(Duration.ofMillis(1)).then(Mono.empty()) : stuck))
			.middleware("b", work((exchange) -> handing ? Mono.empty() : stuck))
			.build((exchange) -> stuck.then());
		try (WireServer server = new WireServer(handler); Socket socket = server.open()) {
			WireServer.send(socket, "GET /");
			assertThat(there.tryAcquire(handing ? 1 : 2, 10, TimeUnit.SECONDS)).isTrue();
			WireServer.reset(socket);
			assertThat(cancelled.tryAcquire(handing ? 1 : 2, 10, TimeUnit.SECONDS)).isTrue();
		}
		RecordedRequest record = this.listener.take();
		assertThat(record.result()).isEqualTo(RequestResult.GONE_BEFORE_HEAD);
		assertThat(record.results()).containsExactly(handing ? "a PASSED" : "a CANCELLED",
				handing ? "b PASSED" : "b CANCELLED");
	}

	@Test
	void aRaceDecidesNothing() throws Exception {
		HttpHandler handler = chain().ticker(Ticker.SYSTEM)
			.middleware("passes", work((exchange) -> later(null)))
			.middleware("denies", work((exchange) -> later(401)))
			.middleware("fails", work((exchange) -> later(null).then(Mono.error(new IllegalStateException("loses")))))
			.middleware("answers", work((exchange) -> later(403)))
			.build(handler(0));
		IntStream.range(0, 5_000).parallel().forEach((i) -> TestChain.get(handler, "/"));
		for (int i = 0; i < 5_000; i++) {
			RecordedRequest record = this.listener.take();
			assertThat(record.status()).isEqualTo(401);
			assertThat(record.results()).containsExactly("passes PASSED", "denies ANSWERED", "fails CANCELLED",
					"answers CANCELLED");
		}
		assertThat(this.handled).hasValue(0);
	}

	@Test
	void contextAndRetriesOfOutsideReachTheMembers() throws Exception {
		AtomicInteger runs = new AtomicInteger();
		List<String> seen = Collections.synchronizedList(new ArrayList<>());
		HttpHandler handler = chain()
			.middleware("retries", (exchange,
					next) -> next.filter(exchange).contextWrite((context) -> context.put("key", "value")).retry(1))
			.middleware("a", work((exchange) -> Mono.deferContextual((context) -> {
				seen.add(context.get("key"));
				return Mono.empty();
			})))
			.middleware("b",
					work((exchange) -> Mono.defer(() -> (runs.incrementAndGet() == 1)
							? Mono.error(new IllegalStateException("again")) : Mono.empty())))
			.build(handler(0));
		TestChain.get(handler, "/");
		assertThat(seen).containsExactly("value", "value");
		assertThat(this.listener.take().results()).containsExactly("retries PASSED", "a PASSED", "b PASSED");
		assertThat(this.handled).hasValue(1);
	}

	private TestChain chain() {
		this.handled.set(0);
		return new TestChain().listener(this.listener).ticker(this.ticker);
	}

	private int status(TestChain chain, String path) throws Exception {
		try (WireServer server = new WireServer(chain.build(handler(0)))) {
			return Integer.parseInt(server.exchange("GET " + path).substring(9, 12));
		}
	}

	private String exchange(TestChain chain) throws Exception {
		try (WireServer server = new WireServer(chain.quietErrors().build(handler(0)))) {
			return server.exchange("GET /");
		}
	}

	private WebHandler handler(int milliseconds) {
		return (exchange) -> {
			this.handled.incrementAndGet();
			this.ticker.advanceMillis(milliseconds);
			return exchange.getResponse().setComplete();
		};
	}

	private WebFilter busy(int milliseconds) {
		return (exchange, next) -> {
			this.ticker.advanceMillis(milliseconds);
			return next.filter(exchange);
		};
	}

	private static Mono<WebHandler> later(Integer status) {
		int choice = ThreadLocalRandom.current().nextInt(3);
		WebHandler answer = (status != null) ? answer(status) : null;
		return switch (choice) {
			case 0 -> Mono.justOrEmpty(answer);
			case 1 -> Mono.justOrEmpty(answer).subscribeOn(Schedulers.boundedElastic());
			default -> Mono.justOrEmpty(answer).publishOn(Schedulers.parallel());
		};
	}

	private static WebHandler answer(int status) {
		return (exchange) -> {
			exchange.getResponse().setStatusCode(HttpStatus.valueOf(status));
			return exchange.getResponse().setComplete();
		};
	}

	/**
	 * An answer that leaves a status and a header behind and cannot be written, or not to
	 * its end.
	 */
	private static WebHandler unwritable(String how) {
		return (exchange) -> {
			ServerHttpResponse response = exchange.getResponse();
			response.setStatusCode(HttpStatus.UNAUTHORIZED);
			response.getHeaders().set("Failed", "failed");
			IllegalStateException failure = new IllegalStateException("test");
			return switch (how) {
				case "throws" -> throw failure;
				case "fails" -> Mono.error(failure);
				case "failsInBody" -> response.writeWith(Mono.error(failure));
				case "refuses" -> Mono.error(new ResponseStatusException(HttpStatus.I_AM_A_TEAPOT));
				default -> response
					.writeWith(Flux.concat(Mono.fromSupplier(() -> response.bufferFactory().wrap("begins".getBytes())),
							Mono.error(failure)));
			};
		};
	}

	private static Middleware concurrent(int index, String name, MiddlewareScope scope) {
		MiddlewareCode code = work((exchange) -> Mono.empty());
		return new Middleware(index, name, Work.class, index, scope, OnFailure.FAIL, null, code);
	}

	private static MiddlewareCode work(Work work) {
		return new MiddlewareCode(Style.HOOKS, RunsOn.EVENT_LOOP,
				(exchange, next) -> Mono.defer(() -> work.begin(exchange))
					.flatMap((answer) -> answer.handle(exchange).thenReturn(answer))
					.switchIfEmpty(next.filter(exchange).then(Mono.empty()))
					.then(),
				(ServerWebExchange exchange, ContextView context, Beginning beginning) -> work.begin(exchange), null);
	}

	private static Tuple tuple(String name, long own) {
		return Assertions.tuple(name, own);
	}

	/**
	 * What a member does.
	 */
	@FunctionalInterface
	private interface Work {

		Mono<WebHandler> begin(ServerWebExchange exchange);

	}

}
