package io.github.asyncmiddleware.documentation;

import java.security.Principal;

import io.github.asyncmiddleware.LiveResponse;
import reactor.core.publisher.Mono;

import org.springframework.http.HttpStatus;
import org.springframework.web.reactive.function.server.HandlerFunction;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilterChain;

/**
 * The code of {@code docs/misuse.md}, right and wrong: all of it compiles.
 */
abstract class MisusePage {

	private final Audit audit;

	MisusePage(Audit audit) {
		this.audit = audit;
	}

	abstract Mono<Principal> user(ServerWebExchange exchange);

	abstract ServerWebExchange with(Principal user, ServerWebExchange exchange);

	abstract void log(ServerResponse response);

	Mono<Void> returnsNull(ServerWebExchange exchange, WebFilterChain chain) {
		return exchange.getRequest().getHeaders().containsHeader("X-Skip") ? null : chain.filter(exchange);
	}

	Mono<Void> isEmpty(ServerWebExchange exchange, WebFilterChain chain) {
		return exchange.getRequest().getHeaders().containsHeader("X-Skip") ? Mono.empty() : chain.filter(exchange);
	}

	Mono<Void> drops(ServerWebExchange exchange, WebFilterChain chain) {
		Audit audit = this.audit;
		chain.filter(exchange);
		return audit.write(exchange);
	}

	Mono<Void> awaits(ServerWebExchange exchange, WebFilterChain chain) {
		Audit audit = this.audit;
		return audit.write(exchange).then(chain.filter(exchange));
	}

	Mono<Void> runsTwice(ServerWebExchange exchange, WebFilterChain chain) {
		return user(exchange).flatMap((user) -> chain.filter(with(user, exchange)))
			.switchIfEmpty(chain.filter(exchange));
	}

	Mono<Void> runsOnce(ServerWebExchange exchange, WebFilterChain chain) {
		return user(exchange).map((user) -> with(user, exchange)).defaultIfEmpty(exchange).flatMap(chain::filter);
	}

	Mono<Void> goesOnAfterItsAnswer(ServerWebExchange exchange, WebFilterChain chain) {
		exchange.getResponse().setStatusCode(HttpStatus.UNAUTHORIZED);
		return exchange.getResponse().setComplete().then(chain.filter(exchange));
	}

	Mono<Void> answers(ServerWebExchange exchange) {
		return exchange.getResponse().setComplete();
	}

	Mono<Void> doesNotWait(ServerWebExchange exchange, WebFilterChain chain) {
		chain.filter(exchange).subscribe();
		return Mono.empty();
	}

	Mono<Void> waits(ServerWebExchange exchange, WebFilterChain chain) {
		return chain.filter(exchange);
	}

	Mono<ServerResponse> loses(ServerRequest request, HandlerFunction<LiveResponse> next) {
		return next.handle(request).doOnNext(this::log).then(Mono.empty());
	}

	Mono<ServerResponse> keeps(ServerRequest request, HandlerFunction<LiveResponse> next) {
		return next.handle(request).doOnNext(this::log).map((response) -> response);
	}

	Mono<? extends ServerResponse> swallows(ServerRequest request, HandlerFunction<LiveResponse> next) {
		return next.handle(request).onErrorResume((ex) -> Mono.empty());
	}

	Mono<ServerResponse> doesNotAwait(ServerRequest request, HandlerFunction<LiveResponse> next) {
		next.handle(request).subscribe();
		return ServerResponse.accepted().build();
	}

	interface Audit {

		Mono<Void> write(ServerWebExchange exchange);

	}

}
