package io.github.asyncmiddleware.wire;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.LiveResponse;
import io.github.asyncmiddleware.OnRequest;
import io.github.asyncmiddleware.OnResponse;
import io.github.asyncmiddleware.wire.Deeds.Deed;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;

import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.core.annotation.Order;
import org.springframework.http.MediaType;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.reactive.function.server.HandlerFilterFunction;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;

/**
 * An application with code in each place of a chain: the path tells which of it does
 * something, and a header what. Without a header it only passes.
 */
@Configuration(proxyBeanMethods = false)
@EnableAutoConfiguration
@Import({ NamedThreads.class, Deeds.class, BlameApplication.Handlers.class })
class BlameApplication {

	/** Where the end of what the foreign filter does can be awaited. */
	private static final String HELD = "held";

	@Bean
	@Order(-30)
	WebFilter foreign(Deeds deeds) {
		return (exchange, chain) -> exchange.getRequest().getPath().value().startsWith("/held")
				? new Holding(exchange, chain, deeds) : chain.filter(exchange);
	}

	@Bean
	@AsyncMiddleware(order = -20)
	WebFilter first() {
		return (exchange, chain) -> chain.filter(exchange);
	}

	@Bean
	@AsyncMiddleware(path = "/filter")
	WebFilter filter(Deeds deeds) {
		return (exchange, chain) -> {
			deeds.perform(exchange);
			if (Deed.ANSWER.isWantedBy(exchange)) {
				return answer(exchange.getResponse(), deeds);
			}
			return deeds.await(exchange).then(Mono.defer(() -> chain.filter(exchange)));
		};
	}

	@Bean
	@AsyncMiddleware(path = "/filterBehind")
	WebFilter filterBehind(Deeds deeds) {
		return (exchange, chain) -> chain.filter(exchange)
			.then(Mono.fromRunnable(() -> deeds.perform(exchange)))
			.then(Mono.defer(() -> deeds.await(exchange)));
	}

	@Bean
	@AsyncMiddleware(path = "/await")
	HandlerFilterFunction<LiveResponse, ServerResponse> await(Deeds deeds) {
		return (request, next) -> {
			deeds.perform(request.exchange());
			return deeds.await(request.exchange())
				.then(Mono.defer(() -> next.handle(request)))
				.cast(ServerResponse.class);
		};
	}

	@Bean
	@AsyncMiddleware(path = "/awaitBehind")
	HandlerFilterFunction<LiveResponse, ServerResponse> awaitBehind(Deeds deeds) {
		return (request, next) -> next.handle(request)
			.doOnNext((response) -> deeds.perform(request.exchange()))
			.delayUntil((response) -> deeds.await(request.exchange()))
			.cast(ServerResponse.class);
	}

	@Bean
	@AsyncMiddleware(path = "/hook")
	Hook hook(Deeds deeds) {
		return new Hook(deeds);
	}

	@Bean
	@AsyncMiddleware(path = "/hookInPlace")
	HookInPlace hookInPlace(Deeds deeds) {
		return new HookInPlace(deeds);
	}

	@Bean
	@AsyncMiddleware(path = "/hookBehind")
	HookBehind hookBehind(Deeds deeds) {
		return new HookBehind(deeds);
	}

	@Bean
	@AsyncMiddleware(path = "/blocking")
	BlockingHook blocking(Deeds deeds) {
		return new BlockingHook(deeds);
	}

	@Bean
	@AsyncMiddleware(path = "/member", concurrent = true)
	Hook member(Deeds deeds) {
		return new Hook(deeds);
	}

	@Bean
	@AsyncMiddleware(path = "/member", concurrent = true)
	OtherMember otherMember() {
		return new OtherMember();
	}

	@Bean
	@AsyncMiddleware(path = "/callback")
	WebFilter callback(Deeds deeds) {
		return (exchange, chain) -> Mono.delay(Duration.ofMillis(1))
			.doOnNext((done) -> deeds.perform(exchange))
			.then(Mono.defer(() -> chain.filter(exchange)));
	}

	/**
	 * Does something when a form has come, which may be later than its head.
	 */
	@Bean
	@AsyncMiddleware(path = "/reader")
	WebFilter reader(Deeds deeds) {
		return (exchange, chain) -> deeds.read(exchange).then(Mono.defer(() -> {
			deeds.perform(exchange);
			return chain.filter(exchange);
		}));
	}

	@Bean
	@AsyncMiddleware(path = "/heldFilter")
	WebFilter heldFilter() {
		return (exchange, chain) -> Mono.fromFuture(held(exchange)).then(chain.filter(exchange));
	}

	@Bean
	@AsyncMiddleware(path = "/heldAwait")
	HandlerFilterFunction<LiveResponse, ServerResponse> heldAwait() {
		return (request, next) -> next.handle(request)
			.delayUntil((response) -> Mono.fromFuture(held(request.exchange())))
			.cast(ServerResponse.class);
	}

	@Bean
	@AsyncMiddleware(path = "/heldHook")
	HeldHook heldHook() {
		return new HeldHook();
	}

	@Bean
	@AsyncMiddleware(path = "/heldBlocking")
	HeldBlockingHook heldBlocking() {
		return new HeldBlockingHook();
	}

	private static CompletableFuture<Void> held(ServerWebExchange exchange) {
		return exchange.getRequiredAttribute(HELD);
	}

	private static Mono<Void> answer(ServerHttpResponse response, Deeds deeds) {
		response.getHeaders().setContentType(MediaType.APPLICATION_OCTET_STREAM);
		response.getHeaders().setContentLength(Deeds.LARGE);
		return response.writeWith(deeds.large());
	}

	/**
	 * Subscribes to the rest of the chain and then keeps its thread.
	 */
	private static final class Holding extends Mono<Void> {

		private final ServerWebExchange exchange;

		private final WebFilterChain chain;

		private final Deeds deeds;

		private final CompletableFuture<Void> held = new CompletableFuture<>();

		Holding(ServerWebExchange exchange, WebFilterChain chain, Deeds deeds) {
			this.exchange = exchange;
			this.chain = chain;
			this.deeds = deeds;
			exchange.getAttributes().put(HELD, this.held);
		}

		@Override
		public void subscribe(CoreSubscriber<? super Void> actual) {
			this.chain.filter(this.exchange).subscribe(actual);
			this.deeds.perform(this.exchange);
			this.held.complete(null);
		}

	}

	record Hook(Deeds deeds) {

		@OnRequest
		Mono<Void> load(ServerWebExchange exchange) {
			this.deeds.perform(exchange);
			return this.deeds.await(exchange);
		}

	}

	record HookInPlace(Deeds deeds) {

		@OnRequest(blocking = false)
		void load(ServerWebExchange exchange) {
			this.deeds.perform(exchange);
		}

	}

	record HookBehind(Deeds deeds) {

		@OnResponse
		Mono<Void> stamp(ServerWebExchange exchange) {
			this.deeds.perform(exchange);
			return this.deeds.await(exchange);
		}

	}

	/**
	 * Waits on a thread where it may.
	 */
	record BlockingHook(Deeds deeds) {

		@OnRequest
		void load(ServerWebExchange exchange) {
			this.deeds.await(exchange).block();
		}

	}

	static class OtherMember {

		@OnRequest
		Mono<Void> load() {
			return Mono.delay(Duration.ofMillis(1)).then();
		}

	}

	static class HeldHook {

		@OnRequest
		CompletableFuture<Void> load(ServerWebExchange exchange) {
			return held(exchange);
		}

	}

	static class HeldBlockingHook {

		@OnRequest
		void load(ServerWebExchange exchange) {
			held(exchange).join();
		}

	}

	@RestController
	record Handlers(Deeds deeds) {

		@RequestMapping("/handler")
		Mono<Void> handle(ServerWebExchange exchange) {
			this.deeds.perform(exchange);
			if (Deed.ANSWER.isWantedBy(exchange)) {
				return answer(exchange.getResponse(), this.deeds);
			}
			return this.deeds.await(exchange).then(Mono.defer(() -> exchange.getResponse().setComplete()));
		}

		@RequestMapping("/**")
		Mono<String> any() {
			return Mono.just(Thread.currentThread().getName());
		}

	}

}
