package io.github.asyncmiddleware.metrics;

import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import io.github.asyncmiddleware.internal.chain.Middleware;
import io.github.asyncmiddleware.internal.record.Outcome;
import io.github.asyncmiddleware.testsupport.TestChain;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.observation.DefaultMeterObservationHandler;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.observation.ObservationRegistry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.publisher.Mono;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.http.HttpMethod;
import org.springframework.http.server.reactive.HttpHandler;
import org.springframework.http.server.reactive.observation.ServerRequestObservationContext;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.mock.web.server.MockServerWebExchange;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebHandler;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link RequestTimers}.
 */
@ExtendWith(OutputCaptureExtension.class)
class RequestTimersTests {

	private final MeterRegistry registry = new SimpleMeterRegistry();

	private final RequestTimers timers = new RequestTimers(new GuardedRegistry(this.registry));

	@ParameterizedTest
	@MethodSource
	void hasTheTagsOfHttpServerRequests(HttpMethod method, String pattern, int status) {
		ObservationRegistry observations = ObservationRegistry.create();
		observations.observationConfig().observationHandler(new DefaultMeterObservationHandler(this.registry));
		List<Middleware> middlewares = List.of(TestChain.middleware(0, "a"));
		HttpHandler handler = new TestChain().entries(middlewares)
			.listener(MiddlewareMetrics.listener(this.registry, middlewares, List.of()))
			.observationRegistry(observations)
			.handler(new Mapped(pattern, status))
			.build();
		TestChain.request(handler, method, "/some/path");
		Set<Tag> expected = tags("http.server.requests", (tag) -> !Set.of("exception", "error").contains(tag.getKey()));
		assertThat(expected).hasSize(4);
		assertThat(tags("async.middleware.request.ttfb", (tag) -> true)).isEqualTo(expected);
	}

	static Stream<Arguments> hasTheTagsOfHttpServerRequests() {
		List<HttpMethod> methods = List.of(HttpMethod.GET, HttpMethod.TRACE, HttpMethod.valueOf("BREW"));
		List<Integer> statuses = List.of(101, 200, 299, 304, 399, 404, 418, 500, 599, 999);
		return methods.stream()
			.flatMap((method) -> Stream.of("/some/{id}", "", "none")
				.flatMap((pattern) -> statuses.stream().map((status) -> Arguments.of(method, pattern, status))));
	}

	@Test
	void returnsTheSameTimerForTheSameTags() {
		Timer timer = this.timers.get(HttpMethod.GET, exchange("/a"), 200);
		assertThat(this.timers.get(HttpMethod.GET, exchange("/a"), 200)).isSameAs(timer);
		assertThat(this.timers.get(HttpMethod.HEAD, exchange("/a"), 200)).isNotSameAs(timer);
		assertThat(this.timers.get(HttpMethod.GET, exchange("/a"), 201)).isNotSameAs(timer);
		assertThat(this.timers.get(HttpMethod.GET, exchange("/b"), 200)).isNotSameAs(timer);
		assertThat(this.timers.get(HttpMethod.GET, exchange("/a"), 200)).isSameAs(timer);
		assertThat(this.registry.getMeters()).hasSize(4);
	}

	@Test
	void hasOneTimerForAllMethodsThatAreUnknown() {
		Timer timer = this.timers.get(HttpMethod.valueOf("BREW"), exchange("/a"), 200);
		assertThat(this.timers.get(HttpMethod.valueOf("WHEN"), exchange("/a"), 200)).isSameAs(timer);
	}

	@Test
	void knowsNoUriWithoutAnExchange() {
		Timer timer = this.timers.get(HttpMethod.GET, null, 400);
		assertThat(timer.getId().getTag("uri")).isEqualTo("UNKNOWN");
	}

	@Test
	void knowsNoUriWhenTheAttributeHasAnotherUse() {
		ServerWebExchange exchange = exchange("/a");
		exchange.getAttributes().put(ServerRequestObservationContext.CURRENT_OBSERVATION_CONTEXT_ATTRIBUTE, "other");
		assertThat(this.timers.get(HttpMethod.GET, exchange, 200).getId().getTag("uri")).isEqualTo("UNKNOWN");
	}

	@Test
	void limitsTheNumberOfTimers(CapturedOutput output) {
		for (int i = 0; i < RequestTimers.LIMIT; i++) {
			this.timers.get(HttpMethod.GET, exchange("/" + i), 200);
		}
		assertThat(this.registry.getMeters()).hasSize(RequestTimers.LIMIT);
		Timer first = this.timers.get(HttpMethod.GET, exchange("/0"), 200);
		Timer other = this.timers.get(HttpMethod.GET, exchange("/more"), 200);
		assertThat(first.getId().getTag("uri")).isEqualTo("/0");
		assertThat(other.getId().getTags()).containsExactlyInAnyOrder(Tag.of("method", "UNKNOWN"),
				Tag.of("uri", "OTHER"), Tag.of("status", "UNKNOWN"), Tag.of("outcome", "SUCCESS"));
		for (int status = 100; status < 1000; status++) {
			this.timers.get(HttpMethod.PUT, exchange("/" + status), status);
		}
		assertThat(this.registry.getMeters()).hasSize(RequestTimers.LIMIT + Outcome.values().length);
		assertThat(output).containsOnlyOnce("'async.middleware.request.ttfb' has 1000 combinations of tags."
				+ " Further ones are recorded with the uri 'OTHER'");
	}

	private Set<Tag> tags(String meter, Predicate<Tag> filter) {
		return this.registry.get(meter)
			.meter()
			.getId()
			.getTags()
			.stream()
			.filter(filter)
			.collect(Collectors.toUnmodifiableSet());
	}

	private static ServerWebExchange exchange(String pattern) {
		ServerWebExchange exchange = MockServerWebExchange.from(MockServerHttpRequest.get("/"));
		ServerRequestObservationContext context = new ServerRequestObservationContext(exchange.getRequest(),
				exchange.getResponse(), exchange.getAttributes());
		context.setPathPattern(pattern);
		exchange.getAttributes().put(ServerRequestObservationContext.CURRENT_OBSERVATION_CONTEXT_ATTRIBUTE, context);
		return exchange;
	}

	/**
	 * Answers as a handler that was mapped by a pattern.
	 */
	private record Mapped(String pattern, int status) implements WebHandler {

		@Override
		public Mono<Void> handle(ServerWebExchange exchange) {
			if (!this.pattern.equals("none")) {
				ServerRequestObservationContext.findCurrent(exchange.getAttributes())
					.orElseThrow()
					.setPathPattern(this.pattern);
			}
			exchange.getResponse().setRawStatusCode(this.status);
			return exchange.getResponse().setComplete();
		}

	}

}
