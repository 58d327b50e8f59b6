package io.github.asyncmiddleware.autoconfigure;

import java.util.List;
import java.util.stream.Stream;

import io.github.asyncmiddleware.internal.chain.ChainEntry;
import io.github.asyncmiddleware.internal.chain.ForeignFilter;
import io.github.asyncmiddleware.internal.chain.Middleware;
import io.github.asyncmiddleware.internal.chain.MiddlewareScope;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;

import org.springframework.security.web.server.WebFilterChainProxy;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ForeignNames}.
 */
class ForeignNamesTests {

	private static final String SECURITY = "org.springframework.security.config.annotation.web.reactive."
			+ "WebFluxSecurityConfiguration.WebFilterChainFilter";

	private static final WebFilter LAMBDA = (exchange, chain) -> chain.filter(exchange);

	private final ForeignNames names = new ForeignNames(List.of("auth", "Disabled"));

	@Test
	void shortensTheNameOfSpringSecurity() {
		assertThat(shorten(foreign(SECURITY, WebFilterChainProxy.class))).containsExactly("WebFilterChainProxy");
	}

	@Test
	void shortensTheNameOfAnImportedBean() {
		assertThat(shorten(foreign(Nested.class.getName(), Nested.class))).containsExactly("Nested");
	}

	@Test
	void shortensTheNameOfAClassThatHasNoSimpleOne() {
		WebFilter anonymous = new WebFilter() {
			@Override
			public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
				return chain.filter(exchange);
			}
		};
		String lambda = LAMBDA.getClass().getName().replaceAll("/.*", "");
		assertThat(shorten(foreign(anonymous.getClass().getName(), anonymous.getClass()),
				foreign(lambda, LAMBDA.getClass())))
			.containsExactly("ForeignNamesTests$1", lambda.substring(lambda.lastIndexOf('.') + 1));
	}

	@ParameterizedTest
	@ValueSource(strings = { "tenant", "my.dotted", "Tenant", "com.acme.shop", "a b.C d" })
	void keepsEveryOtherName(String name) {
		assertThat(shorten(foreign(name, Nested.class))).containsExactly(name);
	}

	@Test
	void keepsNamesThatWouldBeTheSame() {
		assertThat(shorten(foreign("com.acme.One", Nested.class), foreign("com.acme.Two", Nested.class)))
			.containsExactly("com.acme.One", "com.acme.Two");
		assertThat(shorten(foreign("Nested", Nested.class), foreign("com.acme.Three", Nested.class)))
			.containsExactly("Nested", "com.acme.Three");
	}

	@Test
	void leavesTheNamesOfMiddlewaresToThem() {
		ForeignNames names = new ForeignNames(List.of("Nested"));
		assertThat(names.shorten(List.of(foreign("com.acme.One", Nested.class)))).extracting(ChainEntry::name)
			.containsExactly("com.acme.One");
		Middleware middleware = new Middleware(0, "com.acme.Auth", Nested.class, 0, MiddlewareScope.ALL, LAMBDA);
		assertThat(names.shorten(List.of(middleware))).containsExactly(middleware);
	}

	@Test
	void callsAFilterTheSameInEachChain() {
		assertThat(shorten(foreign("com.acme.One", Nested.class))).containsExactly("Nested");
		assertThat(shorten(foreign("com.acme.Two", Nested.class), foreign("com.acme.One", Nested.class)))
			.containsExactly("com.acme.Two", "Nested");
		assertThat(shorten(foreign("com.acme.Two", Nested.class))).containsExactly("com.acme.Two");
	}

	@Test
	void shortensTheNameOfAFilterThatStandsTwiceInAChain() {
		assertThat(
				shorten(foreign(Nested.class.getName(), Nested.class), foreign(Nested.class.getName(), Nested.class)))
			.containsExactly("Nested", "Nested");
	}

	private List<String> shorten(ForeignFilter... filters) {
		return this.names.shorten(Stream.of(filters).map(ChainEntry.class::cast).toList())
			.stream()
			.map(ChainEntry::name)
			.toList();
	}

	private static ForeignFilter foreign(String name, Class<?> type) {
		return new ForeignFilter(name, type, 0, LAMBDA);
	}

	private static final class Nested {

	}

}
