package io.github.asyncmiddleware.aot;

import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.LiveResponse;
import io.github.asyncmiddleware.OnRequest;
import io.github.asyncmiddleware.OnResponse;
import io.github.asyncmiddleware.internal.boundary.MiddlewareHttpHandlerFactory;
import io.micrometer.core.instrument.Clock;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.security.autoconfigure.actuate.web.reactive.ReactiveManagementWebSecurityAutoConfiguration;
import org.springframework.boot.security.autoconfigure.web.reactive.ReactiveWebSecurityAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.core.annotation.Order;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.reactive.function.server.HandlerFilterFunction;
import org.springframework.web.reactive.function.server.HandlerFunction;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.server.WebFilter;

/**
 * An application with middlewares of all styles that asks itself and prints what it gets.
 */
@Configuration(proxyBeanMethods = false)
@EnableAutoConfiguration(
		exclude = { ReactiveWebSecurityAutoConfiguration.class, ReactiveManagementWebSecurityAutoConfiguration.class })
@Import({ AotApplication.Hooks.class, AotApplication.Awaiting.class, AotApplication.Hello.class })
public class AotApplication {

	static final String LINE = "seen: ";

	private static final Duration PATIENCE = Duration.ofSeconds(30);

	private static final List<String> PATHS = List.of("/hello", "/nowhere", "/actuator/health",
			"/actuator/asyncmiddleware");

	public static void main(String[] args) throws Exception {
		SpringApplication application = new SpringApplication(AotApplication.class);
		application.setMainApplicationClass(AotApplication.class);
		try (ConfigurableApplicationContext context = application.run(args)) {
			print(context, System.out);
		}
	}

	private static void print(ConfigurableApplicationContext context, PrintStream out)
			throws IOException, InterruptedException {
		HttpClient client = HttpClient.newHttpClient();
		URI server = URI.create("http://localhost:" + context.getEnvironment().getProperty("local.server.port"));
		for (String path : PATHS) {
			for (String key : List.of("none", "secret")) {
				HttpResponse<String> response = client.send(
						HttpRequest.newBuilder(server.resolve(path)).header("X-Key", key).timeout(PATIENCE).build(),
						HttpResponse.BodyHandlers.ofString());
				Map<String, List<String>> headers = new TreeMap<>(response.headers().map());
				headers.keySet().removeIf((name) -> !name.startsWith("x-"));
				out.println(LINE + path + " " + key + " " + response.statusCode() + " " + headers + " "
						+ response.body()
							.replaceAll("\"(timestamp|requestId|count|mean|p50|p95|p99|max|passed|blocked)\":[^,}]+",
									"\"$1\":"));
			}
		}
		SimpleMeterRegistry registry = context.getBean(SimpleMeterRegistry.class);
		// The client has a response before it is recorded
		long end = System.nanoTime() + PATIENCE.toNanos();
		while (requests(registry) < 2 * PATHS.size() && System.nanoTime() - end < 0) {
			Thread.sleep(5);
		}
		out.println(LINE + requests(registry) + " requests");
		// Hands over to the registry what waits for it
		context.getBean(MiddlewareHttpHandlerFactory.class).close();
		registry.getMeters()
			.stream()
			.map(Meter::getId)
			.filter((id) -> id.getName().startsWith("async.middleware"))
			.map((id) -> LINE + id)
			.sorted()
			.forEach(out::println);
		out.println(LINE + context.getBean(Clock.class).getClass().getSimpleName());
	}

	private static int requests(SimpleMeterRegistry registry) {
		return (int) registry.find("async.middleware.requests").counters().stream().mapToDouble(Counter::count).sum();
	}

	@Bean
	SimpleMeterRegistry registry() {
		return new SimpleMeterRegistry();
	}

	@Bean
	@AsyncMiddleware(order = 10)
	WebFilter lambda() {
		return (exchange, chain) -> {
			exchange.getResponse().getHeaders().add("X-Ran", "lambda");
			return chain.filter(exchange);
		};
	}

	@Bean
	@AsyncMiddleware
	Blocking blocking() {
		return new Blocking();
	}

	@Bean
	@AsyncMiddleware(after = Awaiting.class)
	HandlerFilterFunction<LiveResponse, ServerResponse> switched() {
		return (request, next) -> {
			request.exchange().getResponse().getHeaders().add("X-Ran", "switched");
			return next.handle(request).cast(ServerResponse.class);
		};
	}

	@Bean
	static BeanPostProcessor wrapping() {
		return new Wrapping();
	}

	@Bean
	@Order(15)
	WebFilter foreign() {
		return (exchange, chain) -> chain.filter(exchange);
	}

	/**
	 * Makes another filter of each.
	 */
	static class Wrapping implements BeanPostProcessor {

		@Override
		public Object postProcessAfterInitialization(Object bean, String beanName) {
			return (bean instanceof WebFilter filter) ? wrapped(filter) : bean;
		}

		private static WebFilter wrapped(WebFilter filter) {
			return (exchange, chain) -> filter.filter(exchange, chain);
		}

	}

	/**
	 * What is answered without a key.
	 */
	record Refusal(String reason) {

	}

	@AsyncMiddleware(value = "hooks", order = 20, path = "${hooks.path:/none}", timeout = "${hooks.timeout}")
	static class Hooks {

		@OnRequest
		Mono<ResponseEntity<Refusal>> authenticate(
				@RequestHeader(name = "X-Key", required = false) @Nullable String key) {
			return "secret".equals(key) ? Mono.empty()
					: Mono.just(ResponseEntity.status(HttpStatus.UNAUTHORIZED).body(new Refusal("no key")));
		}

		@OnResponse
		void stamp(ServerHttpResponse response) {
			response.getHeaders().add("X-Final", String.valueOf(response.getStatusCode()));
		}

	}

	static class Blocking {

		@OnRequest
		void load(ServerHttpResponse response) {
			response.getHeaders().add("X-Ran", "blocking");
		}

	}

	@AsyncMiddleware(value = "awaiting", order = 5)
	static class Awaiting implements HandlerFilterFunction<LiveResponse, ServerResponse> {

		@Override
		public Mono<ServerResponse> filter(ServerRequest request, HandlerFunction<LiveResponse> next) {
			return next.handle(request).map((response) -> {
				response.headers().add("X-Awaited", response.statusCode().toString());
				return response;
			});
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
