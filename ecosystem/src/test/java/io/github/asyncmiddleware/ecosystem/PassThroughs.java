package io.github.asyncmiddleware.ecosystem;

import java.util.List;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.LiveResponse;
import io.github.asyncmiddleware.MiddlewareOrder;
import io.github.asyncmiddleware.OnRequest;
import io.github.asyncmiddleware.OnResponse;
import reactor.core.publisher.Mono;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.web.reactive.function.server.HandlerFilterFunction;
import org.springframework.web.reactive.function.server.HandlerFunction;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;

/**
 * Twelve middlewares that change nothing, four of each style: one of each runs in front
 * of everything, the others where a middleware runs that says nothing of its place.
 */
@Configuration(proxyBeanMethods = false)
class PassThroughs {

	/** The middlewares that every request enters. */
	static final List<String> OUTER = List.of("outerNative", "outerAwait", "outerHooks");

	/** The middlewares behind filters such as those of Spring Security. */
	static final List<String> INNER = List.of("native1", "native2", "native3", "await1", "await2", "await3", "hooks1",
			"hooks2", "blocking");

	@Bean
	@AsyncMiddleware(order = MiddlewareOrder.FIRST)
	Native outerNative() {
		return new Native();
	}

	@Bean
	@AsyncMiddleware(order = MiddlewareOrder.FIRST)
	Await outerAwait() {
		return new Await();
	}

	@Bean
	@AsyncMiddleware(order = MiddlewareOrder.FIRST)
	Hooks outerHooks() {
		return new Hooks();
	}

	@Bean
	@AsyncMiddleware
	Native native1() {
		return new Native();
	}

	@Bean
	@AsyncMiddleware
	Native native2() {
		return new Native();
	}

	@Bean
	@AsyncMiddleware
	Native native3() {
		return new Native();
	}

	@Bean
	@AsyncMiddleware
	Await await1() {
		return new Await();
	}

	@Bean
	@AsyncMiddleware
	Await await2() {
		return new Await();
	}

	@Bean
	@AsyncMiddleware(timeout = "30s")
	Await await3() {
		return new Await();
	}

	@Bean
	@AsyncMiddleware
	Hooks hooks1() {
		return new Hooks();
	}

	@Bean
	@AsyncMiddleware
	Hooks hooks2() {
		return new Hooks();
	}

	@Bean
	@AsyncMiddleware
	Blocking blocking() {
		return new Blocking();
	}

	static class Native implements WebFilter {

		@Override
		public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
			return chain.filter(exchange);
		}

	}

	static class Await implements HandlerFilterFunction<LiveResponse, ServerResponse> {

		@Override
		public Mono<ServerResponse> filter(ServerRequest request, HandlerFunction<LiveResponse> next) {
			return next.handle(request).cast(ServerResponse.class);
		}

	}

	static class Hooks {

		@OnRequest(blocking = false)
		void before() {
		}

		@OnResponse
		void after() {
		}

	}

	static class Blocking {

		@OnRequest
		void before() {
		}

		@OnResponse(blocking = true)
		void after() {
		}

	}

}
