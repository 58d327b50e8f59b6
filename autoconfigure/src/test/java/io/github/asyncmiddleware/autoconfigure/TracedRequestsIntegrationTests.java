package io.github.asyncmiddleware.autoconfigure;

import java.time.Duration;
import java.util.List;

import com.jayway.jsonpath.JsonPath;
import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.testsupport.boot.BootServer;
import io.github.asyncmiddleware.testsupport.boot.Client;
import io.github.asyncmiddleware.testsupport.boot.Protocol;
import io.micrometer.tracing.Tracer;
import io.micrometer.tracing.otel.bridge.OtelCurrentTraceContext;
import io.micrometer.tracing.otel.bridge.OtelPropagator;
import io.micrometer.tracing.otel.bridge.OtelTracer;
import io.micrometer.tracing.propagation.Propagator;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.propagation.ContextPropagators;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;

import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.server.WebFilter;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for an application with tracing, as Spring Boot sets it up: the trace of a
 * request is in its exemplars and among the slow requests.
 */
@TestInstance(Lifecycle.PER_CLASS)
class TracedRequestsIntegrationTests {

	private static final String TRACE = "80f198ee56343ba864fe8b2a57d3eff7";

	private BootServer server;

	@BeforeAll
	void start() {
		this.server = BootServer.start(Application.class,
				"management.endpoints.web.exposure.include=prometheus,slowrequests",
				"async-middleware.skip-management=true",
				"management.metrics.distribution.slo.async.middleware=1us,1ms,1s");
		request("/hello", "traceparent: 00-" + TRACE + "-e457b5a2e4d86bd1-01");
	}

	@AfterAll
	void stop() {
		this.server.close();
	}

	@Test
	void areNamedByTheirExemplars() {
		for (String meter : List.of("own", "ttfb", "app", "request_ttfb")) {
			Awaitility.await()
				.atMost(Duration.ofSeconds(30))
				.untilAsserted(
						() -> assertThat(request("/actuator/prometheus", "Accept: application/openmetrics-text").lines()
							.filter((line) -> line.startsWith("async_middleware_" + meter + "_seconds_bucket")))
							.anyMatch((line) -> line.contains("trace_id=\"" + TRACE + "\"")));
		}
	}

	@Test
	void areNamedAmongTheSlowOnes() {
		Awaitility.await()
			.atMost(Duration.ofSeconds(30))
			.untilAsserted(() -> assertThat(JsonPath.<List<String>>read(request("/actuator/slowrequests"),
					"$.slowest[?(@.uri == '/hello')].traceId"))
				.containsExactly(TRACE));
	}

	private String request(String path, String... headers) {
		return Client.exchange(Protocol.HTTP_1_1, this.server.port(), "GET", path, headers).body();
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class Application {

		private final io.opentelemetry.api.trace.Tracer otel = SdkTracerProvider.builder().build().get("test");

		@Bean
		Tracer tracer() {
			return new OtelTracer(this.otel, new OtelCurrentTraceContext(), (event) -> {
			});
		}

		@Bean
		Propagator propagator() {
			return new OtelPropagator(ContextPropagators.create(W3CTraceContextPropagator.getInstance()), this.otel);
		}

		@Bean
		@AsyncMiddleware
		WebFilter passes() {
			return (exchange, chain) -> chain.filter(exchange);
		}

		@Bean
		Hello hello() {
			return new Hello();
		}

	}

	@RestController
	static class Hello {

		@GetMapping("/hello")
		String hello() {
			return "hello";
		}

	}

}
