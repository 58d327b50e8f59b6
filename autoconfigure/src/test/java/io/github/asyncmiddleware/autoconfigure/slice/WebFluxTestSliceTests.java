package io.github.asyncmiddleware.autoconfigure.slice;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.webflux.test.autoconfigure.WebFluxTest;
import org.springframework.context.ApplicationContext;
import org.springframework.test.context.TestPropertySource;
import org.springframework.test.context.bean.override.mockito.MockitoBean;
import org.springframework.test.web.reactive.server.FluxExchangeResult;
import org.springframework.test.web.reactive.server.WebTestClient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.BDDMockito.given;

/**
 * Tests for middlewares in a {@link WebFluxTest @WebFluxTest} that imports nothing: all
 * styles are there, and what they need is mocked, as for controllers.
 */
@WebFluxTest(properties = "spring.test.webtestclient.timeout=30s")
class WebFluxTestSliceTests {

	@Autowired
	private WebTestClient client;

	@Autowired
	private ApplicationContext context;

	@MockitoBean
	private Keys keys;

	@Test
	void refusesARequestThatIsNotAuthenticated() {
		FluxExchangeResult<Void> result = get(null);
		assertThat(result.getStatus().value()).isEqualTo(401);
		assertThat(result.getResponseHeaders().get("X-Seen")).containsExactly("awaiting 401");
		assertThat(result.getResponseHeaders().get("X-Ran")).isNull();
	}

	@Test
	void runsMiddlewaresOfAllStyles() {
		given(this.keys.isKnown("secret")).willReturn(true);
		FluxExchangeResult<Void> result = get("secret");
		assertThat(result.getStatus().value()).isEqualTo(200);
		assertThat(result.getResponseHeaders().get("X-Seen")).containsExactly("awaiting 200");
		assertThat(result.getResponseHeaders().get("X-Ran")).containsExactly("native");
	}

	@Test
	void leavesServicesOut() {
		assertThat(this.context.getBean(Keys.class)).isSameAs(this.keys);
	}

	private FluxExchangeResult<Void> get(String key) {
		return this.client.get().uri("/greeting").headers((headers) -> {
			if (key != null) {
				headers.add("X-Key", key);
			}
		}).exchange().returnResult(Void.class);
	}

	/**
	 * In a slice with overrides, which fail the start where they are for no bean.
	 */
	@Nested
	@TestPropertySource(properties = { "async-middleware.middleware.authentication.path=/secret/**",
			"async-middleware.middleware.awaiting.order=30", "async-middleware.middleware.native.enabled=false" })
	class WithOverrides {

		@Test
		void appliesThem() {
			FluxExchangeResult<Void> result = get(null);
			assertThat(result.getStatus().value()).isEqualTo(200);
			assertThat(result.getResponseHeaders().get("X-Seen")).containsExactly("awaiting 200");
			assertThat(result.getResponseHeaders().get("X-Ran")).isNull();
		}

	}

}
