package io.github.asyncmiddleware.test;

import java.time.Duration;
import java.util.List;

import io.github.asyncmiddleware.LiveResponse;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseCookie;
import org.springframework.http.codec.HttpMessageWriter;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.mock.web.reactive.function.server.MockServerRequest;
import org.springframework.mock.web.server.MockServerWebExchange;
import org.springframework.web.reactive.function.server.HandlerFilterFunction;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.reactive.result.view.ViewResolver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Tests for {@link MockLiveResponse}.
 */
class MockLiveResponseTests {

	@Test
	void canBeHandedToAMiddleware() {
		HandlerFilterFunction<LiveResponse, ServerResponse> middleware = (request, next) -> next.handle(request)
			.map((response) -> {
				response.setStatusCode(HttpStatus.ACCEPTED);
				response.headers().set("X-Status", "changed");
				return response;
			});
		MockLiveResponse response = MockLiveResponse.ok()
			.header("Vary", "Origin", "Accept")
			.cookie(ResponseCookie.from("a", "b").build());
		assertThat(
				middleware.filter(MockServerRequest.builder().build(), response.next()).block(Duration.ofSeconds(30)))
			.isSameAs(response);
		assertThat(response.statusCode()).isEqualTo(HttpStatus.ACCEPTED);
		assertThat(response.headers().getFirst("X-Status")).isEqualTo("changed");
		assertThat(response.headers().get("Vary")).containsExactly("Origin", "Accept");
		assertThat(response.cookies()).containsOnlyKeys("a");
		assertThat(response).hasToString("MockLiveResponse 202 ACCEPTED");
	}

	@Test
	void standsForAPlainResponseToo() {
		HandlerFilterFunction<ServerResponse, ServerResponse> middleware = (request, next) -> next.handle(request)
			.doOnNext((response) -> response.headers().set("X-Status", "changed"));
		MockLiveResponse response = MockLiveResponse.ok();
		middleware.filter(MockServerRequest.builder().build(), (request) -> Mono.just(response))
			.block(Duration.ofSeconds(30));
		assertThat(response.headers().getFirst("X-Status")).isEqualTo("changed");
	}

	@Test
	void cannotBeWritten() {
		Mono<Void> written = MockLiveResponse.of(HttpStatus.OK)
			.writeTo(MockServerWebExchange.from(MockServerHttpRequest.get("/")), new NoContext());
		assertThatIllegalStateException().isThrownBy(() -> written.block(Duration.ofSeconds(30)))
			.withMessage("A live response is sent by returning it from the middleware");
	}

	/**
	 * Writes nothing.
	 */
	private static final class NoContext implements ServerResponse.Context {

		@Override
		public List<HttpMessageWriter<?>> messageWriters() {
			return List.of();
		}

		@Override
		public List<ViewResolver> viewResolvers() {
			return List.of();
		}

	}

}
