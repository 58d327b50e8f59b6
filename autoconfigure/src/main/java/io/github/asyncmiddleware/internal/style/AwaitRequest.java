package io.github.asyncmiddleware.internal.style;

import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

import io.github.asyncmiddleware.internal.response.AttemptExchange;
import io.github.asyncmiddleware.internal.response.AwaitedResponse;

import org.springframework.http.codec.HttpMessageReader;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.web.reactive.function.BodyExtractor;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.support.ServerRequestWrapper;
import org.springframework.web.server.ServerWebExchange;

/**
 * The request as one of several middlewares sees it that await its response: the one that
 * all of them share, with the exchange of this one.
 */
final class AwaitRequest extends ServerRequestWrapper {

	private final ServerWebExchange exchange;

	private AwaitRequest(ServerRequest request, ServerWebExchange exchange) {
		super(request);
		this.exchange = exchange;
	}

	/**
	 * The request as a middleware sees it.
	 * @param exchange the exchange as the middleware sees it
	 * @param awaited keeps the request for the middlewares further in
	 * @param readers supplies what reads the body
	 * @return the request
	 */
	static ServerRequest of(ServerWebExchange exchange, AwaitedResponse awaited,
			Supplier<List<HttpMessageReader<?>>> readers) {
		ServerWebExchange shared = (exchange instanceof AttemptExchange attempt) ? attempt.getDelegate() : exchange;
		ServerRequest request = awaited.request(shared);
		if (request == null) {
			request = ServerRequest.create(shared, readers.get());
			awaited.keep(request, shared);
		}
		return (shared != exchange) ? new AwaitRequest(request, exchange) : request;
	}

	@Override
	public ServerWebExchange exchange() {
		return this.exchange;
	}

	/**
	 * An extractor can ask for the response.
	 */
	@Override
	public <T> T body(BodyExtractor<T, ? super ServerHttpRequest> extractor) {
		return own().body(extractor);
	}

	@Override
	public <T> T body(BodyExtractor<T, ? super ServerHttpRequest> extractor, Map<String, Object> hints) {
		return own().body(extractor, hints);
	}

	private ServerRequest own() {
		return ServerRequest.create(this.exchange, messageReaders());
	}

	@Override
	public String toString() {
		return request().toString();
	}

}
