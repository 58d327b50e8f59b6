package io.github.asyncmiddleware.test;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.OnFailure;
import io.github.asyncmiddleware.OnRequest;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.test.scheduler.VirtualTimeScheduler;

import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.web.server.WebFilter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for {@link RunningExchange}.
 */
class RunningExchangeTests {

	@Test
	void timesOutOnItsOwnClock() {
		MiddlewareTester tester = MiddlewareTester.of(new Flags());
		assertThat(tester.start(get("/")).advance(Duration.ofMillis(200)).await()).timedOut()
			.skipped()
			.hasResult("timeout_open")
			.hasOwnTime(Duration.ofMillis(200))
			.hasStatusOk()
			.reachedHandler();
		assertThat(MiddlewareTester.of(new Flags())
			.withAttributes((attributes) -> attributes.onFailure(OnFailure.FAIL).timeout(Duration.ofHours(1)))
			.start(get("/"))
			.advance(Duration.ofHours(1))
			.await()).timedOut().hasResult("timeout").hasStatus(503).didNotReachHandler();
	}

	@Test
	void doesNotTimeOutAMomentEarlier() {
		CompletableFuture<Void> flags = new CompletableFuture<>();
		RunningExchange exchange = MiddlewareTester.of(new Flags(flags))
			.start(get("/"))
			.advance(Duration.ofMillis(200).minusNanos(1));
		flags.complete(null);
		assertThat(exchange.await()).passed().hasOwnTime(Duration.ofNanos(199_999_999));
	}

	@Test
	void doesNotCountTheTimeOfTheHandler() {
		CompletableFuture<Void> answer = new CompletableFuture<>();
		RunningExchange exchange = MiddlewareTester.of(new Flags(CompletableFuture.completedFuture(null)))
			.withHandler((request) -> Mono.fromFuture(answer).then(request.getResponse().setComplete()))
			.start(get("/"))
			.awaitHandler()
			.advance(Duration.ofHours(1));
		answer.complete(null);
		MiddlewareTestResult result = exchange.await();
		assertThat(result).passed().hasOwnTime(Duration.ZERO);
		assertThat(result.middleware().getTimeToFirstByte()).isEqualTo(Duration.ofHours(1));
	}

	@Test
	void timesOutABlockingHook() throws Exception {
		CountDownLatch never = new CountDownLatch(1);
		assertThat(MiddlewareTester.of(new Flags(CompletableFuture.completedFuture(null)), new Jdbc(never))
			.start(get("/"))
			.awaitEntered("runningExchangeTests.Jdbc")
			.advance(Duration.ofSeconds(2))
			.await()
			.middleware(Jdbc.class)).timedOut().hasOwnTime(Duration.ofSeconds(2));
		never.countDown();
	}

	@Test
	void advancesTheVirtualTimeOfReactorToo() {
		VirtualTimeScheduler.getOrSet();
		try {
			WebFilter slow = (exchange, chain) -> Mono.delay(Duration.ofMinutes(5)).then(chain.filter(exchange));
			RunningExchange exchange = MiddlewareTester.of(slow).start(get("/"));
			assertThat(exchange.advance(Duration.ofMinutes(5)).await()).passed().hasOwnTime(Duration.ofMinutes(5));
		}
		finally {
			VirtualTimeScheduler.reset();
		}
	}

	@Test
	void letsTheClientLeave() {
		assertThat(MiddlewareTester.of(new Flags()).start(get("/")).cancel().await()).wasCancelled()
			.didNotReachHandler();
	}

	@Test
	void shedsWhatIsTooMuch() {
		CountDownLatch release = new CountDownLatch(1);
		MiddlewareTester tester = MiddlewareTester.of(new Jdbc(release))
			.withAttributes((attributes) -> attributes.maxConcurrent(1))
			.withPropertyValues("async-middleware.blocking.max-queued=0");
		RunningExchange first = tester.start(get("/"));
		assertThat(tester.exchange(get("/"))).wasShed().hasStatus(503);
		release.countDown();
		assertThat(first.await()).passed();
	}

	@Test
	void saysWhatARequestWaitsForThatDoesNotEnd() {
		MiddlewareTester tester = MiddlewareTester.of(new Flags()).withTimeLimit(Duration.ofSeconds(2));
		assertThatExceptionOfType(AssertionError.class).isThrownBy(() -> tester.exchange(get("/x")))
			.withMessage("The request GET /x is still running after 2000 ms of real time: it waits for the middleware"
					+ " 'runningExchangeTests.Flags' (" + Flags.class.getName() + ", order 0). Its timeout counts on"
					+ " a clock that stands still until a test advances it: use"
					+ " start(request).advance(Duration.ofMillis(200)).await().");
		assertThatExceptionOfType(AssertionError.class)
			.isThrownBy(() -> tester.withTimeLimit(Duration.ofMillis(200))
				.withAttributes((attributes) -> attributes.path("/y"))
				.withHandler((exchange) -> Mono.never())
				.exchange(get("/x")))
			.withMessageEndingWith("it waits for the handler, or for a filter that is no middleware.");
	}

	@Test
	void saysThatAMiddlewareIsNotEntered() {
		RunningExchange exchange = MiddlewareTester.of(new Flags(CompletableFuture.completedFuture(null)))
			.withAttributes((attributes) -> attributes.path("/other"))
			.start(get("/"));
		assertThatExceptionOfType(AssertionError.class)
			.isThrownBy(() -> exchange.awaitEntered("runningExchangeTests.Flags"))
			.withMessage("The request has ended, but the middleware 'runningExchangeTests.Flags' is not entered.");
		assertThatIllegalArgumentException().isThrownBy(() -> exchange.awaitEntered("other"))
			.withMessage("There is no middleware 'other', only [runningExchangeTests.Flags]");
	}

	private static MockServerHttpRequest.BaseBuilder<?> get(String path) {
		return MockServerHttpRequest.get(path);
	}

	@AsyncMiddleware(timeout = "200ms", onFailure = OnFailure.SKIP)
	static class Flags {

		private final CompletableFuture<Void> flags;

		Flags() {
			this(new CompletableFuture<>());
		}

		Flags(CompletableFuture<Void> flags) {
			this.flags = flags;
		}

		@OnRequest
		CompletionStage<Void> load() {
			return this.flags;
		}

	}

	@AsyncMiddleware(timeout = "2s")
	static class Jdbc {

		private final CountDownLatch release;

		Jdbc(CountDownLatch release) {
			this.release = release;
		}

		@OnRequest
		void load() throws InterruptedException {
			this.release.await();
		}

	}

}
