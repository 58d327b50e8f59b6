package io.github.asyncmiddleware.test.howto;

import io.github.asyncmiddleware.test.MiddlewareTester;
import org.junit.jupiter.api.Test;

import org.springframework.web.reactive.function.server.ServerResponse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.springframework.mock.http.server.reactive.MockServerHttpRequest.get;
import static org.springframework.mock.http.server.reactive.MockServerHttpRequest.head;
import static org.springframework.web.reactive.function.server.RouterFunctions.route;

/**
 * Tests for {@link Footer}.
 */
class FooterTests {

	private final MiddlewareTester tester = MiddlewareTester.of(new Footer())
		.withRoutes(route()
			.GET("/reports/{id}", (request) -> ServerResponse.ok().header("X-Report", "7").bodyValue("12 orders"))
			.HEAD("/reports/{id}", (request) -> ServerResponse.ok().header("X-Report", "7").bodyValue("12 orders"))
			.build());

	@Test
	void addsALine() {
		assertThat(this.tester.exchange(get("/reports/7"))).passed()
			.hasHeader("X-Report", "7")
			.doesNotHaveHeader("Content-Length")
			.hasBody("12 orders\nInternal use only");
	}

	@Test
	void addsNothingWhereThereIsNoBody() {
		assertThat(this.tester.exchange(head("/reports/7"))).passed().hasHeader("X-Report", "7").hasNoBody();
	}

	@Test
	void leavesErrorPagesAsTheyAre() {
		assertThat(this.tester.exchange(get("/reports/7/pages"))).hasStatus(404).body().doesNotContain("Internal");
	}

}
