package io.github.asyncmiddleware.autoconfigure;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.testsupport.PatientClient;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.ReactiveHealthIndicator;
import org.springframework.boot.security.autoconfigure.actuate.web.reactive.ReactiveManagementWebSecurityAutoConfiguration;
import org.springframework.boot.security.autoconfigure.web.reactive.ReactiveWebSecurityAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.test.web.reactive.server.FluxExchangeResult;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.server.WebFilter;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for middlewares and the management endpoints, with real servers.
 */
class SkipManagementIntegrationTests {

	private static final String SKIP = "--async-middleware.skip-management=true";

	@Test
	void runsForManagementEndpointsByDefault() {
		run((server) -> {
			assertThat(server.app("/hello")).isEqualTo("200 [middleware, foreign]");
			assertThat(server.app("/actuator/health")).isEqualTo("200 [middleware, foreign]");
			assertThat(server.app("/actuator")).isEqualTo("200 [middleware, foreign]");
		});
	}

	@Test
	void goesTogetherWithTheEndpointOfTheChain() {
		run((server) -> assertThat(server.app("/actuator/asyncmiddleware")).startsWith("200 "), SKIP,
				"--management.endpoints.web.exposure.include=asyncmiddleware");
	}

	@Test
	void runsForManagementEndpointsOnAnotherPortByDefault() {
		run((server) -> {
			assertThat(server.app("/hello")).isEqualTo("200 [middleware, foreign]");
			assertThat(server.management("/actuator/health")).isEqualTo("200 [middleware, foreign]");
			assertThat(server.management("/actuator")).isEqualTo("200 [middleware, foreign]");
		}, "--management.server.port=0");
	}

	@Test
	void leavesOutManagementEndpointsOnTheSamePort() {
		run((server) -> {
			assertThat(server.app("/hello")).isEqualTo("200 [middleware, foreign]");
			assertThat(server.app("/actuator/health")).isEqualTo("200 [foreign]");
			assertThat(server.app("/actuator/health/own")).isEqualTo("200 [foreign]");
			assertThat(server.app("/actuator")).isEqualTo("200 [foreign]");
			assertThat(server.app("/actuatorx")).isEqualTo("404 [middleware, foreign]");
			assertThat(server.app("/healthz")).isEqualTo("200 [foreign]");
		}, SKIP, "--management.endpoint.health.show-components=always",
				"--management.endpoint.health.group.live.include=own",
				"--management.endpoint.health.group.live.additional-path=server:/healthz");
	}

	@Test
	void leavesOutManagementEndpointsUnderAnotherBasePathAndMapping() {
		run((server) -> {
			assertThat(server.app("/hello")).isEqualTo("200 [middleware, foreign]");
			assertThat(server.app("/manage/healthcheck")).isEqualTo("200 [foreign]");
			assertThat(server.app("/manage")).isEqualTo("200 [foreign]");
			assertThat(server.app("/actuator/health")).isEqualTo("404 [middleware, foreign]");
		}, SKIP, "--management.endpoints.web.base-path=/manage",
				"--management.endpoints.web.path-mapping.health=healthcheck");
	}

	@Test
	void leavesOutManagementEndpointsAtTheRoot() {
		run((server) -> {
			assertThat(server.app("/hello")).isEqualTo("200 [middleware, foreign]");
			assertThat(server.app("/")).isEqualTo("404 [middleware, foreign]");
			assertThat(server.app("/health")).isEqualTo("200 [foreign]");
		}, SKIP, "--management.endpoints.web.base-path=/");
	}

	@Test
	void leavesOutManagementEndpointsWithinTheBasePathOfTheApplication() {
		run((server) -> {
			assertThat(server.app("/base/hello")).isEqualTo("200 [middleware, foreign]");
			assertThat(server.app("/base/actuator/health")).isEqualTo("200 [foreign]");
		}, SKIP, "--spring.webflux.base-path=/base");
	}

	@Test
	void leavesOutTheOtherPort() {
		run((server) -> {
			assertThat(server.app("/hello")).isEqualTo("200 [middleware, foreign]");
			assertThat(server.app("/actuator/health")).isEqualTo("404 [middleware, foreign]");
			assertThat(server.management("/manage/actuator/health")).isEqualTo("200 [foreign]");
			assertThat(server.management("/manage/actuator")).isEqualTo("200 [foreign]");
			assertThat(server.management("/nowhere")).startsWith("404 ").doesNotContain("middleware");
			assertThat(server.app("/healthz")).isEqualTo("200 [foreign]");
		}, SKIP, "--management.server.port=0", "--management.server.base-path=/manage",
				"--management.endpoint.health.group.live.include=own",
				"--management.endpoint.health.group.live.additional-path=server:/healthz");
	}

	private static void run(Consumer<Server> test, String... arguments) {
		List<String> all = new ArrayList<>(List.of("--server.port=0", "--spring.reactor.netty.shutdown-quiet-period=0s",
				"--spring.main.banner-mode=off", "--spring.main.register-shutdown-hook=false"));
		all.addAll(List.of(arguments));
		try (ConfigurableApplicationContext context = new SpringApplicationBuilder(App.class)
			.web(WebApplicationType.REACTIVE)
			.run(all.toArray(String[]::new))) {
			test.accept(new Server(context));
		}
	}

	/**
	 * Asks a running application, and tells status and filters.
	 */
	private record Server(ConfigurableApplicationContext context) {

		String app(String path) {
			return ask("local.server.port", path);
		}

		String management(String path) {
			return ask("local.management.port", path);
		}

		private String ask(String port, String path) {
			FluxExchangeResult<String> result = PatientClient
				.of(this.context.getEnvironment().getRequiredProperty(port, Integer.class))
				.get()
				.uri(path)
				.header("Connection", "close")
				.exchange()
				.returnResult(String.class);
			result.getResponseBody().blockLast();
			return result.getStatus().value() + " " + result.getResponseHeaders().getOrEmpty("X-Ran");
		}

	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration(exclude = { ReactiveWebSecurityAutoConfiguration.class,
			ReactiveManagementWebSecurityAutoConfiguration.class })
	static class App {

		@Bean
		@AsyncMiddleware
		WebFilter middleware() {
			return MiddlewareRunner.tracing("middleware");
		}

		@Bean
		WebFilter foreign() {
			return MiddlewareRunner.tracing("foreign");
		}

		@Bean
		ReactiveHealthIndicator own() {
			return () -> Mono.just(Health.up().build());
		}

		@RestController
		static class Controller {

			@GetMapping("/hello")
			String hello() {
				return "hello";
			}

		}

	}

}
