package io.github.asyncmiddleware.test.shop;

import io.github.asyncmiddleware.test.MiddlewareTester;
import io.github.asyncmiddleware.test.shop.Styles.StatusFilter;
import io.github.asyncmiddleware.test.shop.Styles.StatusHeader;
import io.github.asyncmiddleware.test.shop.Styles.StatusHook;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;

import org.springframework.beans.BeanUtils;

import static org.assertj.core.api.Assertions.assertThat;
import static org.springframework.mock.http.server.reactive.MockServerHttpRequest.get;

/**
 * The examples of README, which are to work as they stand.
 */
class ReadmeTests {

	private final Tokens tokens = (token) -> Mono.empty();

	@Test
	void waits() {
		MiddlewareTester tester = MiddlewareTester.of(new Audit());
		assertThat(tester.exchange(get("/products/1"))).passed().hasStatus(200).reachedHandler();
		assertThat(tester.exchange(get("/"))).didNotRun();
	}

	@ParameterizedTest
	@ValueSource(classes = { StatusHook.class, StatusHeader.class, StatusFilter.class })
	void doesTheSameInEachStyle(Class<?> style) {
		MiddlewareTester tester = MiddlewareTester.of(BeanUtils.instantiateClass(style));
		assertThat(tester.exchange(get("/"))).passed().hasHeader("X-Status", "OK");
		assertThat(tester.withResponse(404, "none").exchange(get("/"))).passed().doesNotHaveHeader("X-Status");
	}

	@Test
	void refuses() {
		MiddlewareTester tester = MiddlewareTester.of(new Authentication(this.tokens));
		assertThat(tester.exchange(get("/orders/7"))).answered().hasStatus(401).didNotReachHandler();
	}

}
