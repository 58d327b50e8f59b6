package io.github.asyncmiddleware.autoconfigure;

import java.util.List;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.internal.chain.Middleware;
import io.github.asyncmiddleware.testsupport.boot.LogCapture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.test.context.ConfigDataApplicationContextInitializer;
import org.springframework.boot.test.context.runner.ReactiveWebApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.web.server.WebFilter;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link UnknownProperties}: what is nearly right fails the start, and what may
 * be there for a bean that is left out is told in the log.
 */
class UnknownPropertiesTests {

	private static final String NAMES = "Use one of these names, or remove the property: auth, my.dotted, requestId.";

	private static final String ATTRIBUTES = "Correct or remove it. For a middleware there are after, before, concurrent,"
			+ " enabled, exclude-path, max-concurrent, method, on-failure, order, path, timeout.";

	private final ReactiveWebApplicationContextRunner runner = MiddlewareRunner.create()
		.withUserConfiguration(App.class);

	@ParameterizedTest
	@CsvSource({ "reqestId.order, reqestId, requestId", "request-ids.path[0], request-ids, requestId",
			"RequestI.enabled, RequestI, requestId", "mydoted.order, mydoted, my.dotted", "atuh.timeout, atuh, auth" })
	void refusesAName(String property, String name, String meant) {
		String full = "async-middleware.middleware." + property;
		fails(this.runner.withPropertyValues(full + "=1"),
				"There is a property for a middleware '" + name + "', but no middleware of that name: the property '"
						+ full + "' (property source 'test'). Did you mean '" + meant + "'?",
				NAMES);
	}

	@ParameterizedTest
	@CsvSource({
			"ASYNC_MIDDLEWARE_MIDDLEWARE_REQEST_ID_EXCLUDE_PATH, reqestid, ASYNC_MIDDLEWARE_MIDDLEWARE_REQUESTID_EXCLUDE_PATH",
			"ASYNCMIDDLEWARE_MIDDLEWARE_REQUSTID_ORDER, requstid, ASYNCMIDDLEWARE_MIDDLEWARE_REQUESTID_ORDER",
			"ASYNCMIDDLEWARE_MIDDLEWARE_REQUSTID_EXCLUDEPATH, requstid, ASYNCMIDDLEWARE_MIDDLEWARE_REQUESTID_EXCLUDEPATH",
			"ASYNC_MIDDLEWARE_MIDDLEWARE_MYDOTED_ORDER, mydoted, ASYNC_MIDDLEWARE_MIDDLEWARE_MYDOTTED_ORDER",
			"ASYNC_MIDDLEWARE_MIDDLEWARE_REQUESTIDS_PATH_0, requestids, ASYNC_MIDDLEWARE_MIDDLEWARE_REQUESTID_PATH" })
	void refusesANameInAnEnvironmentVariable(String variable, String name, String meant) {
		fails(this.runner.withInitializer(MiddlewareRunner.environmentVariable(variable, "1")),
				"There is a property for a middleware '" + name + "', but no middleware of that name: the environment"
						+ " variable '" + variable + "'. Did you mean '" + meant + "'?",
				NAMES);
		assertThat(warnings(this.runner.withInitializer(MiddlewareRunner.environmentVariable(meant, "1")))).isEmpty();
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|',
			value = { "request-id.ordr | request-id.order", "requestId.exclude-paths[0] |" + " requestId.exclude-path",
					"auth.time-out-ms | auth.timeout", "auth.pth | auth.path", "auth.on-failur | auth.on-failure",
					"auth.order.first |", "my.dotted.order | [my.dotted].order", "absent.ordr | absent.order",
					"absent.speed |" })
	void refusesAnAttribute(String property, String meant) {
		String full = "async-middleware.middleware." + property;
		String suggestion = "";
		if (meant != null) {
			suggestion = " Did you mean 'async-middleware.middleware" + (meant.startsWith("[") ? "" : ".") + meant
					+ "'?";
		}
		fails(this.runner.withPropertyValues(full + "=1"),
				"The property '" + full + "' (property source 'test') does not exist." + suggestion, ATTRIBUTES);
	}

	@ParameterizedTest
	@CsvSource({ "ASYNC_MIDDLEWARE_MIDDLEWARE_REQUESTID_ORDR, ASYNC_MIDDLEWARE_MIDDLEWARE_REQUESTID_ORDER",
			"ASYNC_MIDDLEWARE_MIDDLEWARE_AUTH_ON_FAILUR, ASYNC_MIDDLEWARE_MIDDLEWARE_AUTH_ON_FAILURE",
			"ASYNC_MIDDLEWARE_SERVER_TIMINGS, ASYNC_MIDDLEWARE_SERVER_TIMING",
			"ASYNCMIDDLEWARE_MIDDLEWARE_AUTH_TIMEUOT, ASYNCMIDDLEWARE_MIDDLEWARE_AUTH_TIMEOUT" })
	void refusesAPropertyInAnEnvironmentVariable(String variable, String meant) {
		fails(this.runner.withInitializer(MiddlewareRunner.environmentVariable(variable, "1")),
				"The environment variable '" + variable + "' does not exist. Did you mean '" + meant + "'?");
	}

	@ParameterizedTest
	@CsvSource({ "ASYNCMIDDLEWARE_MIDDLEWARE_REQUEST_ID_ORDER, ASYNCMIDDLEWARE_MIDDLEWARE_REQUESTID_ORDER",
			"ASYNC_MIDDLEWARE_MIDDLEWARE_AUTH_ONFAILURE, ASYNC_MIDDLEWARE_MIDDLEWARE_AUTH_ON_FAILURE",
			"ASYNC_MIDDLEWARE_MIDDLEWARE_REQUESTID_EXCLUDEPATH_0, ASYNC_MIDDLEWARE_MIDDLEWARE_REQUESTID_EXCLUDE_PATH",
			"ASYNC_MIDDLEWARE_MIDDLEWARE_MY_DOTTED_ORDER, ASYNC_MIDDLEWARE_MIDDLEWARE_MYDOTTED_ORDER",
			"ASYNC_MIDDLEWARE_SKIPMANAGEMENT, ASYNC_MIDDLEWARE_SKIP_MANAGEMENT",
			"ASYNCMIDDLEWARE_BLOCKING_WATCH_ENABLED, ASYNCMIDDLEWARE_BLOCKINGWATCH_ENABLED" })
	void refusesAnEnvironmentVariableThatNothingReads(String variable, String meant) {
		fails(this.runner.withInitializer(MiddlewareRunner.environmentVariable(variable, "1")),
				"The environment variable '" + variable + "' is not read. Did you mean '" + meant + "'?",
				"Correct or remove it. In the name of an environment variable all dashes are left out, or all are underscores.");
	}

	@ParameterizedTest
	@ValueSource(
			strings = { "ASYNCMIDDLEWARE_MIDDLEWARE_REQUESTID_ORDER", "ASYNC_MIDDLEWARE_MIDDLEWARE_REQUESTID_ORDER",
					"ASYNC_MIDDLEWARE_MIDDLEWARE_REQUEST_ID_ORDER", "asyncmiddleware_middleware_requestid_order",
					"async-middleware.middleware.request-id.order", "ASYNC_MIDDLEWARE_MIDDLEWARE_MYDOTTED_ORDER",
					"ASYNCMIDDLEWARE_MIDDLEWARE_MYDOTTED_ORDER", "ASYNC_MIDDLEWARE_MIDDLEWARE_KEBABNAME_ORDER",
					"ASYNC_MIDDLEWARE_MIDDLEWARE_KEBAB_NAME_ORDER", "ASYNCMIDDLEWARE_MIDDLEWARE_KEBABNAME_ORDER" })
	void readsEachFormOfAnEnvironmentVariableThatItAccepts(String variable) {
		ReactiveWebApplicationContextRunner runner = variable.contains("KEBAB")
				? this.runner.withBean("kebab-name", StartUpErrorsDocumentationTests.Pass.class) : this.runner;
		runner.withInitializer(MiddlewareRunner.environmentVariable(variable, "77")).run((context) -> {
			assertThat(context).hasNotFailed();
			assertThat(context.getBean(MiddlewareChain.class).middlewares()).extracting(Middleware::order).contains(77);
		});
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|',
			value = { "server-timings | server-timing", "enable | enabled", "misuses | misuse",
					"stuckAfterr | stuck-after", "blocking.max-concurent | blocking.max-concurrent",
					"blocking-watch.treshold | blocking-watch.threshold", "metric.enabled | metrics.enabled",
					"auth.order | middleware.auth.order", "requestId.excludePath | middleware.requestId.exclude-path",
					"something-else |" })
	void refusesAProperty(String property, String meant) {
		String full = "async-middleware." + property;
		this.runner.withPropertyValues(full + "=1").run((context) -> {
			FailureAnalysis analysis = analyze(context.getStartupFailure());
			assertThat(analysis.getDescription())
				.isEqualTo("The property '" + full + "' (property source 'test') does not exist."
						+ ((meant != null) ? " Did you mean 'async-middleware." + meant + "'?" : ""));
			assertThat(analysis.getAction()).startsWith("Correct or remove it. There are ")
				.contains("blocking-watch.threshold")
				.endsWith(" and, for one middleware, middleware.<name>.*.");
		});
	}

	@Test
	void namesFileAndLine() {
		fails(this.runner.withInitializer(new ConfigDataApplicationContextInitializer())
			.withPropertyValues("spring.config.name=unknown"),
				"The property 'async-middleware.middleware.request-id.ordr' (class path resource [unknown.yaml] - 5:13)"
						+ " does not exist. Did you mean 'async-middleware.middleware.request-id.order'?",
				ATTRIBUTES);
	}

	@Test
	void refusesASystemProperty() {
		fails(this.runner.withSystemProperties("async-middleware.server-timings=total"), """
				The property 'async-middleware.server-timings' (property source \
				'systemProperties') does not exist. Did you mean 'async-middleware.server-timing'?""");
	}

	@Test
	void saysThatABeanMayBeLeftOut() {
		assertThat(warnings(this.runner.withPropertyValues("async-middleware.middleware.locale.order=1",
				"async-middleware.middleware.locale.path[0]=/a")))
			.containsExactly("There is no middleware 'locale', so there is no effect of the property"
					+ " 'async-middleware.middleware.locale.order' (property source"
					+ " 'test'), the property 'async-middleware.middleware.locale.path[0]'"
					+ " (property source 'test'). That is as it should"
					+ " be where a profile or a condition leaves its bean out. Else correct the name, or remove what is"
					+ " set for it. Middlewares: auth, my.dotted, requestId.");
	}

	@ParameterizedTest
	@CsvSource({ "authMiddleware, corsMiddleware", "jwtFilter, logFilter", "requestLog, requestId",
			"cacheFilter, traceFilter" })
	void doesNotTakeANameForAnotherThatEndsOrBeginsAlike(String absent, String present) {
		assertThat(warnings(MiddlewareRunner.create()
			.withBean(present, StartUpErrorsDocumentationTests.Pass.class)
			.withPropertyValues("async-middleware.middleware." + absent + ".order=1"))).hasSize(1);
	}

	@Test
	void saysThatThereAreNoMiddlewares() {
		assertThat(warnings(MiddlewareRunner.create()
			.withInitializer(MiddlewareRunner.environmentVariable("ASYNC_MIDDLEWARE_MIDDLEWARE_LOCALE_ORDER", "1"))))
			.containsExactly("There is no middleware 'locale', so there is no effect of the environment variable"
					+ " 'ASYNC_MIDDLEWARE_MIDDLEWARE_LOCALE_ORDER'. That is as it should be where a profile or a condition"
					+ " leaves its bean out. Else correct the name, or remove what is set for it: no bean is annotated with"
					+ " @AsyncMiddleware.");
	}

	@Test
	void doesNotTakeTheNextOfASeriesForAMisspelledName() {
		assertThat(warnings(this.runner.withPropertyValues("async-middleware.middleware.auth2.order=1"))).hasSize(1);
	}

	@Test
	void leavesTheVariablesOfOtherToolsAlone() {
		assertThat(warnings(this.runner
			.withInitializer(MiddlewareRunner.environmentVariable("ASYNC_MIDDLEWARE_SERVICE_HOST", "10.0.0.1"))))
			.containsExactly(
					"No property is meant by the environment variable 'ASYNC_MIDDLEWARE_SERVICE_HOST'. Remove it,"
							+ " unless it is there for something else.");
	}

	@ParameterizedTest
	@CsvSource({ "async-middleware.middleware.request-id.path[3],/a", "async-middleware.middleware.[my.dotted].order,1",
			"async-middleware.blockingWatch.enabled,true", "async-middleware.BLOCKING.max_queued,0" })
	void acceptsEveryFormOfWhatThereIs(String name, String value) {
		assertThat(warnings(this.runner.withPropertyValues(name.replace("[3]", "[0]") + "=" + value))).isEmpty();
	}

	private static void fails(ReactiveWebApplicationContextRunner runner, String description, String action) {
		runner.run((context) -> {
			FailureAnalysis analysis = analyze(context.getStartupFailure());
			assertThat(analysis.getDescription()).isEqualTo(description);
			assertThat(analysis.getAction()).isEqualTo(action);
		});
	}

	private static void fails(ReactiveWebApplicationContextRunner runner, String description) {
		runner
			.run((context) -> assertThat(analyze(context.getStartupFailure()).getDescription()).isEqualTo(description));
	}

	private static FailureAnalysis analyze(Throwable failure) {
		assertThat(failure).as("failure").isNotNull();
		FailureAnalysis analysis = new InvalidMiddlewareFailureAnalyzer().analyze(failure);
		assertThat(analysis).as(failure::toString).isNotNull();
		return analysis;
	}

	private static List<String> warnings(ReactiveWebApplicationContextRunner runner) {
		try (LogCapture log = LogCapture.ofOurs()) {
			runner.run((context) -> assertThat(context).hasNotFailed());
			return log.events()
				.stream()
				.filter((event) -> event.startsWith("WARN "))
				.map((event) -> event.substring(event.indexOf(": ") + 2))
				.toList();
		}
	}

	@Configuration(proxyBeanMethods = false)
	static class App {

		@Bean
		@AsyncMiddleware
		WebFilter requestId() {
			return MiddlewareRunner.tracing("requestId");
		}

		@Bean
		@AsyncMiddleware
		WebFilter auth() {
			return MiddlewareRunner.tracing("auth");
		}

		@Bean("my.dotted")
		@AsyncMiddleware
		WebFilter dotted() {
			return MiddlewareRunner.tracing("dotted");
		}

	}

}
