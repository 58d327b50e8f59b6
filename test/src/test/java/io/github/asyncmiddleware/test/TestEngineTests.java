package io.github.asyncmiddleware.test;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

import io.github.asyncmiddleware.AsyncMiddleware;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Profile;
import org.springframework.context.support.PropertySourcesPlaceholderConfigurer;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.springframework.web.reactive.function.server.RouterFunctions.route;

/**
 * Tests for {@link TestEngine}.
 */
class TestEngineTests {

	private static final WebFilter PASSING = (exchange, chain) -> chain.filter(exchange);

	private static final WebFilter RECOVERING = (exchange, chain) -> chain.filter(exchange)
		.onErrorResume((failure) -> exchange.getResponse().setComplete());

	private static final WebFilter HANGING = (exchange, chain) -> chain.filter(exchange)
		.onErrorResume((failure) -> Mono.never());

	@Test
	void failsWithAnAssertionOfTheHandler() {
		assertFailsWithTheAssertionOfItsHandler(MiddlewareTester.of(PASSING));
		assertFailsWithTheAssertionOfItsHandler(MiddlewareTester.of(RECOVERING));
		assertFailsWithTheAssertionOfItsHandler(MiddlewareTester.of(HANGING).withTimeLimit(Duration.ofSeconds(1)));
		assertFailsWithTheAssertionOfItsHandler(MiddlewareTester.of());
	}

	private static void assertFailsWithTheAssertionOfItsHandler(MiddlewareTester tester) {
		AssertionError error = new AssertionError("no user");
		assertThatThrownBy(() -> tester.withHandler((exchange) -> {
			throw error;
		}).exchange(get("/"))).isSameAs(error);
		assertThatThrownBy(() -> tester.withHandler((exchange) -> Mono.error(error)).exchange(get("/")))
			.isSameAs(error);
		assertThatThrownBy(() -> tester
			.withRoutes(route().GET("/", (request) -> ServerResponse.ok().build(Mono.error(error))).build())
			.exchange(get("/"))).isSameAs(error);
	}

	@Test
	void cancelsARequestThatItGivesUp() throws InterruptedException {
		AtomicInteger attempts = new AtomicInteger();
		WebFilter retrying = (exchange,
				chain) -> chain.filter(exchange).doOnSubscribe((subscription) -> attempts.incrementAndGet()).retry();
		MiddlewareTester tester = MiddlewareTester.of(retrying)
			.withHandler((exchange) -> Mono.error(new IllegalStateException("busy")))
			.withTimeLimit(Duration.ofMillis(200));
		assertThatExceptionOfType(AssertionError.class).isThrownBy(() -> tester.exchange(get("/")))
			.withMessageContaining("is still running after 200 ms");
		Thread.sleep(50);
		int attemptsBefore = attempts.get();
		Thread.sleep(50);
		// One can have begun in the moment of the cancellation
		assertThat(attempts.get() - attemptsBefore).isLessThanOrEqualTo(1);
	}

	@Test
	void doesNotCountWhatComesOfARequestThatItHasGivenUp() {
		Sinks.Empty<Void> first = Sinks.empty();
		Sinks.Empty<Void> second = Sinks.empty();
		WebFilter waiting = (exchange, chain) -> ("/1".equals(exchange.getRequest().getPath().value()) ? first : second)
			.asMono()
			.then(chain.filter(exchange));
		MiddlewareTester tester = MiddlewareTester.of(waiting).withTimeLimit(Duration.ofSeconds(2));
		assertThatExceptionOfType(AssertionError.class).isThrownBy(() -> tester.exchange(get("/1")));
		RunningExchange exchange = tester.start(get("/2"));
		first.tryEmitEmpty();
		second.tryEmitEmpty();
		assertThat(exchange.await()).passed().reachedHandler();
	}

	@Test
	void injectsTheValuesThatAnApplicationDoes() {
		MiddlewareTester tester = MiddlewareTester.ofConfiguration(ValueConfiguration.class);
		assertThat(tester.withPropertyValues("x.allowed=a,b").exchange(get("/"))).hasHeader("X-Window", "PT1S")
			.hasHeader("X-Allowed", "a", "b");
		assertThat(tester.withPropertyValues("x.allowed=c", "x.window=200ms").exchange(get("/")))
			.hasHeader("X-Window", "PT0.2S")
			.hasHeader("X-Allowed", "c");
	}

	@Test
	void failsForAPlaceholderWithoutAValue() {
		assertThatThrownBy(() -> MiddlewareTester.ofConfiguration(ValueConfiguration.class).exchange(get("/")))
			.hasStackTraceContaining("Could not resolve placeholder 'x.allowed'");
	}

	@Test
	void leavesPlaceholdersToAConfigurationThatResolvesThem() {
		assertThat(MiddlewareTester.ofConfiguration(ValueConfiguration.class, LenientConfiguration.class)
			.exchange(get("/"))).hasHeader("X-Allowed", "${x.allowed}");
	}

	@Test
	void runsAMiddlewareThatItWasGivenWhateverTheConditionsOnItsClass() {
		assertThat(MiddlewareTester.of(new OfProperty()).exchange(get("/"))).hasHeader("X-On", "OfProperty");
		assertThat(MiddlewareTester.of(new OfBean()).exchange(get("/"))).hasHeader("X-On", "OfBean");
		assertThat(MiddlewareTester.of(new OfProfile()).exchange(get("/"))).hasHeader("X-On", "OfProfile");
	}

	private static MockServerHttpRequest.BaseBuilder<?> get(String path) {
		return MockServerHttpRequest.get(path);
	}

	@Configuration(proxyBeanMethods = false)
	static class ValueConfiguration {

		@Bean
		@AsyncMiddleware
		WebFilter values(@Value("${x.window:1s}") Duration window, @Value("${x.allowed}") List<String> allowed) {
			return (exchange, chain) -> {
				exchange.getResponse().getHeaders().set("X-Window", window.toString());
				exchange.getResponse().getHeaders().addAll("X-Allowed", allowed);
				return chain.filter(exchange);
			};
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class LenientConfiguration {

		@Bean
		static PropertySourcesPlaceholderConfigurer placeholders() {
			PropertySourcesPlaceholderConfigurer placeholders = new PropertySourcesPlaceholderConfigurer();
			placeholders.setIgnoreUnresolvablePlaceholders(true);
			return placeholders;
		}

	}

	private abstract static class Conditional implements WebFilter {

		@Override
		public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
			exchange.getResponse().getHeaders().set("X-On", getClass().getSimpleName());
			return chain.filter(exchange);
		}

	}

	@AsyncMiddleware
	@ConditionalOnProperty("conditional.on")
	private static final class OfProperty extends Conditional {

	}

	@AsyncMiddleware
	@ConditionalOnBean(Appendable.class)
	private static final class OfBean extends Conditional {

	}

	@AsyncMiddleware
	@Profile("conditional")
	private static final class OfProfile extends Conditional {

	}

}
