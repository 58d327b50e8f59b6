package io.github.asyncmiddleware.internal.boundary;

import java.lang.reflect.Method;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;

import org.springframework.util.ClassUtils;
import org.springframework.web.server.adapter.HttpWebHandlerAdapter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

/**
 * Tests for {@link HtmlEscape}. They name the setting as it does, to be compiled with
 * versions of Spring Framework that do not have it.
 */
class HtmlEscapeTests {

	private final HttpWebHandlerAdapter from = handler();

	private final HttpWebHandlerAdapter to = handler();

	@ParameterizedTest
	@NullSource
	@ValueSource(booleans = { true, false })
	void isCarriedToTheOtherHandler(Boolean escape) throws Exception {
		Method set = ClassUtils.getMethodIfAvailable(HttpWebHandlerAdapter.class, "setDefaultHtmlEscape",
				Boolean.class);
		assumeThat(set).isNotNull();
		set.invoke(this.from, escape);
		HtmlEscape.copy(this.from, this.to);
		assertThat(HttpWebHandlerAdapter.class.getMethod("getDefaultHtmlEscape").invoke(this.to)).isEqualTo(escape);
	}

	private static HttpWebHandlerAdapter handler() {
		return new HttpWebHandlerAdapter((exchange) -> Mono.empty());
	}

}
