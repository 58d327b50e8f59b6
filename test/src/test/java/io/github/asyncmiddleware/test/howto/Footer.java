package io.github.asyncmiddleware.test.howto;

import java.nio.charset.StandardCharsets;

import io.github.asyncmiddleware.AsyncMiddleware;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.http.HttpHeaders;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.http.server.reactive.ServerHttpResponseDecorator;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;

/**
 * Adds a line to the body of each report.
 */
@AsyncMiddleware(path = "/reports/**")
class Footer implements WebFilter {

	private static final byte[] LINE = "\nInternal use only".getBytes(StandardCharsets.UTF_8);

	@Override
	public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
		return chain.filter(exchange.mutate().response(withLine(exchange.getResponse())).build());
	}

	private static ServerHttpResponse withLine(ServerHttpResponse response) {
		return new ServerHttpResponseDecorator(response) {

			@Override
			public Mono<Void> writeWith(Publisher<? extends DataBuffer> body) {
				getHeaders().remove(HttpHeaders.CONTENT_LENGTH); // without the line
				return super.writeWith(Flux.concat(body, Mono.fromSupplier(() -> bufferFactory().wrap(LINE))));
			}

		};
	}

}
