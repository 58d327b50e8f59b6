package io.github.asyncmiddleware.internal.watch;

import java.util.List;

import io.github.asyncmiddleware.internal.chain.Middleware;
import io.github.asyncmiddleware.internal.chain.MiddlewareScope;
import io.github.asyncmiddleware.internal.run.Segment;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link MiddlewareFrames}.
 */
class MiddlewareFramesTests {

	private static final WebFilter LAMBDA = (exchange, chain) -> chain.filter(exchange);

	private final MiddlewareFrames frames = new MiddlewareFrames(List.of(middleware(0, "outer", Outer.class),
			middleware(1, "inner", Outer.Inner.class), middleware(2, "first", MiddlewareFramesTests.class),
			middleware(3, "second", MiddlewareFramesTests.class), middleware(4, "alone", Configuration.class)));

	@Test
	void knowTheClassOfAMiddleware() {
		assertThat(find(Outer.class.getName(), "filter")).isEqualTo("outer");
		assertThat(find(Outer.Inner.class.getName(), "filter")).isEqualTo("inner");
	}

	@Test
	void knowWhatIsWrittenInsideOrGeneratedForIt() {
		assertThat(find(Outer.class.getName() + "$1", "run")).isEqualTo("outer");
		assertThat(find(Outer.class.getName() + "$$SpringCGLIB$$0", "filter")).isEqualTo("outer");
		assertThat(find(Outer.Inner.class.getName() + "$filter$1", "invokeSuspend")).isEqualTo("inner");
		assertThat(find(Outer.class.getName(), "lambda$filter$0")).isEqualTo("outer");
	}

	@Test
	void doNotMistakeAnotherClassForIt() {
		assertThat(find(Outer.class.getName() + "Other", "filter")).isNull();
		assertThat(find("java.lang.Thread", "sleep")).isNull();
		assertThat(find("$Proxy42", "filter")).isNull();
	}

	@Test
	void tellLambdasByTheMethodOfTheirBean() {
		assertThat(find(MiddlewareFramesTests.class.getName(), "lambda$first$0")).isEqualTo("first");
		assertThat(find(MiddlewareFramesTests.class.getName(), "lambda$second$3")).isEqualTo("second");
		assertThat(find(Configuration.class.getName(), "lambda$alone$0")).isEqualTo("alone");
	}

	@Test
	void doNotTakeWhatElseIsInTheClassOfALambda() {
		assertThat(find(Configuration.class.getName(), "lambda$other$0")).isNull();
		assertThat(find(Configuration.class.getName() + "$Controller", "get")).isNull();
	}

	@Test
	void takeTheInnermostOne() {
		assertThat(this.frames.find(new StackTraceElement[] { frame("java.lang.Thread", "sleep"),
				frame(Outer.Inner.class.getName(), "filter"), frame(Outer.class.getName(), "filter") }))
			.extracting(Middleware::name)
			.isEqualTo("inner");
	}

	@Test
	void findOneThatWasPlacedElsewhere() {
		StackTraceElement[] stack = { frame("java.lang.Thread", "sleep"), frame(Outer.class.getName(), "filter") };
		Middleware outer = this.frames.find(stack);
		assertThat(outer).isNotNull();
		assertThat(this.frames.indexOf(stack, outer.withOrder(42))).isEqualTo(1);
	}

	@Test
	void leaveOneOutThatHasHandedOver() {
		assertThat(this.frames.find(new StackTraceElement[] { frame("java.lang.Thread", "sleep"),
				frame(Segment.class.getName(), "run"), frame(Outer.class.getName(), "filter") }))
			.isNull();
	}

	/**
	 * What is further out goes on within the signal of its end.
	 */
	@Test
	void leaveOneOutThatHasEnded() {
		assertThat(this.frames.find(new StackTraceElement[] { frame("java.lang.Thread", "sleep"),
				frame("io.github.asyncmiddleware.internal.run.RelayedEnd", "passOn"),
				frame(Outer.class.getName(), "lambda$filter$0") }))
			.isNull();
	}

	private @Nullable String find(String type, String method) {
		Middleware middleware = this.frames.find(new StackTraceElement[] { frame(type, method) });
		return (middleware != null) ? middleware.name() : null;
	}

	private static StackTraceElement frame(String type, String method) {
		return new StackTraceElement(type, method, null, 1);
	}

	private static Middleware middleware(int index, String name, Class<?> type) {
		return new Middleware(index, name, type, index, MiddlewareScope.ALL, LAMBDA);
	}

	static class Outer implements WebFilter {

		@Override
		public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
			return chain.filter(exchange);
		}

		static class Inner extends Outer {

		}

	}

	static class Configuration {

	}

}
