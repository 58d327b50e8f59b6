package io.github.asyncmiddleware.test;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.OnRequest;
import org.junit.jupiter.api.Test;

import org.springframework.mock.http.server.reactive.MockServerHttpRequest;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link MiddlewareAttributes}.
 */
class MiddlewareAttributesTests {

	private static final String PROPERTIES = "async-middleware.middleware.";

	private final MiddlewareTester tester = MiddlewareTester.of().withMiddleware("theGate", new Gate());

	@Test
	void replacesALongerList() {
		MiddlewareTester base = this.tester.withAttributes((attributes) -> attributes.excludePath("/health", "/login"));
		MiddlewareTester shorter = base.withAttributes((attributes) -> attributes.excludePath("/health"));
		assertThat(shorter.exchange(get("/login"))).passed();
		assertThat(shorter.exchange(get("/health"))).didNotRun();
		assertThat(base.exchange(get("/login"))).didNotRun();
	}

	@Test
	void replacesAnEmptyListAndIsReplacedByOne() {
		MiddlewareTester all = this.tester.withAttributes((attributes) -> attributes.path());
		MiddlewareTester some = all.withAttributes((attributes) -> attributes.path("/x"));
		assertThat(some.exchange(get("/x"))).passed();
		assertThat(some.exchange(get("/y"))).didNotRun();
		assertThat(some.withAttributes((attributes) -> attributes.path()).exchange(get("/y"))).passed();
	}

	@Test
	void replacesPropertiesHoweverTheyAreSpelled() {
		assertReplaced("the-gate.exclude-path[0]=/x", "the-gate.exclude-path[1]=/login");
		assertReplaced("theGate.excludePath=/x,/login");
		assertReplaced("[theGate].EXCLUDE_PATH=/x,/login");
	}

	private void assertReplaced(String... properties) {
		MiddlewareTester spelled = this.tester;
		for (String property : properties) {
			spelled = spelled.withPropertyValues(PROPERTIES + property);
		}
		assertThat(spelled.exchange(get("/login"))).didNotRun();
		MiddlewareTester replaced = spelled.withAttributes((attributes) -> attributes.excludePath("/health"));
		assertThat(replaced.exchange(get("/login"))).passed();
		assertThat(replaced.exchange(get("/health"))).didNotRun();
	}

	@Test
	void keepsOtherAttributesAndThoseOfOthers() {
		MiddlewareTester both = this.tester.withMiddleware("other", new Gate())
			.withAttributes("theGate", (attributes) -> attributes.path("/a").excludePath("/a/b"))
			.withAttributes("other", (attributes) -> attributes.path("/a", "/x"))
			.withAttributes("theGate", (attributes) -> attributes.path("/a/**"));
		assertThat(both.exchange(get("/a"))).ran("other", "theGate");
		assertThat(both.exchange(get("/a/b"))).ran();
		assertThat(both.exchange(get("/x"))).ran("other");
	}

	private static MockServerHttpRequest.BaseBuilder<?> get(String path) {
		return MockServerHttpRequest.get(path);
	}

	@AsyncMiddleware
	static class Gate {

		@OnRequest(blocking = false)
		void check() {
		}

	}

}
