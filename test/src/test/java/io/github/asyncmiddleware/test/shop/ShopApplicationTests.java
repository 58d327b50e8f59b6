package io.github.asyncmiddleware.test.shop;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.context.ApplicationContext;
import org.springframework.test.web.reactive.server.WebTestClient;

/**
 * Tests for {@link ShopApplication} without a server.
 */
@SpringBootTest
class ShopApplicationTests {

	private WebTestClient client;

	@BeforeEach
	void createClient(@Autowired ApplicationContext context) {
		this.client = WebTestClient.bindToApplicationContext(context).build();
	}

	@Test
	void refusesStrangers() {
		this.client.get().uri("/orders/7").exchange().expectStatus().isUnauthorized();
	}

	@Test
	void answersUsers() {
		this.client.get()
			.uri("/orders/7")
			.header("Authorization", "Bearer good")
			.exchange()
			.expectBody(String.class)
			.isEqualTo("order 7");
	}

}
