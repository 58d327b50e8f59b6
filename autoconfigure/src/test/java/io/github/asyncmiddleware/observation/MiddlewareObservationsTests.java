package io.github.asyncmiddleware.observation;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

import io.github.asyncmiddleware.testsupport.TestChain;
import io.github.asyncmiddleware.testsupport.TestTicker;
import io.micrometer.common.KeyValues;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationHandler;
import io.micrometer.observation.ObservationRegistry;
import io.micrometer.observation.contextpropagation.ObservationThreadLocalAccessor;
import io.micrometer.observation.tck.TestObservationRegistry;
import io.micrometer.observation.tck.TestObservationRegistryAssert;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.CoreSubscriber;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;

import org.springframework.http.HttpStatus;
import org.springframework.http.server.reactive.HttpHandler;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.mock.http.server.reactive.MockServerHttpResponse;
import org.springframework.web.server.ServerWebExchangeDecorator;
import org.springframework.web.server.WebFilter;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link MiddlewareObservations}.
 */
class MiddlewareObservationsTests {

	private static final String NAME = "async.middleware.observation";

	private static final String SERVER = "http.server.requests";

	private final TestObservationRegistry registry = TestObservationRegistry.create();

	private final List<String> stopped = new CopyOnWriteArrayList<>();

	private final AtomicInteger started = new AtomicInteger();

	private final List<String> seen = new CopyOnWriteArrayList<>();

	private final TestChain chain = chain(this.registry, null);

	private TestChain chain(ObservationRegistry registry, MiddlewareObservationConvention convention) {
		MiddlewareObservations observations = new MiddlewareObservations(registry, convention);
		return new TestChain().quietErrors()
			.observationRegistry(registry)
			.listener(observations)
			.observer(observations);
	}

	MiddlewareObservationsTests() {
		this.registry.observationConfig().observationHandler(new Recorder());
	}

	@Test
	void observesEachMiddlewareBelowTheServer() {
		run(this.chain.middleware("passes", (exchange, next) -> next.filter(exchange))
			.middleware("waits", waits("waits"))
			.measured("foreign", waits("foreign"))
			.middleware("inner", waits("inner")));
		assertThat(this.stopped).containsExactlyInAnyOrder("passes passed < " + SERVER, "waits passed < " + SERVER,
				"foreign passed < " + SERVER, "inner passed < " + SERVER);
		TestObservationRegistryAssert.assertThat(this.registry).doesNotHaveAnyRemainingCurrentObservation();
	}

	@Test
	void belongsToWhatTheMiddlewareDoesItselfAndNotToTheRest() {
		run(this.chain.middleware("outer", looks("outer")).measured("foreign", looks("foreign")));
		assertThat(this.seen).containsExactly("outer before: outer", "foreign before: foreign", "handler: " + SERVER,
				"foreign after: foreign", "outer after: outer");
	}

	/**
	 * As Spring Security does.
	 */
	@Test
	void isBelowTheServerAlsoBehindAnObservationOfAnotherFilter() {
		run(this.chain.foreign("security", (exchange, next) -> Mono.deferContextual((context) -> {
			Observation outer = context.get(ObservationThreadLocalAccessor.KEY);
			Observation own = Observation.createNotStarted("security", this.registry).parentObservation(outer).start();
			return next.filter(exchange)
				.contextWrite((all) -> all.put(ObservationThreadLocalAccessor.KEY, own))
				.doOnTerminate(own::stop);
		})).middleware("behind", looks("behind")));
		assertThat(this.seen).containsExactly("behind before: behind", "handler: security", "behind after: behind");
		assertThat(this.stopped).containsExactly("behind passed < " + SERVER);
	}

	@Test
	void isBelowTheServerAlsoWhereTheThreadIsInsideOfAnother() {
		run(this.chain.middleware("outer", (exchange, next) -> new Mono<>() {

			@Override
			public void subscribe(CoreSubscriber<? super Void> actual) {
				Observation own = actual.currentContext().get(ObservationThreadLocalAccessor.KEY);
				own.scoped(() -> next.filter(exchange).subscribe(actual));
			}

		}).middleware("inner", waits("inner")));
		assertThat(this.stopped).containsExactlyInAnyOrder("outer passed < " + SERVER, "inner passed < " + SERVER);
	}

	@Test
	void leavesAnObservationThatTheMiddlewareHasChosenForTheRest() {
		run(this.chain.middleware("chooses", (exchange, next) -> {
			Observation chosen = Observation.createNotStarted("chosen", this.registry);
			return next.filter(exchange)
				.contextWrite((context) -> context.put(ObservationThreadLocalAccessor.KEY, chosen));
		}));
		assertThat(this.seen).containsExactly("handler: chosen");
	}

	@Test
	void tellsResultAndOwnTime() {
		TestTicker ticker = new TestTicker();
		run(this.chain.ticker(ticker).middleware("takes", (exchange, next) -> {
			ticker.advanceNanos(1_234_567);
			return next.filter(exchange);
		}));
		TestObservationRegistryAssert.assertThat(this.registry)
			.hasObservationWithNameEqualTo(NAME)
			.that()
			.hasContextualNameEqualTo("middleware takes")
			.hasLowCardinalityKeyValue("middleware", "takes")
			.hasLowCardinalityKeyValue("result", "passed")
			.hasHighCardinalityKeyValue("own", "1.234")
			.hasBeenStarted()
			.hasBeenStopped();
	}

	@Test
	void tellsWhatItHasFailedWith() {
		run(this.chain.middleware("outer", waits("outer"))
			.middleware("fails", (exchange, next) -> Mono.error(new IllegalStateException("on purpose"))));
		assertThat(this.stopped).containsExactlyInAnyOrder("outer passed < " + SERVER,
				"fails failed < " + SERVER + " java.lang.IllegalStateException: on purpose");
	}

	@Test
	void endsWithARequestThatIsCancelled() {
		HttpHandler handler = this.chain.middleware("waits", (exchange, next) -> Mono.never()).build();
		Disposable request = TestChain.exchange(handler, MockServerHttpRequest.get("/").build()).subscribe();
		assertThat(this.stopped).isEmpty();
		request.dispose();
		assertThat(this.stopped).containsExactly("waits cancelled < " + SERVER);
	}

	@Test
	void observesOnceWhatRunsOnceMore() {
		AtomicInteger calls = new AtomicInteger();
		HttpHandler handler = this.chain.middleware("retries", (exchange, next) -> next.filter(exchange).retry(1))
			.middleware("inner", looks("inner"))
			.build((exchange) -> (calls.getAndIncrement() == 0) ? Mono.error(new IllegalStateException("first"))
					: exchange.getResponse().setComplete());
		TestChain.get(handler, "/");
		assertThat(calls).hasValue(2);
		assertThat(this.stopped).containsExactlyInAnyOrder("retries passed < " + SERVER, "inner passed < " + SERVER);
		assertThat(this.seen).containsExactly("inner before: inner", "inner before: inner", "inner after: inner");
	}

	@Test
	void observesNothingWhereTheServerIsNotObserved() {
		this.registry.observationConfig().observationPredicate((name, context) -> !name.equals(SERVER));
		run(this.chain.middleware("passes", waits("passes")));
		assertThat(this.stopped).isEmpty();
	}

	@Test
	void observesNothingThatAPredicateRefuses() {
		this.registry.observationConfig()
			.observationPredicate((name, context) -> !(context instanceof MiddlewareObservationContext middleware)
					|| !middleware.getMiddleware().equals("refused"));
		run(this.chain.middleware("refused", looks("refused")).middleware("other", looks("other")));
		assertThat(this.stopped).containsExactly("other passed < " + SERVER);
		assertThat(this.seen).containsExactly("refused before: " + SERVER, "other before: other", "handler: " + SERVER,
				"other after: other", "refused after: " + SERVER);
	}

	@Test
	void asksTheConventionOfTheApplication() {
		run(chain(this.registry, new DefaultMiddlewareObservationConvention() {

			@Override
			public String getName() {
				return "acme.filter";
			}

			@Override
			public KeyValues getLowCardinalityKeyValues(MiddlewareObservationContext context) {
				return super.getLowCardinalityKeyValues(context).and("path", context.getRequest().getPath().value());
			}

		}).middleware("auth", waits("auth")));
		TestObservationRegistryAssert.assertThat(this.registry)
			.hasObservationWithNameEqualTo("acme.filter")
			.that()
			.hasLowCardinalityKeyValue("middleware", "auth")
			.hasLowCardinalityKeyValue("path", "/");
	}

	@ParameterizedTest
	@ValueSource(strings = { "start", "stop", "error" })
	void aHandlerThatThrowsDoesNotTouchTheResponse(String event) {
		this.registry.observationConfig().observationHandler(new Throwing(event));
		MockServerHttpResponse response = run(this.chain.middleware("passes", waits("passes"))
			.middleware("fails", (exchange, next) -> event.equals("error")
					? Mono.error(new IllegalStateException("own")) : next.filter(exchange)));
		assertThat(response.getStatusCode())
			.isEqualTo(event.equals("error") ? HttpStatus.INTERNAL_SERVER_ERROR : HttpStatus.ACCEPTED);
	}

	@ParameterizedTest
	@ValueSource(strings = { "name", "low", "high", "contextual", "null" })
	void aConventionThatThrowsDoesNotTouchTheResponse(String method) {
		MockServerHttpResponse response = run(
				chain(this.registry, new ThrowingConvention(method)).middleware("passes", waits("passes")));
		assertThat(response.getStatusCode()).isEqualTo(HttpStatus.ACCEPTED);
		assertThat(this.stopped).as("what the default convention is asked for")
			.containsExactly("passes passed < " + SERVER);
	}

	/**
	 * Micrometer puts the scope on the thread before it asks the handlers, and takes it
	 * away after.
	 */
	@ParameterizedTest
	@ValueSource(strings = { "opened", "closed" })
	void aHandlerThatThrowsForAScopeLeavesNothingOnTheThread(String event) {
		// As a tracer, which is told first when a scope opens and last when it closes
		Depth depth = new Depth();
		this.registry.observationConfig().observationHandler(depth).observationHandler(new ThrowingForScope(event));
		MockServerHttpResponse response = run(
				this.chain.middleware("first", waits("first")).middleware("second", waits("second")));
		assertThat(response.getStatusCode()).isEqualTo(HttpStatus.ACCEPTED);
		TestObservationRegistryAssert.assertThat(this.registry).doesNotHaveAnyRemainingCurrentObservation();
		assertThat(this.stopped).hasSize(this.started.get());
		assertThat(depth.scopes).isZero();
	}

	@Test
	void observesNothingThatCannotBeReported() {
		run(this.chain.middleware("outer", waits("outer"))
			.foreign("swaps", (exchange, next) -> next.filter(new ServerWebExchangeDecorator(exchange) {

				private final Map<String, Object> attributes = new ConcurrentHashMap<>();

				@Override
				public Map<String, Object> getAttributes() {
					return this.attributes;
				}

			}))
			.middleware("inner", waits("inner")));
		assertThat(this.stopped).containsExactly("outer passed < " + SERVER);
		assertThat(this.started).hasValue(1);
	}

	private MockServerHttpResponse run(TestChain chain) {
		MockServerHttpResponse response = new MockServerHttpResponse();
		HttpHandler handler = chain.build((exchange) -> Mono.deferContextual((context) -> {
			this.seen.add("handler: " + nameOf(context.getOrDefault(ObservationThreadLocalAccessor.KEY, null)));
			exchange.getResponse().setStatusCode(HttpStatus.ACCEPTED);
			return exchange.getResponse().setComplete();
		}));
		handler.handle(MockServerHttpRequest.get("/").build(), response).block(Duration.ofSeconds(10));
		return response;
	}

	private static WebFilter waits(String name) {
		return (exchange, next) -> next.filter(exchange)
			.doFinally((signal) -> exchange.getAttributes().put(name, signal));
	}

	/**
	 * Looks at the context of its own before and after the rest of the chain.
	 */
	private WebFilter looks(String name) {
		return (exchange, next) -> look(name + " before").then(next.filter(exchange)).then(look(name + " after"));
	}

	private Mono<Void> look(String where) {
		return Mono.deferContextual((context) -> {
			this.seen.add(where + ": " + nameOf(context.getOrDefault(ObservationThreadLocalAccessor.KEY, null)));
			return Mono.empty();
		});
	}

	private static String nameOf(Object observation) {
		Observation.ContextView context = ((Observation) observation).getContextView();
		return (context instanceof MiddlewareObservationContext middleware) ? middleware.getMiddleware()
				: context.getName();
	}

	/**
	 * Notes what has stopped: the name, the result and the parent.
	 */
	private final class Recorder implements ObservationHandler<MiddlewareObservationContext> {

		@Override
		public void onStart(MiddlewareObservationContext context) {
			MiddlewareObservationsTests.this.started.incrementAndGet();
		}

		@Override
		public void onStop(MiddlewareObservationContext context) {
			MiddlewareObservationsTests.this.stopped.add(context.getMiddleware() + " " + context.getResult() + " < "
					+ context.getParentObservation().getContextView().getName()
					+ ((context.getError() != null) ? " " + context.getError() : ""));
		}

		@Override
		public boolean supportsContext(Observation.Context context) {
			return context instanceof MiddlewareObservationContext;
		}

	}

	/**
	 * A handler that throws.
	 */
	private record Throwing(String event) implements ObservationHandler<MiddlewareObservationContext> {

		@Override
		public void onStart(MiddlewareObservationContext context) {
			throwOn("start");
		}

		@Override
		public void onError(MiddlewareObservationContext context) {
			throwOn("error");
		}

		@Override
		public void onStop(MiddlewareObservationContext context) {
			throwOn("stop");
		}

		private void throwOn(String event) {
			if (this.event.equals(event)) {
				throw new NoClassDefFoundError("on purpose");
			}
		}

		@Override
		public boolean supportsContext(Observation.Context context) {
			return context instanceof MiddlewareObservationContext;
		}

	}

	/**
	 * Counts the scopes that are open.
	 */
	private static final class Depth implements ObservationHandler<Observation.Context> {

		private int scopes;

		@Override
		public void onScopeOpened(Observation.Context context) {
			this.scopes++;
		}

		@Override
		public void onScopeClosed(Observation.Context context) {
			this.scopes--;
		}

		@Override
		public void onScopeReset(Observation.Context context) {
			this.scopes = 0;
		}

		@Override
		public boolean supportsContext(Observation.Context context) {
			return true;
		}

	}

	/**
	 * A handler that throws for the scope of any observation.
	 */
	private record ThrowingForScope(String event) implements ObservationHandler<Observation.Context> {

		@Override
		public void onScopeOpened(Observation.Context context) {
			throwOn("opened");
		}

		@Override
		public void onScopeClosed(Observation.Context context) {
			throwOn("closed");
		}

		private void throwOn(String event) {
			if (this.event.equals(event)) {
				throw new IllegalStateException("on purpose");
			}
		}

		@Override
		public boolean supportsContext(Observation.Context context) {
			return true;
		}

	}

	/**
	 * A convention that throws.
	 */
	private static final class ThrowingConvention extends DefaultMiddlewareObservationConvention {

		private final String method;

		ThrowingConvention(String method) {
			this.method = method;
		}

		private void throwIn(String method) {
			if (this.method.equals(method)) {
				throw new IllegalStateException("on purpose");
			}
		}

		@Override
		public String getName() {
			throwIn("name");
			return super.getName();
		}

		@Override
		public String getContextualName(MiddlewareObservationContext context) {
			throwIn("contextual");
			return super.getContextualName(context);
		}

		@Override
		public KeyValues getLowCardinalityKeyValues(MiddlewareObservationContext context) {
			throwIn("low");
			if (this.method.equals("null")) {
				return null;
			}
			return super.getLowCardinalityKeyValues(context);
		}

		@Override
		public KeyValues getHighCardinalityKeyValues(MiddlewareObservationContext context) {
			throwIn("high");
			return super.getHighCardinalityKeyValues(context);
		}

	}

}
