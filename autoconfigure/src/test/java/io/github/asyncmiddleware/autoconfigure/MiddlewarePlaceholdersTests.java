package io.github.asyncmiddleware.autoconfigure;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.testsupport.PassingFilter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.aot.hint.RuntimeHints;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.test.context.runner.ReactiveWebApplicationContextRunner;
import org.springframework.boot.test.util.TestPropertyValues;
import org.springframework.boot.web.context.reactive.GenericReactiveWebApplicationContext;
import org.springframework.context.aot.AbstractAotProcessor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatNoException;

/**
 * Tests for placeholders without a value: bean and attribute are named, wherever they
 * stand.
 */
class MiddlewarePlaceholdersTests {

	private static final String HERE = MiddlewarePlaceholdersTests.class.getName();

	private final ReactiveWebApplicationContextRunner runner = MiddlewareRunner.create();

	@ParameterizedTest
	@CsvSource({ "path, Path, path", "excludePath, ExcludePath, exclude-path", "method, Method, method",
			"timeout, Timeout, timeout" })
	void refusesThoseInTheAnnotation(String attribute, String type, String property) throws ClassNotFoundException {
		fails(this.runner.withBean("bad", Class.forName(HERE + "$" + type)),
				"The '" + attribute + "' of the middleware 'bad' (" + HERE + "$" + type
						+ ") is '${nope}', which has the placeholder 'nope', for which there is no value.",
				"Correct it in @AsyncMiddleware or in the property 'async-middleware.middleware.bad." + property
						+ "', set the property 'nope', or give a default: ${nope:...}.");
	}

	@ParameterizedTest
	@ValueSource(strings = { "path", "excludePath", "method", "timeout", "before", "after" })
	void refusesThoseInProperties(String attribute) {
		String property = attribute.equals("excludePath") ? "exclude-path" : attribute;
		fails(this.runner.withBean("bad", Pass.class)
			.withPropertyValues("async-middleware.middleware.bad." + property + "=${nope}"),
				"The '" + attribute + "' of the middleware 'bad' (" + HERE
						+ "$Pass) is '${nope}', which has the placeholder 'nope', for which there is no value.",
				"Correct it in @AsyncMiddleware or in the property 'async-middleware.middleware.bad." + property
						+ "', set the property 'nope', or give a default: ${nope:...}.");
	}

	@ParameterizedTest
	@ValueSource(strings = { "order", "enabled", "concurrent", "max-concurrent", "on-failure" })
	void refusesThoseInPropertiesThatAreNoText(String attribute) {
		fails(this.runner.withBean("bad", Pass.class)
			.withPropertyValues("async-middleware.middleware.bad." + attribute + "=${nope}"),
				"The '" + attribute + "' of the middleware 'bad' (" + HERE
						+ "$Pass) is '${nope}', which has the placeholder 'nope', for which there is no value.",
				"Correct it in the property 'async-middleware.middleware.bad." + attribute
						+ "' (property source 'test'), set the property 'nope', or give a default: ${nope:...}.");
	}

	@Test
	void refusesThoseThatGoRound() {
		fails(this.runner.withBean("bad", Path.class).withPropertyValues("nope=${nope}"),
				"The 'path' of the middleware" + " 'bad' (" + HERE
						+ "$Path) is '${nope}', which has the placeholder 'nope', for which there is no value.",
				"Correct it in @AsyncMiddleware or in the property 'async-middleware.middleware.bad.path', set the property"
						+ " 'nope', or give a default: ${nope:...}.");
	}

	@Test
	void refusesOneInTheTokenWithoutShowingWhatElseIsInIt() {
		fails(this.runner.withPropertyValues("async-middleware.server-timing-token=secret${nope}"),
				"The property 'async-middleware.server-timing-token' has a placeholder for which there is no value.",
				"Set what the placeholder stands for, or leave the property out.");
	}

	@ParameterizedTest
	@ValueSource(classes = { Path.class, ExcludePath.class, Method.class, Timeout.class, HalfOfAll.class })
	void doesWithoutThoseInTheAnnotationAheadOfTime(Class<?> type) {
		assertThatNoException().isThrownBy(() -> processAheadOfTime(type));
	}

	@ParameterizedTest
	@ValueSource(strings = { "order", "enabled", "path", "exclude-path", "method", "timeout", "before", "after",
			"concurrent", "max-concurrent", "on-failure" })
	void doesWithoutThoseInPropertiesAheadOfTime(String attribute) {
		assertThatNoException().isThrownBy(
				() -> processAheadOfTime(Pass.class, "async-middleware.middleware.bad." + attribute + "=${nope}"));
	}

	@Test
	void refusesOtherMistakesAheadOfTime() {
		assertThatExceptionOfType(InvalidMiddlewareException.class)
			.isThrownBy(() -> processAheadOfTime(Pass.class, "async-middleware.middleware.bad.timeout=soon"));
	}

	private static void processAheadOfTime(Class<?> type, String... properties) {
		try (GenericReactiveWebApplicationContext context = new GenericReactiveWebApplicationContext()) {
			context.registerBean(MiddlewareDefinitions.class);
			context.registerBean("bad", type);
			TestPropertyValues.of(properties).applyTo(context);
			TestPropertyValues.of(AbstractAotProcessor.AOT_PROCESSING + "=true").applyToSystemProperties(() -> {
				context.refreshForAotProcessing(new RuntimeHints());
				return context;
			});
		}
	}

	private static void fails(ReactiveWebApplicationContextRunner runner, String description, String action) {
		runner.run((context) -> {
			assertThat(context).hasFailed();
			FailureAnalysis analysis = new InvalidMiddlewareFailureAnalyzer().analyze(context.getStartupFailure());
			assertThat(analysis).as(() -> "" + context.getStartupFailure()).isNotNull();
			assertThat(analysis.getDescription()).isEqualTo(description);
			assertThat(analysis.getAction()).isEqualTo(action);
		});
	}

	@AsyncMiddleware
	static class Pass extends PassingFilter {

	}

	@AsyncMiddleware(path = "${nope}")
	static class Path extends Pass {

	}

	@AsyncMiddleware(excludePath = "${nope}")
	static class ExcludePath extends Pass {

	}

	@AsyncMiddleware(method = "${nope}")
	static class Method extends Pass {

	}

	@AsyncMiddleware(path = { "/a", "${nope}" }, excludePath = "/a")
	static class HalfOfAll extends Pass {

	}

	@AsyncMiddleware(timeout = "${nope}")
	static class Timeout extends Pass {

	}

}
