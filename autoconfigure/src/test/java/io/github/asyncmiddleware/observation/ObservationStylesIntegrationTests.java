package io.github.asyncmiddleware.observation;

import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Collectors;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.LiveResponse;
import io.github.asyncmiddleware.OnRequest;
import io.github.asyncmiddleware.OnResponse;
import io.github.asyncmiddleware.testsupport.boot.BootServer;
import io.github.asyncmiddleware.testsupport.boot.Client;
import io.github.asyncmiddleware.testsupport.boot.Protocol;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationRegistry;
import io.micrometer.tracing.Tracer;
import io.micrometer.tracing.handler.DefaultTracingObservationHandler;
import io.micrometer.tracing.otel.bridge.OtelCurrentTraceContext;
import io.micrometer.tracing.otel.bridge.OtelTracer;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Hooks;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.security.config.Customizer;
import org.springframework.security.config.web.server.ServerHttpSecurity;
import org.springframework.security.web.server.SecurityWebFilterChain;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.reactive.function.server.HandlerFilterFunction;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.server.WebFilter;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for the spans of middlewares of every style, with a real tracer and on a server.
 */
class ObservationStylesIntegrationTests {

	private static final String ROOT = "http get /hello";

	private static final String OBSERVED = "async-middleware.observations=true";

	private static final String MEASURED = "async-middleware.foreign-filters=measured";

	@AfterEach
	void resetHooks() {
		Hooks.disableAutomaticContextPropagation();
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void areSiblingsBelowTheSpanOfTheServer(boolean automatic) {
		if (automatic) {
			Hooks.enableAutomaticContextPropagation();
		}
		try (BootServer server = BootServer.startSecured(Application.class, OBSERVED, MEASURED)) {
			assertThat(Client.exchange(Protocol.HTTP_1_1, server.port(), "GET", "/hello").status()).isEqualTo(200);
			Map<String, String> parents = server.bean(Spans.class)
				.parents(List.of("middleware async", "middleware await", "middleware blocking", "middleware early",
						"middleware native", "middleware one", "middleware passes", "middleware two", "filter lambda"));
			assertThat(parents.entrySet())
				.filteredOn((span) -> span.getKey().startsWith("middleware ") || span.getKey().startsWith("filter "))
				.allMatch((span) -> span.getValue().equals(ROOT));
		}
	}

	/**
	 * What a middleware does itself is below its span, and the handler is not.
	 */
	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void workIsBelowTheMiddlewareThatDoesIt(boolean automatic) {
		if (automatic) {
			Hooks.enableAutomaticContextPropagation();
		}
		try (BootServer server = BootServer.startSecured(Application.class, OBSERVED)) {
			Client.exchange(Protocol.HTTP_1_1, server.port(), "GET", "/hello");
			List<String> workers = List.of("native", "await", "async", "blocking", "one", "two");
			Map<String, String> parents = server.bean(Spans.class)
				.parents(workers.stream().map("middleware "::concat).toList());
			for (String name : workers) {
				assertThat(parents).containsEntry("work of " + name, "middleware " + name);
			}
			assertThat(parents).containsEntry("response of blocking", "middleware blocking");
			assertThat(parents.get("work of handler")).doesNotStartWith("middleware ");
		}
	}

	@Test
	void thereAreNoneByDefault() {
		try (BootServer server = BootServer.startSecured(Application.class, MEASURED)) {
			Client.exchange(Protocol.HTTP_1_1, server.port(), "GET", "/hello");
			assertThat(server.bean(Spans.class).parents(List.of()).keySet())
				.noneMatch((span) -> span.startsWith("middleware ") || span.startsWith("filter "));
		}
	}

	/**
	 * Keeps spans.
	 */
	static class Spans implements SpanExporter {

		private final ConcurrentLinkedQueue<SpanData> all = new ConcurrentLinkedQueue<>();

		@Override
		public CompletableResultCode export(Collection<SpanData> spans) {
			this.all.addAll(spans);
			return CompletableResultCode.ofSuccess();
		}

		@Override
		public CompletableResultCode flush() {
			return CompletableResultCode.ofSuccess();
		}

		@Override
		public CompletableResultCode shutdown() {
			return CompletableResultCode.ofSuccess();
		}

		/**
		 * The name of the parent of each span, once the spans of the server and of some
		 * others have ended.
		 */
		Map<String, String> parents(Collection<String> expected) {
			Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> {
				Collection<String> names = names().values();
				return names.contains(ROOT) && names.containsAll(expected);
			});
			Map<String, String> names = names();
			Map<String, String> parents = new TreeMap<>();
			this.all
				.forEach((span) -> parents.put(span.getName(), names.getOrDefault(span.getParentSpanId(), "nothing")));
			return parents;
		}

		private Map<String, String> names() {
			return this.all.stream().collect(Collectors.toMap(SpanData::getSpanId, SpanData::getName));
		}

	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class Application {

		@Bean
		Spans spans() {
			return new Spans();
		}

		@Bean
		Tracer tracer(Spans spans) {
			return new OtelTracer(
					SdkTracerProvider.builder().addSpanProcessor(SimpleSpanProcessor.create(spans)).build().get("test"),
					new OtelCurrentTraceContext(), (event) -> {
					});
		}

		@Bean
		DefaultTracingObservationHandler tracing(Tracer tracer) {
			return new DefaultTracingObservationHandler(tracer);
		}

		@Bean
		SecurityWebFilterChain security(ServerHttpSecurity http) {
			return http.authorizeExchange((exchange) -> exchange.anyExchange().permitAll())
				.httpBasic(Customizer.withDefaults())
				.build();
		}

		@Bean
		@AsyncMiddleware(order = -200)
		WebFilter early(Work work) {
			return (exchange, chain) -> chain.filter(exchange).subscribeOn(Schedulers.parallel());
		}

		@Bean
		@AsyncMiddleware(order = 1)
		WebFilter passes() {
			return (exchange, chain) -> chain.filter(exchange);
		}

		@Bean("native")
		@AsyncMiddleware(order = 2)
		WebFilter nativeStyle(Work work) {
			return (exchange,
					chain) -> work.of("native").delaySubscription(Duration.ofMillis(1)).then(chain.filter(exchange));
		}

		@Bean
		@AsyncMiddleware(order = 3)
		HandlerFilterFunction<LiveResponse, ServerResponse> await(Work work) {
			return (request, next) -> work.of("await")
				.then(next.handle(request))
				.publishOn(Schedulers.parallel())
				.map((response) -> response);
		}

		@Bean
		@AsyncMiddleware(order = 4)
		Async async(Work work) {
			return new Async(work);
		}

		@Bean
		@AsyncMiddleware(order = 5)
		Blocking blocking(Work work) {
			return new Blocking(work);
		}

		@Bean
		@AsyncMiddleware(order = 6, concurrent = true)
		Concurrent one(Work work) {
			return new Concurrent(work, "one");
		}

		@Bean
		@AsyncMiddleware(order = 7, concurrent = true)
		Concurrent two(Work work) {
			return new Concurrent(work, "two");
		}

		@Bean
		WebFilter lambda() {
			return (exchange, chain) -> chain.filter(exchange);
		}

		@Bean
		Work work(ObservationRegistry registry) {
			return new Work(registry);
		}

		@Bean
		Controller controller(Work work) {
			return new Controller(work);
		}

	}

	/**
	 * Makes a span of its own below the one that is there.
	 */
	static class Work {

		private final ObservationRegistry registry;

		Work(ObservationRegistry registry) {
			this.registry = registry;
		}

		Mono<Void> of(String name) {
			return Mono.deferContextual((context) -> {
				Observation parent = context.getOrDefault("micrometer.observation", null);
				Observation work = Observation.createNotStarted("work of " + name, this.registry);
				if (parent == null) {
					return Mono.error(new IllegalStateException("No observation"));
				}
				parent.scoped(() -> work.parentObservation(parent).start());
				work.stop();
				return Mono.empty();
			});
		}

		/**
		 * By what is there on the thread.
		 */
		void onThread(String name) {
			Observation.createNotStarted(name, this.registry).start().stop();
		}

	}

	static class Async {

		private final Work work;

		Async(Work work) {
			this.work = work;
		}

		@OnRequest
		Mono<Void> load() {
			return this.work.of("async").delaySubscription(Duration.ofMillis(1));
		}

	}

	static class Blocking {

		private final Work work;

		Blocking(Work work) {
			this.work = work;
		}

		@OnRequest
		void load() {
			this.work.onThread("work of blocking");
		}

		@OnResponse(blocking = true)
		void stamp(ServerHttpResponse response) {
			this.work.onThread("response of blocking");
		}

	}

	static class Concurrent {

		private final Work work;

		private final String name;

		Concurrent(Work work, String name) {
			this.work = work;
			this.name = name;
		}

		@OnRequest
		Mono<Void> load() {
			return this.work.of(this.name);
		}

	}

	@RestController
	static class Controller {

		private final Work work;

		Controller(Work work) {
			this.work = work;
		}

		@GetMapping("/hello")
		Mono<String> hello() {
			return this.work.of("handler").thenReturn("hello");
		}

	}

}
