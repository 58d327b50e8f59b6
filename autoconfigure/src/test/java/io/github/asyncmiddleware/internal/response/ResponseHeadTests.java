package io.github.asyncmiddleware.internal.response;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

import io.github.asyncmiddleware.testsupport.TestChain;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseCookie;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.mock.http.server.reactive.MockServerHttpResponse;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebHandler;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ResponseHead} and for what is kept of a head by those who have asked
 * for it.
 */
class ResponseHeadTests {

	private static final Duration PATIENCE = Duration.ofSeconds(10);

	private final MockServerHttpResponse response = new MockServerHttpResponse();

	@Test
	void isRestoredWithoutTheValuesThatWereAddedToThoseOfBefore() {
		TestChain chain = new TestChain().middleware("sets", (exchange, next) -> {
			add(exchange, "before");
			return next.filter(exchange).doOnSuccess((done) -> {
			});
		}).middleware("retries", (exchange, next) -> Mono.defer(() -> next.filter(exchange)).retry(2));
		AtomicInteger runs = new AtomicInteger();
		handle(chain, (exchange) -> {
			if (runs.incrementAndGet() == 3) {
				return exchange.getResponse().setComplete();
			}
			add(exchange, "discarded");
			return Mono.error(new IllegalStateException("handler"));
		});
		assertThat(this.response.getHeaders().get(HttpHeaders.VARY)).containsExactly("before");
		assertThat(this.response.getCookies().get("c")).extracting(ResponseCookie::getValue).containsExactly("before");
	}

	private static void add(ServerWebExchange exchange, String value) {
		exchange.getResponse().getHeaders().add(HttpHeaders.VARY, value);
		exchange.getResponse().addCookie(ResponseCookie.from("c", value).build());
	}

	@Test
	void canBeIteratedWhenItIsSent() {
		List<String> seen = new ArrayList<>();
		TestChain chain = new TestChain()
			.middleware("outer", (exchange, next) -> next.filter(exchange).doOnSuccess((done) -> {
			}))
			.middleware("logs", (exchange, next) -> {
				HttpHeaders headers = exchange.getResponse().getHeaders();
				return next.filter(exchange)
					.doOnSuccess((done) -> headers.forEach((name, values) -> seen.add(name + " " + values)));
			});
		handle(chain, (exchange) -> {
			exchange.getResponse().setStatusCode(HttpStatus.OK);
			exchange.getResponse().getHeaders().set("X-Answer", "yes");
			return exchange.getResponse().setComplete();
		});
		assertThat(seen).containsExactly("X-Answer [yes]");
	}

	private void handle(TestChain chain, WebHandler handler) {
		chain.build(handler).handle(MockServerHttpRequest.get("/").build(), this.response).block(PATIENCE);
	}

}
