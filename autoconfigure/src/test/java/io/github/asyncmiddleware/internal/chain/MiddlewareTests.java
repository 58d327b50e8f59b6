package io.github.asyncmiddleware.internal.chain;

import java.util.List;
import java.util.Set;

import io.github.asyncmiddleware.OnFailure;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

import org.springframework.http.HttpMethod;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link Middleware}: what people read of it, and its copies.
 */
class MiddlewareTests {

	@Test
	void isNamedWithItsClassAndItsOrder() {
		assertThat(middleware(MiddlewareCode.of(new Audit()))).hasToString(
				"middleware 'audit' (io.github.asyncmiddleware.internal.chain.MiddlewareTests$Audit, order 7)");
	}

	@Test
	void aFilterThatIsMeasuredIsNoMiddleware() {
		Middleware filter = middleware(new MiddlewareCode(Style.FOREIGN, RunsOn.EVENT_LOOP, new Audit(), null, null));
		assertThat(filter.isForeign()).isTrue();
		assertThat(filter)
			.hasToString("filter 'audit' (io.github.asyncmiddleware.internal.chain.MiddlewareTests$Audit, order 7)");
	}

	@Test
	void aPlaceIsAMethodOfItsClassUnlessItsHooksKnowBetter() {
		assertThat(middleware(MiddlewareCode.of(new Audit())).place())
			.isEqualTo("io.github.asyncmiddleware.internal.chain.MiddlewareTests$Audit.filter()");
		Middleware hooks = middleware(new MiddlewareCode(Style.HOOKS, RunsOn.EVENT_LOOP, new Audit(), null, null));
		assertThat(hooks.place()).isEqualTo("Audit.before(exchange)");
		assertThat(hooks.responsePlace()).isEqualTo("Audit.before(exchange)");
	}

	@Test
	void anotherOrderOrScopeChangesNothingElse() {
		Middleware audit = middleware(MiddlewareCode.of(new Audit()));
		MiddlewareScope scope = new MiddlewareScope(List.of(), List.of(), Set.of(HttpMethod.GET));
		assertThat(audit.withOrder(8).withScope(scope))
			.isEqualTo(new Middleware(3, "audit", Audit.class, 8, scope, OnFailure.SKIP, null, audit.code()));
		assertThat(audit.withOrder(7).withScope(MiddlewareScope.ALL)).isSameAs(audit);
		assertThat(audit.isOptional()).isTrue();
	}

	private static Middleware middleware(MiddlewareCode code) {
		return new Middleware(3, "audit", Audit.class, 7, MiddlewareScope.ALL, OnFailure.SKIP, null, code);
	}

	static class Audit implements WebFilter {

		@Override
		public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
			return chain.filter(exchange);
		}

		@Override
		public String toString() {
			return "Audit.before(exchange)";
		}

	}

}
