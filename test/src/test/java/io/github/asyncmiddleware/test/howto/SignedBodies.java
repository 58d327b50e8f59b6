package io.github.asyncmiddleware.test.howto;

import java.util.function.BiPredicate;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.MiddlewareOrder;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferLimitException;
import org.springframework.core.io.buffer.DataBufferUtils;
import org.springframework.core.io.buffer.DefaultDataBufferFactory;
import org.springframework.http.HttpStatus;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.http.server.reactive.ServerHttpRequestDecorator;
import org.springframework.web.server.ContentTooLargeException;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;

/**
 * Lets only those requests through whose body was signed.
 */
@AsyncMiddleware(order = MiddlewareOrder.BEFORE_SECURITY, path = "/webhooks/**")
class SignedBodies implements WebFilter {

	private static final int MAX_BYTES = 64 * 1024;

	private final BiPredicate<@Nullable String, byte[]> signatures;

	SignedBodies(BiPredicate<@Nullable String, byte[]> signatures) {
		this.signatures = signatures;
	}

	@Override
	public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
		ServerHttpRequest request = exchange.getRequest();
		return DataBufferUtils.join(request.getBody(), MAX_BYTES)
			.onErrorMap(DataBufferLimitException.class, ContentTooLargeException::new)
			.map(SignedBodies::bytesOf)
			.defaultIfEmpty(new byte[0])
			.flatMap((body) -> {
				if (this.signatures.test(request.getHeaders().getFirst("X-Signature"), body)) {
					return chain.filter(exchange.mutate().request(withBody(request, body)).build());
				}
				exchange.getResponse().setStatusCode(HttpStatus.UNAUTHORIZED);
				return exchange.getResponse().setComplete();
			});
	}

	private static byte[] bytesOf(DataBuffer buffer) {
		byte[] bytes = new byte[buffer.readableByteCount()];
		buffer.read(bytes);
		DataBufferUtils.release(buffer);
		return bytes;
	}

	private static ServerHttpRequest withBody(ServerHttpRequest request, byte[] body) {
		return new ServerHttpRequestDecorator(request) {

			@Override
			public Flux<DataBuffer> getBody() {
				return Flux.just(body)
					.filter((bytes) -> bytes.length > 0)
					.map((bytes) -> DefaultDataBufferFactory.sharedInstance.wrap(bytes));
			}

		};
	}

}
