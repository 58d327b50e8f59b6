package io.github.asyncmiddleware.autoconfigure;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.OnRequest;
import io.github.asyncmiddleware.internal.chain.Middleware;
import io.github.asyncmiddleware.internal.chain.MiddlewareScope;
import io.github.asyncmiddleware.internal.guard.DeadlineWheel;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.test.context.runner.ReactiveWebApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.PropertySource;
import org.springframework.core.env.SystemEnvironmentPropertySource;
import org.springframework.http.HttpMethod;
import org.springframework.web.server.WebFilter;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for overriding with properties what {@link AsyncMiddleware} says.
 */
class MiddlewarePropertiesTests {

	private static final String ENVIRONMENT = "systemEnvironment";

	private final ReactiveWebApplicationContextRunner runner = MiddlewareRunner.create()
		.withUserConfiguration(App.class);

	@Test
	void leavesTheAnnotationAsItIsWithoutProperties() {
		this.runner.run((context) -> {
			Middleware middleware = MiddlewareRunner.middleware(context, "requestId");
			assertThat(middleware.order()).isEqualTo(10);
			assertThat(patterns(middleware)).containsExactly("[/a/**, /b/**]", "[/a/x]");
			assertThat(middleware.scope().methods()).containsExactlyInAnyOrder(HttpMethod.GET, HttpMethod.PUT);
		});
	}

	@Test
	void overridesEveryAttribute() {
		this.runner
			.withPropertyValues("async-middleware.middleware.request-id.order=5",
					"async-middleware.middleware.request-id.path=/c/**,/d",
					"async-middleware.middleware.request-id.exclude-path=/c/x",
					"async-middleware.middleware.request-id.method=POST")
			.run((context) -> {
				Middleware middleware = MiddlewareRunner.middleware(context, "requestId");
				assertThat(middleware.order()).isEqualTo(5);
				assertThat(patterns(middleware)).containsExactly("[/c/**, /d]", "[/c/x]");
				assertThat(middleware.scope().methods()).containsExactly(HttpMethod.POST);
			});
	}

	@ParameterizedTest
	@CsvSource({ ", 250", "100ms, 100", "2s, 2000", "PT0.3S, 300", "${brief}, 7", "'', " })
	void limitsTheTimeOfAMiddleware(@Nullable String property, @Nullable Long milliseconds) {
		this.runner.withBean("limited", Limited.class)
			.withPropertyValues("limit=250ms", "brief=7ms")
			.withPropertyValues((property != null)
					? new String[] { "async-middleware.middleware.limited.timeout=" + property } : new String[0])
			.run((context) -> assertThat(MiddlewareRunner.middleware(context, "limited").timeout())
				.isEqualTo((milliseconds != null) ? Duration.ofMillis(milliseconds) : null));
	}

	@Test
	void givesTheTimeBackWhenTheContextIsClosed() {
		this.runner.withBean("limited", Limited.class).withPropertyValues("limit=1s").run((context) -> {
			DeadlineWheel wheel = context.getBean(DeadlineWheel.class);
			long longAfterTheTest = Duration.ofDays(1).toNanos();
			assertThat(wheel.schedule(() -> {
			}, longAfterTheTest).isDisposed()).isFalse();
			context.close();
			assertThat(wheel.schedule(() -> {
			}, longAfterTheTest).isDisposed()).isTrue();
		});
	}

	@Test
	void runsForEverythingWhereOverridesAreEmpty() {
		this.runner
			.withPropertyValues("async-middleware.middleware.request-id.path=",
					"async-middleware.middleware.request-id.exclude-path=",
					"async-middleware.middleware.request-id.method=")
			.run((context) -> assertThat(MiddlewareRunner.middleware(context, "requestId").scope())
				.isEqualTo(MiddlewareScope.ALL));
	}

	@Test
	void resolvesPlaceholdersInTheAnnotationAndInProperties() {
		this.runner
			.withPropertyValues("tenants=/tenants", "verb=DELETE",
					"async-middleware.middleware.request-id.path=${tenants}/*")
			.run((context) -> {
				assertThat(patterns(MiddlewareRunner.middleware(context, "requestId"))).containsExactly("[/tenants/*]",
						"[/a/x]");
				Middleware placeholders = MiddlewareRunner.middleware(context, "my.placeholders");
				assertThat(patterns(placeholders)).containsExactly("[/tenants/**, /default]", "[]");
				assertThat(placeholders.scope().methods()).containsExactly(HttpMethod.DELETE);
			});
	}

	@ParameterizedTest
	@ValueSource(strings = { "requestId", "request-id", "request_id", "REQUESTID", "requestid", "[requestId]",
			"[request-id]" })
	void findsTheNameHoweverItIsWritten(String name) {
		this.runner.withPropertyValues("async-middleware.middleware." + name + ".order=7")
			.run((context) -> assertThat(MiddlewareRunner.middleware(context, "requestId").order()).isEqualTo(7));
	}

	@ParameterizedTest
	@ValueSource(strings = { "ASYNC_MIDDLEWARE_MIDDLEWARE_REQUESTID_ORDER",
			"ASYNCMIDDLEWARE_MIDDLEWARE_REQUESTID_ORDER", "ASYNC_MIDDLEWARE_MIDDLEWARE_REQUEST_ID_ORDER" })
	void findsTheNameInEnvironmentVariables(String variable) {
		this.runner
			.withInitializer((context) -> context.getEnvironment().getPropertySources().addFirst(env(variable, "7")))
			.run((context) -> assertThat(MiddlewareRunner.middleware(context, "requestId").order()).isEqualTo(7));
	}

	@ParameterizedTest
	@ValueSource(strings = { "ASYNC_MIDDLEWARE_MIDDLEWARE_REQUESTID_EXCLUDE_PATH",
			"ASYNCMIDDLEWARE_MIDDLEWARE_REQUESTID_EXCLUDEPATH" })
	void findsAttributesOfSeveralWordsInEnvironmentVariables(String variable) {
		this.runner
			.withInitializer(
					(context) -> context.getEnvironment().getPropertySources().addFirst(env(variable, "/e,/f")))
			.run((context) -> assertThat(patterns(MiddlewareRunner.middleware(context, "requestId")))
				.containsExactly("[/a/**, /b/**]", "[/e, /f]"));
	}

	@ParameterizedTest
	@ValueSource(strings = { "[my.placeholders]", "my-placeholders", "myPlaceholders" })
	void findsNamesWithDots(String name) {
		this.runner.withPropertyValues("async-middleware.middleware." + name + ".order=7")
			.run((context) -> assertThat(MiddlewareRunner.middleware(context, "my.placeholders").order()).isEqualTo(7));
	}

	@Test
	void prefersTheSourceThatComesFirstWhateverFormTheNameHas() {
		PropertySource<?> kebab = source("kebab", "async-middleware.middleware.request-id.order", 1);
		PropertySource<?> camel = source("camel", "async-middleware.middleware.requestId.order", 2);
		PropertySource<?> variable = env("ASYNC_MIDDLEWARE_MIDDLEWARE_REQUESTID_ORDER", "4");
		PropertySource<?> legacyVariable = env("ASYNC_MIDDLEWARE_MIDDLEWARE_REQUEST_ID_ORDER", "5");
		assertThat(order(kebab, camel, variable)).isEqualTo(1);
		assertThat(order(camel, variable, kebab)).isEqualTo(2);
		assertThat(order(variable, kebab, camel)).isEqualTo(4);
		assertThat(order(legacyVariable, kebab, camel)).isEqualTo(5);
	}

	@Test
	void mergesWhatDifferentSourcesSay() {
		this.runner.withInitializer((context) -> {
			context.getEnvironment()
				.getPropertySources()
				.addFirst(env("ASYNC_MIDDLEWARE_MIDDLEWARE_REQUESTID_ORDER", "4"));
			context.getEnvironment()
				.getPropertySources()
				.addLast(source("file", "async-middleware.middleware.request-id.path[0]", "/g"));
		}).run((context) -> {
			assertThat(MiddlewareRunner.middleware(context, "requestId").order()).isEqualTo(4);
			assertThat(patterns(MiddlewareRunner.middleware(context, "requestId"))).containsExactly("[/g]", "[/a/x]");
		});
	}

	@Test
	void replacesListsAsAWhole() {
		this.runner.withInitializer((context) -> {
			context.getEnvironment()
				.getPropertySources()
				.addFirst(source("high", "async-middleware.middleware.requestId.path[0]", "/h"));
			Map<String, Object> two = new LinkedHashMap<>();
			two.put("async-middleware.middleware.request-id.path[0]", "/i");
			two.put("async-middleware.middleware.request-id.path[1]", "/j");
			context.getEnvironment().getPropertySources().addLast(new MapPropertySource("low", two));
		})
			.run((context) -> assertThat(patterns(MiddlewareRunner.middleware(context, "requestId")))
				.containsExactly("[/h]", "[/a/x]"));
	}

	@Test
	void switchesOffByEnvironmentVariable() {
		this.runner
			.withInitializer((context) -> context.getEnvironment()
				.getPropertySources()
				.addFirst(env("ASYNC_MIDDLEWARE_MIDDLEWARE_REQUESTID_ENABLED", "false")))
			.run((context) -> assertThat(MiddlewareRunner.chainOf(context)).containsExactly("my.placeholders"));
	}

	private int order(PropertySource<?>... sources) {
		int[] order = new int[1];
		this.runner.withInitializer((context) -> {
			for (PropertySource<?> source : sources) {
				context.getEnvironment().getPropertySources().addLast(source);
			}
		}).run((context) -> order[0] = MiddlewareRunner.middleware(context, "requestId").order());
		return order[0];
	}

	private static PropertySource<?> source(String sourceName, String name, Object value) {
		return new MapPropertySource(sourceName, Map.of(name, value));
	}

	private static PropertySource<?> env(String name, String value) {
		return new SystemEnvironmentPropertySource("test-" + ENVIRONMENT, Map.of(name, value));
	}

	private static List<String> patterns(Middleware middleware) {
		return List.of(middleware.scope().path().toString(), middleware.scope().excludePath().toString());
	}

	@AsyncMiddleware(timeout = "${limit}")
	static class Limited {

		@OnRequest(blocking = false)
		void nothing() {
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class App {

		@Bean
		@AsyncMiddleware(order = 10, path = { "/a/**", "/b/**" }, excludePath = "/a/x", method = { "GET", "PUT" })
		WebFilter requestId() {
			return MiddlewareRunner.tracing("requestId");
		}

		@Bean("my.placeholders")
		@AsyncMiddleware(order = 20, path = { "${tenants:/none}/**", "${missing:/default}" }, method = "${verb:GET}")
		WebFilter placeholders() {
			return MiddlewareRunner.tracing("placeholders");
		}

	}

}
