package io.github.asyncmiddleware.test.shop;

import java.util.function.Supplier;

import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.webflux.test.autoconfigure.WebFluxTest;
import org.springframework.test.context.bean.override.mockito.MockitoBean;
import org.springframework.test.web.reactive.server.WebTestClient;

import static org.mockito.BDDMockito.given;

/**
 * Tests for {@link OrderController} behind the middlewares.
 */
@WebFluxTest(OrderController.class)
class OrderSliceTests {

	@Autowired
	private WebTestClient client;

	@MockitoBean
	private Tokens tokens;

	@MockitoBean(name = "flagsClient")
	private Supplier<Mono<String>> flags;

	@Test
	void answersUsers() {
		given(this.tokens.userOf("Bearer good")).willReturn(Mono.just("ann"));
		given(this.flags.get()).willReturn(Mono.empty());
		this.client.get()
			.uri("/orders/7")
			.header("Authorization", "Bearer good")
			.exchange()
			.expectStatus()
			.isOk()
			.expectHeader()
			.valueEquals("X-Status", "OK");
		this.client.get().uri("/orders/7").exchange().expectStatus().isUnauthorized();
	}

}
