package io.github.asyncmiddleware.internal.watch;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import io.github.asyncmiddleware.OnFailure;
import io.github.asyncmiddleware.internal.chain.Middleware;
import io.github.asyncmiddleware.internal.chain.MiddlewareCode;
import io.github.asyncmiddleware.internal.chain.MiddlewareScope;
import io.github.asyncmiddleware.internal.chain.RunsOn;
import io.github.asyncmiddleware.internal.chain.Style;
import io.github.asyncmiddleware.internal.guard.Documentation;
import io.github.asyncmiddleware.internal.record.RequestResult;
import io.github.asyncmiddleware.testsupport.RecordingListener;
import io.github.asyncmiddleware.testsupport.TestChain;
import io.github.asyncmiddleware.testsupport.TestTicker;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.core.io.buffer.DefaultDataBufferFactory;
import org.springframework.http.server.reactive.HttpHandler;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.web.server.WebHandler;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link StuckRequests}.
 */
@ExtendWith(OutputCaptureExtension.class)
class StuckRequestsTests {

	private final TestTicker ticker = new TestTicker();

	private final ThreadActivities activities = new ThreadActivities();

	private final ActiveRequests active = new ActiveRequests();

	private final RecordingListener listener = new RecordingListener();

	@Test
	void countsThoseThatWaitUntilTheyAreGone(CapturedOutput output) throws Exception {
		Middleware waits = TestChain.middleware(0, "waits", (exchange, chain) -> Mono.never());
		Middleware passes = TestChain.middleware(1, "passes");
		StuckRequests stuck = stuck(waits, passes);
		// Where it was placed by what it has to precede
		HttpHandler handler = chain(waits.withOrder(-7), passes).build();
		List<Disposable> requests = new ArrayList<>();
		for (int i = 0; i < 100; i++) {
			requests.add(open(handler));
		}
		look(stuck);
		assertThat(this.active.count(waits)).isEqualTo(100);
		assertThat(this.active.oldest(waits)).isZero();
		assertThat(this.active.count(passes)).isZero();
		assertThat(stuck.isIdle()).isFalse();
		for (int i = 1; i <= 59; i++) {
			look(stuck);
			assertThat(this.active.oldest(waits)).isEqualTo(Duration.ofSeconds(i));
		}
		assertThat(lines(output)).isEmpty();
		for (int i = 0; i < 59; i++) {
			look(stuck);
		}
		assertThat(lines(output)).singleElement()
			.asString()
			.endsWith("[stuck_request] The middleware 'waits' (" + waits.type().getName() + ", order -7) keeps 100"
					+ " requests waiting, the oldest for 60 s. Set a timeout for the middleware, or a time"
					+ " limit for the call that it waits for." + Documentation.see("blocking", "stuck_request"));
		look(stuck);
		look(stuck);
		assertThat(lines(output)).hasSize(2);
		requests.forEach(Disposable::dispose);
		look(stuck);
		assertThat(this.active.count(waits)).isZero();
		assertThat(this.active.oldest(waits)).isZero();
		assertThat(stuck.isIdle()).isTrue();
		assertThat(this.activities.hasNothingInFlight()).isTrue();
		for (int i = 0; i < 100; i++) {
			assertThat(this.listener.take().result()).isEqualTo(RequestResult.GONE_BEFORE_HEAD);
		}
		assertThat(this.listener.isEmpty()).isTrue();
	}

	@Test
	void theAgeGoesOnWhereAFilterTriesAgain() throws Exception {
		Sinks.Many<Integer> limits = Sinks.many().multicast().directBestEffort();
		Middleware retries = TestChain.middleware(0, "retries",
				(exchange, chain) -> chain.filter(exchange).takeUntilOther(limits.asFlux()).repeat().then());
		Middleware waits = TestChain.middleware(1, "waits", (exchange, chain) -> Mono.never());
		StuckRequests stuck = stuck(retries, waits);
		Disposable request = open(chain(retries, waits).build());
		look(stuck);
		for (int i = 1; i <= 3; i++) {
			limits.tryEmitNext(i);
			look(stuck);
			assertThat(this.active.oldest(waits)).isEqualTo(Duration.ofSeconds(i));
		}
		request.dispose();
		this.listener.take();
	}

	@Test
	void removesThoseInTheMiddle() {
		Middleware waits = TestChain.middleware(0, "waits", (exchange, chain) -> Mono.never());
		StuckRequests stuck = stuck(waits);
		HttpHandler handler = chain(waits).build();
		List<Disposable> requests = List.of(open(handler), open(handler), open(handler), open(handler));
		for (int i : new int[] { 1, 3, 0, 2 }) {
			requests.get(i).dispose();
		}
		look(stuck);
		assertThat(this.active.count(waits)).isZero();
		assertThat(this.activities.hasNothingInFlight()).isTrue();
	}

	@Test
	void doesNotBlameForWhatComesAfter(CapturedOutput output) {
		Middleware passes = TestChain.middleware(0, "passes");
		StuckRequests stuck = stuck(passes);
		open(chain(passes).build((exchange) -> Mono.never()));
		for (int i = 0; i < 100; i++) {
			look(stuck);
		}
		assertThat(this.active.count(passes)).isZero();
		assertThat(lines(output)).isEmpty();
		assertThat(this.activities.hasNothingInFlight()).isFalse();
	}

	@Test
	void doesNotCountARequestWhoseHeadIsOut(CapturedOutput output) {
		Middleware streams = TestChain.middleware(0, "streams",
				(exchange, chain) -> chain.filter(exchange).then(Mono.never()));
		StuckRequests stuck = stuck(streams);
		open(chain(streams).build((exchange) -> exchange.getResponse()
			.writeWith(Mono.just(DefaultDataBufferFactory.sharedInstance.wrap(new byte[1])))));
		for (int i = 0; i < 100; i++) {
			look(stuck);
		}
		assertThat(this.active.count(streams)).isZero();
		assertThat(lines(output)).isEmpty();
	}

	@Test
	void doesNotBlameForTheTimeInWhichTheProcessStoodStill(CapturedOutput output) {
		Middleware waits = TestChain.middleware(0, "waits", (exchange, chain) -> Mono.never());
		StuckRequests stuck = stuck(waits);
		open(chain(waits).build());
		look(stuck);
		look(stuck);
		this.ticker.advance(Duration.ofHours(1));
		look(stuck);
		assertThat(lines(output)).isEmpty();
		// One look before, and two for the hour
		assertThat(this.active.oldest(waits)).isEqualTo(Duration.ofSeconds(3));
		for (int i = 0; i < 57; i++) {
			look(stuck);
		}
		assertThat(lines(output)).singleElement().asString().contains("keeps 1 request waiting, the oldest for 60 s");
	}

	@Test
	void countsFromTheMomentTheMiddlewareGotIt() {
		Sinks.Empty<Void> first = Sinks.empty();
		Middleware one = TestChain.middleware(0, "one",
				(exchange, chain) -> first.asMono().then(Mono.defer(() -> chain.filter(exchange))));
		Middleware two = TestChain.middleware(1, "two", (exchange, chain) -> Mono.never());
		StuckRequests stuck = stuck(one, two);
		open(chain(one, two).build());
		for (int i = 0; i < 10; i++) {
			look(stuck);
		}
		assertThat(this.active.oldest(one)).isEqualTo(Duration.ofSeconds(9));
		first.tryEmitEmpty();
		look(stuck);
		assertThat(this.active.count(one)).isZero();
		assertThat(this.active.count(two)).isEqualTo(1);
		look(stuck);
		assertThat(this.active.oldest(two)).isEqualTo(Duration.ofSeconds(1));
	}

	@Test
	void namesTheFirstOfAGroupThatIsStillAtWork() {
		Sinks.Empty<WebHandler> first = Sinks.empty();
		Middleware one = concurrent(0, "one", first.asMono());
		Middleware two = concurrent(1, "two", Mono.never());
		StuckRequests stuck = stuck(one, two);
		open(chain(one, two).build());
		look(stuck);
		assertThat(this.active.count(one)).isEqualTo(1);
		assertThat(this.active.count(two)).isZero();
		first.tryEmitEmpty();
		look(stuck);
		assertThat(this.active.count(one)).isZero();
		assertThat(this.active.count(two)).isEqualTo(1);
	}

	@Test
	void letsGoOfEverythingWhenTheApplicationEnds() {
		Middleware waits = TestChain.middleware(0, "waits", (exchange, chain) -> Mono.never());
		StuckRequests stuck = stuck(waits);
		HttpHandler handler = chain(waits).build();
		Disposable request = open(handler);
		this.activities.close();
		assertThat(this.activities.hasNothingInFlight()).isTrue();
		open(handler);
		assertThat(this.activities.hasNothingInFlight()).isTrue();
		request.dispose();
		look(stuck);
		assertThat(this.active.count(waits)).isZero();
	}

	private StuckRequests stuck(Middleware... middlewares) {
		return new StuckRequests(this.activities, List.of(middlewares), this.active, Duration.ofMinutes(1),
				this.ticker);
	}

	private TestChain chain(Middleware... middlewares) {
		return new TestChain().activities(this.activities).listener(this.listener).entries(List.of(middlewares));
	}

	private static Disposable open(HttpHandler handler) {
		return TestChain.exchange(handler, MockServerHttpRequest.get("/").build()).subscribe();
	}

	private static Middleware concurrent(int index, String name, Mono<WebHandler> work) {
		return new Middleware(index, name, StuckRequestsTests.class, index, MiddlewareScope.ALL, OnFailure.FAIL, null,
				new MiddlewareCode(Style.HOOKS, RunsOn.EVENT_LOOP, (exchange, chain) -> chain.filter(exchange),
						(exchange, context, beginning) -> work, null));
	}

	private void look(StuckRequests stuck) {
		stuck.look(this.ticker.read());
		this.ticker.advanceNanos(stuck.period());
	}

	private static List<String> lines(CapturedOutput output) {
		return output.getOut().lines().filter((line) -> line.contains("[stuck_request]")).toList();
	}

}
