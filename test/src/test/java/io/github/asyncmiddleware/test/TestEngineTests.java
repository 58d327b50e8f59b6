package io.github.asyncmiddleware.test;

import java.time.Duration;
import java.util.List;

import io.github.asyncmiddleware.AsyncMiddleware;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

import org.springframework.beans.factory.annotation.Value;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.support.PropertySourcesPlaceholderConfigurer;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.server.WebFilter;

import static org.assertj.core.api.Assertions.assertThat;
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
		assertFailsWithTheAssertionOfItsHandler(MiddlewareTester.of(HANGING).withTimeLimit(Duration.ofMillis(200)));
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

}
