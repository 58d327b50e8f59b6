package io.github.asyncmiddleware.autoconfigure;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.ToIntFunction;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.testsupport.PatientClient;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import reactor.core.publisher.Mono;

import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.ReactiveHealthIndicator;
import org.springframework.boot.security.autoconfigure.actuate.web.reactive.EndpointRequest;
import org.springframework.boot.security.autoconfigure.actuate.web.reactive.ReactiveManagementWebSecurityAutoConfiguration;
import org.springframework.boot.security.autoconfigure.web.reactive.ReactiveWebSecurityAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.HttpMethod;
import org.springframework.security.web.server.util.matcher.ServerWebExchangeMatcher;
import org.springframework.test.web.reactive.server.FluxExchangeResult;
import org.springframework.web.bind.annotation.RequestMapping;
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
			// An additional path is none of EndpointRequest.toAnyEndpoint()
			assertThat(server.app("/healthz")).isEqualTo("200 [middleware, foreign]");
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
			assertThat(server.management("/manage/nowhere")).isEqualTo("404 [middleware, foreign]");
			assertThat(server.app("/healthz")).isEqualTo("200 [middleware, foreign]");
		}, SKIP, "--management.server.port=0", "--management.server.base-path=/manage",
				"--management.endpoint.health.group.live.include=own",
				"--management.endpoint.health.group.live.additional-path=server:/healthz");
	}

	@Test
	void runsForAControllerUnderTheBasePathOfTheEndpoints() {
		run((server) -> {
			assertThat(server.app("/api/orders")).isEqualTo("200 [middleware, foreign]");
			assertThat(server.app("/api/health")).isEqualTo("200 [foreign]");
			assertThat(server.app("/api")).isEqualTo("200 [foreign]");
		}, SKIP, "--management.endpoints.web.base-path=/api");
	}

	@Test
	void runsForAControllerWhereThePageOfLinksIsSwitchedOff() {
		run((server) -> assertThat(server.app("/hello")).isEqualTo("200 [middleware, foreign]"), SKIP,
				"--management.endpoints.web.base-path=/hello", "--management.endpoints.web.discovery.enabled=false");
	}

	@ParameterizedTest
	@CsvSource({ "/", "/api", "/actuator", "/manage/inner", "/hello" })
	void leavesOutWhatEndpointRequestMatches(String basePath) {
		leavesOutWhatEndpointRequestMatches(Server::port, basePath, "--management.endpoints.web.base-path=" + basePath);
	}

	@ParameterizedTest
	@CsvSource({ "/", "/api", "/actuator" })
	void leavesOutWhatEndpointRequestMatchesWithPathMappings(String basePath) {
		leavesOutWhatEndpointRequestMatches(Server::port, basePath, "--management.endpoints.web.base-path=" + basePath,
				"--management.endpoints.web.path-mapping.health=checks/health",
				"--management.endpoints.web.path-mapping.info=orders");
	}

	@ParameterizedTest
	@CsvSource({ "/", "/api", "/actuator" })
	void leavesOutWhatEndpointRequestMatchesOnAnotherPort(String basePath) {
		leavesOutWhatEndpointRequestMatches(Server::port, basePath, "--management.endpoints.web.base-path=" + basePath,
				"--management.server.port=0");
		leavesOutWhatEndpointRequestMatches(Server::managementPort, basePath,
				"--management.endpoints.web.base-path=" + basePath, "--management.server.port=0",
				"--management.server.base-path=/");
	}

	private static void leavesOutWhatEndpointRequestMatches(ToIntFunction<Server> port, String basePath,
			String... properties) {
		List<String> arguments = new ArrayList<>(List.of(properties));
		arguments.addAll(List.of(SKIP, "--management.endpoints.web.exposure.include=health,info",
				"--management.endpoint.health.group.live.include=own",
				"--management.endpoint.health.group.live.additional-path=server:/livez"));
		String base = basePath.equals("/") ? "" : basePath;
		run((server) -> {
			for (String path : List.of("/", "/hello", "/hello/", "/api", "/api/orders", "/livez", base + "/health",
					base + "/health/own", base + "/health/", base + "/healthy", base + "/info", base + "/info/x",
					base + "/checks/health", base + "/checks", base + "/orders", base + "/", base + "/nothing",
					base + "/env", "/actuator", "/actuator/health", basePath)) {
				for (HttpMethod method : List.of(HttpMethod.GET, HttpMethod.HEAD, HttpMethod.POST)) {
					Asked asked = server.ask(port.applyAsInt(server), method, path);
					assertThat(asked.ran().contains("middleware")).as(method + " " + path + " " + asked)
						.isEqualTo(!asked.management());
				}
			}
		}, arguments.toArray(String[]::new));
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

		int port() {
			return port("local.server.port");
		}

		int managementPort() {
			return port("local.management.port");
		}

		private int port(String property) {
			return this.context.getEnvironment().getRequiredProperty(property, Integer.class);
		}

		String app(String path) {
			return ask(port(), HttpMethod.GET, path).toString();
		}

		String management(String path) {
			return ask(managementPort(), HttpMethod.GET, path).toString();
		}

		Asked ask(int port, HttpMethod method, String path) {
			FluxExchangeResult<String> result = PatientClient.of(port)
				.method(method)
				.uri(path)
				.header("Connection", "close")
				.exchange()
				.returnResult(String.class);
			result.getResponseBody().blockLast();
			return new Asked(result.getStatus().value(), result.getResponseHeaders().getOrEmpty("X-Ran"),
					Boolean.parseBoolean(result.getResponseHeaders().getFirst("X-Management")));
		}

	}

	/**
	 * What came back: the status, the filters that ran, and what EndpointRequest says.
	 */
	private record Asked(int status, List<String> ran, boolean management) {

		@Override
		public String toString() {
			return this.status + " " + this.ran;
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
			ServerWebExchangeMatcher management = EndpointRequest.toAnyEndpoint();
			return (exchange, chain) -> management.matches(exchange).flatMap((result) -> {
				exchange.getResponse().getHeaders().add("X-Ran", "foreign");
				exchange.getResponse().getHeaders().set("X-Management", String.valueOf(result.isMatch()));
				return chain.filter(exchange);
			});
		}

		@Bean
		ReactiveHealthIndicator own() {
			return () -> Mono.just(Health.up().build());
		}

		@RestController
		static class Controller {

			@RequestMapping({ "/hello", "/api/orders" })
			String hello() {
				return "hello";
			}

		}

	}

}
