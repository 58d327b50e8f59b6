package io.github.asyncmiddleware.autoconfigure;

import java.time.Duration;
import java.util.List;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.OnRequest;
import io.github.asyncmiddleware.OnResponse;
import io.github.asyncmiddleware.internal.sample.RequestListener;
import io.github.asyncmiddleware.metrics.ServerTimingPolicy;
import io.github.asyncmiddleware.testsupport.PatientClient;
import io.github.asyncmiddleware.testsupport.TimingHeader;
import io.github.asyncmiddleware.testsupport.WireServer;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.micrometer.metrics.autoconfigure.MetricsAutoConfiguration;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ReactiveWebApplicationContextRunner;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.server.reactive.HttpHandler;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.server.WebFilter;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for the property that turns the header {@code Server-Timing} on, with real
 * servers.
 */
class ServerTimingIntegrationTests {

	private static final String DETAILED = "async-middleware.server-timing=detailed";

	private final ReactiveWebApplicationContextRunner runner = MiddlewareRunner.create()
		.withUserConfiguration(App.class, Endpoints.class);

	private final ReactiveWebApplicationContextRunner metricsRunner = this.runner
		.withConfiguration(
				AutoConfigurations.of(AsyncMiddlewareMetricsAutoConfiguration.class, MetricsAutoConfiguration.class))
		.withBean(SimpleMeterRegistry.class);

	@Test
	void isOffByDefault() {
		this.runner.run((context) -> assertThat(timing(context, "/hello")).isEmpty());
		this.metricsRunner.run((context) -> assertThat(timing(context, "/hello")).isEmpty());
	}

	@ParameterizedTest
	@ValueSource(strings = { "off", "OFF", "false" })
	void canBeOff(String value) {
		this.runner.withPropertyValues("async-middleware.server-timing=" + value)
			.run((context) -> assertThat(timing(context, "/hello")).isEmpty());
	}

	@Test
	void tellsTheTotal() {
		this.runner.withPropertyValues("async-middleware.server-timing=total")
			.run((context) -> assertThat(timing(context, "/hello")).singleElement()
				.satisfies((header) -> assertThat(TimingHeader.parse(header).names()).containsExactly("total")));
	}

	@Test
	void tellsTheDetailsByTheNamesOfTheBeans() {
		this.runner.withPropertyValues(DETAILED).run(ServerTimingIntegrationTests::assertDetailed);
	}

	@Test
	void goesTogetherWithMeters() {
		this.metricsRunner.withPropertyValues(DETAILED).run((context) -> {
			assertDetailed(context);
			assertThat(context.getBean(MeterRegistry.class).find("async.middleware.app").timer()).isNotNull();
		});
	}

	@Test
	void doesNotNeedMeters() {
		this.metricsRunner.withPropertyValues(DETAILED, "async-middleware.metrics.enabled=false").run((context) -> {
			assertThat(context.getBeanProvider(RequestListener.class).stream()).isEmpty();
			assertDetailed(context);
		});
	}

	@Test
	void doesNotNeedMicrometer() {
		this.runner.withPropertyValues(DETAILED)
			.withClassLoader(new FilteredClassLoader(MeterRegistry.class.getPackageName(),
					"org.springframework.boot.actuate", "org.springframework.boot.micrometer"))
			.run(ServerTimingIntegrationTests::assertDetailed);
	}

	@Test
	void asksThePolicyOfTheApplication() {
		this.runner.withPropertyValues(DETAILED)
			.withBean(ServerTimingPolicy.class, () -> (exchange) -> ServerTimingPolicy.Detail.TOTAL)
			.run((context) -> assertThat(timing(context, "/hello")).singleElement()
				.satisfies((header) -> assertThat(TimingHeader.parse(header).names()).containsExactly("total")));
	}

	@Test
	void tellsTheDetailsToARequestWithTheToken() {
		this.runner.withPropertyValues("async-middleware.server-timing-token=secret").run((context) -> {
			assertThat(timing(context, "/hello")).isEmpty();
			assertThat(tokenTiming(context, "wrong")).isNull();
			assertThat(tokenTiming(context, "secret")).contains("waits;dur=").contains("total;dur=");
		});
	}

	@ParameterizedTest
	@ValueSource(strings = { "", " " })
	void takesAnEmptyTokenForNone(String token) {
		this.runner.withPropertyValues("async-middleware.server-timing-token=" + token)
			.run((context) -> assertThat(tokenTiming(context, token)).isNull());
	}

	private static @Nullable String tokenTiming(ApplicationContext context, String token) {
		return PatientClient.of(context)
			.get()
			.uri("/hello")
			.header("Server-Timing-Token", token)
			.exchange()
			.expectBody()
			.returnResult()
			.getResponseHeaders()
			.getFirst("Server-Timing");
	}

	@Test
	void doesNotNeedTheMisuseGuard() {
		this.runner.withPropertyValues(DETAILED, "async-middleware.misuse=off")
			.run(ServerTimingIntegrationTests::assertDetailed);
	}

	@Test
	void leavesResponsesAloneWithoutMiddlewares() {
		MiddlewareRunner.create()
			.withPropertyValues(DETAILED)
			.withUserConfiguration(Endpoints.class)
			.run((context) -> assertThat(timing(context, "/hello")).isEmpty());
	}

	private static void assertDetailed(ApplicationContext context) throws Exception {
		for (String path : List.of("/hello", "/unknown")) {
			List<String> values = timing(context, path);
			assertThat(values).hasSize(1);
			TimingHeader header = TimingHeader.parse(values.get(0));
			assertThat(header.names()).containsExactly("waits", "pr_fung", "app-2", "app", "total");
			assertThat(header.sum()).isEqualTo(header.get("total"));
			assertThat(header.get("waits")).isGreaterThanOrEqualTo(1_000);
			assertThat(header.get("app-2")).as("with its hook before the head").isGreaterThanOrEqualTo(2_000);
		}
	}

	private static List<String> timing(ApplicationContext context, String path) throws Exception {
		try (WireServer server = new WireServer(context.getBean(HttpHandler.class))) {
			return TimingHeader.of(server.exchange("GET " + path));
		}
	}

	@Configuration(proxyBeanMethods = false)
	static class App {

		@Bean
		@AsyncMiddleware(order = 1)
		WebFilter waits() {
			return (exchange, chain) -> Mono.delay(Duration.ofMillis(1)).then(chain.filter(exchange));
		}

		@Bean("prüfung")
		@AsyncMiddleware(order = 2)
		WebFilter check() {
			return (exchange, chain) -> chain.filter(exchange);
		}

		@Bean("app")
		@AsyncMiddleware(order = 3)
		Hooks hooks() {
			return new Hooks();
		}

	}

	@RestController
	static class Endpoints {

		@GetMapping("/hello")
		String hello() {
			return "hello";
		}

	}

	static class Hooks {

		@OnRequest
		Mono<Void> before() {
			return Mono.empty();
		}

		@OnResponse
		Mono<Void> after(ServerHttpResponse response) {
			assertThat(response.getHeaders().get("Server-Timing")).isNull();
			return Mono.delay(Duration.ofMillis(2)).then();
		}

	}

}
