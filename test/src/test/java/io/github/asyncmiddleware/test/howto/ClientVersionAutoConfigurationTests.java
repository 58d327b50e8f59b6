package io.github.asyncmiddleware.test.howto;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.autoconfigure.AsyncMiddlewareAutoConfiguration;
import io.github.asyncmiddleware.test.MiddlewareTester;
import org.junit.jupiter.api.Test;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.runner.ReactiveWebApplicationContextRunner;
import org.springframework.boot.webflux.autoconfigure.HttpHandlerAutoConfiguration;
import org.springframework.boot.webflux.autoconfigure.WebFluxAutoConfiguration;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.HttpStatusCode;
import org.springframework.test.web.reactive.server.WebTestClient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.springframework.mock.http.server.reactive.MockServerHttpRequest.get;
import static org.springframework.mock.http.server.reactive.MockServerHttpRequest.options;

/**
 * Tests for {@link ClientVersionAutoConfiguration}.
 */
class ClientVersionAutoConfigurationTests {

	private final ReactiveWebApplicationContextRunner runner = new ReactiveWebApplicationContextRunner()
		.withConfiguration(
				AutoConfigurations.of(ClientVersionAutoConfiguration.class, AsyncMiddlewareAutoConfiguration.class,
						HttpHandlerAutoConfiguration.class, WebFluxAutoConfiguration.class));

	@Test
	void turnsOldClientsAway() {
		MiddlewareTester tester = MiddlewareTester.ofConfiguration(ClientVersionAutoConfiguration.class);
		assertThat(tester.exchange(get("/").header("X-Client-Version", "3"))).passed();
		assertThat(tester.exchange(get("/").header("X-Client-Version", "2"))).answered().hasStatus(426);
		assertThat(tester.exchange(get("/health"))).didNotRun();
		assertThat(tester.exchange(
				options("/").header("Origin", "https://example.org").header("Access-Control-Request-Method", "GET")))
			.passed();
	}

	@Test
	void canBeConfigured() {
		this.runner.withPropertyValues("client.version.oldest=5").run((context) -> assertStatus(context, 4, 426));
		this.runner.withPropertyValues("async-middleware.middleware.client-version.enabled=false")
			.run((context) -> assertStatus(context, 1, 404));
	}

	@Test
	void canBeReplaced() {
		this.runner.withUserConfiguration(OwnClientVersion.class).run((context) -> assertStatus(context, 9, 426));
	}

	private static void assertStatus(ApplicationContext context, int version, int status) {
		WebTestClient.bindToApplicationContext(context)
			.build()
			.get()
			.uri("/")
			.header("X-Client-Version", String.valueOf(version))
			.exchange()
			.expectStatus()
			.isEqualTo(HttpStatusCode.valueOf(status));
	}

	/**
	 * The application's own.
	 */
	@Configuration(proxyBeanMethods = false)
	static class OwnClientVersion {

		@Bean
		@AsyncMiddleware
		ClientVersion ownClientVersion() {
			return new ClientVersion(10);
		}

	}

}
