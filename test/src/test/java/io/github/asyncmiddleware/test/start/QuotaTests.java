package io.github.asyncmiddleware.test.start;

import io.github.asyncmiddleware.test.MiddlewareTester;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.springframework.mock.http.server.reactive.MockServerHttpRequest.get;

class QuotaTests {

	@Test
	void marksTheResponse() {
		assertThat(MiddlewareTester.of(new Quota()).exchange(get("/hello"))).passed()
			.hasStatus(200)
			.hasHeader("X-Limited-By", "quota")
			.reachedHandler();
	}

}
