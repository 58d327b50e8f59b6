package io.github.asyncmiddleware.ecosystem;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.OnRequest;
import io.github.asyncmiddleware.OnResponse;
import io.github.asyncmiddleware.ecosystem.devtools.PortFile;
import io.opentelemetry.api.trace.Span;
import reactor.core.publisher.Mono;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;

/**
 * Answers with the trace that each of its middlewares has seen.
 */
@Configuration(proxyBeanMethods = false)
@EnableAutoConfiguration
@RestController
@Import({ PortFile.class, PassThroughs.class, TracedApplication.Native.class, TracedApplication.InPlace.class,
		TracedApplication.Blocking.class })
public class TracedApplication {

	/**
	 * Start the application.
	 * @param arguments its properties
	 */
	public static void main(String[] arguments) {
		SpringApplication.run(TracedApplication.class, arguments);
	}

	@GetMapping("/hello")
	Mono<String> hello() {
		return Mono.just("hello");
	}

	@GetMapping("/fails")
	Mono<String> fails() {
		return Mono.error(new IllegalStateException("on purpose"));
	}

	private static void add(ServerHttpResponse response, String name) {
		response.getHeaders().set(name, Span.current().getSpanContext().getTraceId());
	}

	@AsyncMiddleware("nativeTrace")
	static class Native implements WebFilter {

		@Override
		public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
			add(exchange.getResponse(), "X-Native");
			return chain.filter(exchange);
		}

	}

	@AsyncMiddleware("inPlaceTrace")
	static class InPlace {

		@OnRequest(blocking = false)
		void before(ServerHttpResponse response) {
			add(response, "X-Before");
		}

		@OnResponse
		void after(ServerHttpResponse response) {
			add(response, "X-After");
		}

	}

	@AsyncMiddleware("blockingTrace")
	static class Blocking {

		@OnRequest
		void before(ServerHttpResponse response) {
			add(response, "X-Before-Blocking");
		}

		@OnResponse(blocking = true)
		void after(ServerHttpResponse response) {
			add(response, "X-After-Blocking");
		}

	}

}
