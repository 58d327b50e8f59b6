package io.github.asyncmiddleware.internal.style;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;

import io.github.asyncmiddleware.LiveResponse;
import io.github.asyncmiddleware.testsupport.TestChain;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.codec.HttpMessageReader;
import org.springframework.http.server.reactive.HttpHandler;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.mock.http.server.reactive.MockServerHttpResponse;
import org.springframework.web.reactive.function.server.HandlerFilterFunction;
import org.springframework.web.reactive.function.server.HandlerFunction;
import org.springframework.web.reactive.function.server.HandlerStrategies;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.server.ServerWebExchange;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link AwaitRequest}.
 */
class AwaitRequestTests {

	private static final List<HttpMessageReader<?>> READERS = HandlerStrategies.withDefaults().messageReaders();

	private final List<ServerRequest> requests = new ArrayList<>();

	private final AtomicReference<ServerWebExchange> handled = new AtomicReference<>();

	@Test
	void hasTheExchangeOfItsMiddleware() {
		get(chain(this::awaits, this::awaits, this::awaits));
		assertThat(this.requests).hasSize(3).extracting(ServerRequest::exchange).doesNotHaveDuplicates();
		// The attempt that the innermost middleware has begun is the handler's
		assertThat(this.requests).extracting(ServerRequest::exchange).doesNotContain(this.handled.get());
	}

	@Test
	void readsTheSameRequest() {
		HttpHandler handler = chain((request, next) -> {
			request.attributes().put("user", "ann");
			return awaits(request, next);
		}, this::awaits);
		MockServerHttpResponse response = new MockServerHttpResponse();
		handler.handle(MockServerHttpRequest.post("/orders/7?limit=2").header("X-Id", "9").body("text"), response)
			.block(Duration.ofSeconds(10));
		ServerRequest inner = this.requests.get(1);
		assertThat(inner.path()).isEqualTo("/orders/7");
		assertThat(inner.queryParam("limit")).hasValue("2");
		assertThat(inner.headers().firstHeader("X-Id")).isEqualTo("9");
		assertThat(inner.attribute("user")).hasValue("ann");
		assertThat(inner.bodyToMono(String.class).block(Duration.ofSeconds(10))).isEqualTo("text");
		assertThat(inner).hasToString(this.requests.get(0).toString());
	}

	@Test
	void extractorsSeeTheResponseOfItsMiddleware() {
		List<Object> responses = new ArrayList<>();
		get(chain(this::awaits, (request, next) -> {
			responses.add(request.body((message, context) -> context.serverResponse().orElseThrow()));
			responses
				.add(request.body((message, context) -> context.serverResponse().orElseThrow(), Map.of("hint", true)));
			responses.add(request.exchange().getResponse());
			return awaits(request, next);
		}));
		assertThat(responses).hasSize(3).allMatch((response) -> response == responses.get(2));
	}

	/**
	 * What the middleware decides by it belongs to an attempt that the outer middleware
	 * discards.
	 */
	@Test
	void leavesNothingOfNotModifiedInADiscardedAttempt() {
		MockServerHttpResponse response = new MockServerHttpResponse();
		chain((request, next) -> next.handle(request).then(ServerResponse.accepted().build()),
				(request, next) -> request.checkNotModified("\"1\"").cast(ServerResponse.class))
			.handle(MockServerHttpRequest.get("/").header(HttpHeaders.IF_NONE_MATCH, "\"1\"").build(), response)
			.block(Duration.ofSeconds(10));
		assertThat(this.handled).hasValue(null);
		assertThat(response.getStatusCode()).isEqualTo(HttpStatus.ACCEPTED);
		assertThat(response.getHeaders().getETag()).isNull();
	}

	private Mono<ServerResponse> awaits(ServerRequest request, HandlerFunction<LiveResponse> next) {
		this.requests.add(request);
		return next.handle(request).map((response) -> response);
	}

	private static void get(HttpHandler handler) {
		TestChain.get(handler, "/");
	}

	@SafeVarargs
	private HttpHandler chain(HandlerFilterFunction<LiveResponse, ServerResponse>... functions) {
		TestChain chain = new TestChain();
		for (int i = 0; i < functions.length; i++) {
			chain.middleware("m" + i, new AwaitFilter(functions[i], () -> READERS, () -> AwaitFilterTests.CONTEXT));
		}
		return chain.build((exchange) -> {
			this.handled.set(exchange);
			return exchange.getResponse().setComplete();
		});
	}

}
