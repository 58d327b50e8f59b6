package io.github.asyncmiddleware.autoconfigure;

import java.util.List;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.LiveResponse;
import io.github.asyncmiddleware.MiddlewareOrder;
import io.github.asyncmiddleware.OnFailure;
import io.github.asyncmiddleware.OnRequest;
import io.github.asyncmiddleware.internal.chain.ChainEntry;
import io.github.asyncmiddleware.internal.chain.DisabledMiddleware;
import io.github.asyncmiddleware.testsupport.PatientClient;
import io.github.asyncmiddleware.testsupport.boot.LogCapture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;

import org.springframework.boot.actuate.autoconfigure.endpoint.EndpointAutoConfiguration;
import org.springframework.boot.actuate.autoconfigure.endpoint.jackson.JacksonEndpointAutoConfiguration;
import org.springframework.boot.actuate.autoconfigure.endpoint.web.WebEndpointAutoConfiguration;
import org.springframework.boot.actuate.autoconfigure.web.server.ManagementContextAutoConfiguration;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.http.codec.autoconfigure.CodecsAutoConfiguration;
import org.springframework.boot.jackson.autoconfigure.JacksonAutoConfiguration;
import org.springframework.boot.test.context.ConfigDataApplicationContextInitializer;
import org.springframework.boot.test.context.runner.ReactiveWebApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Lazy;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.web.reactive.function.server.HandlerFilterFunction;
import org.springframework.web.reactive.function.server.HandlerFunction;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for middlewares that are switched off: named in the log, shown on the endpoint.
 */
class DisabledMiddlewaresTests {

	private static final String HERE = DisabledMiddlewaresTests.class.getName();

	private static final String AUTH = "'auth' (" + HERE + "$Auth)";

	private static final String AWAITS = "'awaits' (bean method " + HERE + "$App.awaits())";

	private static final String LAST = "'last' (bean method " + HERE + "$App.last())";

	private final ReactiveWebApplicationContextRunner runner = MiddlewareRunner.create()
		.withUserConfiguration(App.class);

	@Test
	void saysNothingWhereAllAreEnabled() {
		assertThat(warnings(this.runner)).isEmpty();
	}

	@Test
	void namesAllWhereAllAreDisabled() {
		assertThat(warnings(this.runner.withPropertyValues("async-middleware.enabled=false")))
			.containsExactly("All middlewares are disabled by the property 'async-middleware.enabled' (property source"
					+ " 'test') and never run: " + AUTH + ", " + AWAITS + ", " + LAST + ".");
	}

	@Test
	void namesThoseThatAreDisabledInOneLine() {
		assertThat(
				warnings(this.runner.withPropertyValues("async-middleware.middleware.auth.enabled=false")
					.withInitializer(MiddlewareRunner.environmentVariable("ASYNC_MIDDLEWARE_MIDDLEWARE_AWAITS_ENABLED",
							"false"))))
			.containsExactly("Disabled middlewares, which never run: " + AUTH
					+ " by the property 'async-middleware.middleware.auth.enabled'" + " (property source 'test'), "
					+ AWAITS + " by the environment variable 'ASYNC_MIDDLEWARE_MIDDLEWARE_AWAITS_ENABLED'.");
	}

	@Test
	void namesFileAndLine() {
		assertThat(warnings(this.runner.withInitializer(new ConfigDataApplicationContextInitializer())
			.withPropertyValues("spring.config.name=disabled")))
			.containsExactly("Disabled middlewares, which never run: " + AUTH
					+ " by the property 'async-middleware.middleware.auth.enabled' (class path resource"
					+ " [disabled.properties] - 2:44).");
	}

	@Test
	void namesThemWhereBeansAreLazyToo() {
		assertThat(warnings(this.runner.withBean("lazy", LazyAuth.class)
			.withPropertyValues("async-middleware.middleware.lazy.enabled=false"))).hasSize(1);
	}

	@Test
	void saysNothingWhereThereAreNoMiddlewares() {
		assertThat(warnings(MiddlewareRunner.create().withPropertyValues("async-middleware.enabled=false"))).isEmpty();
	}

	@Test
	void showsThemWhereTheyWouldStand() {
		this.runner
			.withPropertyValues("async-middleware.middleware.auth.enabled=false",
					"async-middleware.middleware.last.enabled=false", "async-middleware.middleware.auth.path=/api/**")
			.run((context) -> {
				MiddlewareChain chain = context.getBean(MiddlewareChain.class);
				assertThat(chain.rows()).extracting(ChainEntry::name)
					.containsExactly("first", "auth", "foreign", "awaits", "last");
				DisabledMiddleware auth = (DisabledMiddleware) chain.rows().get(1);
				assertThat(auth.order()).isEqualTo(10);
				assertThat(auth.type()).isEqualTo(Auth.class);
				assertThat(auth.scope().path()).hasToString("[/api/**]");
				assertThat(auth.timeout()).hasMillis(200);
				assertThat(auth.onFailure()).isEqualTo(OnFailure.SKIP);
				assertThat(chain.rows().get(4).order()).isEqualTo(MiddlewareOrder.LAST);
				assertThat(chain.rows().get(4).type()).isEqualTo(App.class);
				assertThat(MiddlewareRunner.chainOf(context)).containsExactly("first", "foreign", "awaits");
			});
	}

	@ParameterizedTest
	@ValueSource(classes = { OrderedNative.class, OrderedAwait.class, OrderedHooks.class })
	void showsThemWhereTheyWouldStandByWhatTheBeanSays(Class<?> type) {
		ReactiveWebApplicationContextRunner runner = this.runner.withBean("ordered", type);
		List<String> enabled = List.of("first", "ordered", "auth", "foreign", "awaits", "last");
		runner.run((context) -> assertThat(context.getBean(MiddlewareChain.class).rows()).extracting(ChainEntry::name)
			.containsExactlyElementsOf(enabled));
		runner.withPropertyValues("async-middleware.middleware.ordered.enabled=false").run((context) -> {
			List<ChainEntry> rows = context.getBean(MiddlewareChain.class).rows();
			assertThat(rows).extracting(ChainEntry::name).containsExactlyElementsOf(enabled);
			assertThat(rows.get(1).order()).isEqualTo(7);
		});
	}

	@Test
	void showsOnTheEndpointThatTheyAreDisabled() {
		this.runner
			.withConfiguration(AutoConfigurations.of(AsyncMiddlewareEndpointAutoConfiguration.class,
					EndpointAutoConfiguration.class, WebEndpointAutoConfiguration.class,
					JacksonEndpointAutoConfiguration.class, ManagementContextAutoConfiguration.class,
					JacksonAutoConfiguration.class, CodecsAutoConfiguration.class))
			.withPropertyValues("management.endpoints.web.exposure.include=asyncmiddleware",
					"async-middleware.enabled=false")
			.run((context) -> {
				PatientClient.of(context)
					.get()
					.uri("/actuator/asyncmiddleware?path=/x")
					.exchange()
					.expectBody()
					.jsonPath("$.middlewares[*].enabled")
					.value((value) -> assertThat(value).isEqualTo(List.of(false, false, false)))
					.jsonPath("$.middlewares[*].name")
					.value((value) -> assertThat(value)
						.isEqualTo(List.of("first", "auth", "foreign", "awaits", "last")));
				PatientClient.of(context)
					.get()
					.uri("/actuator/asyncmiddleware/auth")
					.exchange()
					.expectBody()
					.json("{\"name\":\"auth\",\"type\":\"" + HERE + "$Auth\",\"style\":\"hooks\",\"order\":10,"
							+ "\"foreign\":false,\"scope\":{\"path\":[],\"excludePath\":[],\"method\":[]},"
							+ "\"concurrent\":false,\"timeout\":\"200ms\",\"onFailure\":\"skip\",\"enabled\":false,"
							+ "\"ttfb\":{\"count\":0},\"own\":{\"count\":0},\"results\":{},\"misuse\":{},\"blocked\":0}");
			});
	}

	private static List<String> warnings(ReactiveWebApplicationContextRunner runner) {
		try (LogCapture log = LogCapture.ofOurs()) {
			runner.run((context) -> assertThat(context).hasNotFailed());
			return log.events()
				.stream()
				.filter((event) -> event.startsWith("WARN " + DisabledMiddlewares.class.getName() + ": "))
				.map((event) -> event.substring(event.indexOf(": ") + 2))
				.toList();
		}
	}

	@AsyncMiddleware(order = 10, timeout = "200ms", onFailure = OnFailure.SKIP)
	static class Auth {

		@OnRequest
		void authenticate() {
		}

	}

	abstract static class OrderedSeven implements Ordered {

		@Override
		public int getOrder() {
			return 7;
		}

	}

	@AsyncMiddleware
	static class OrderedNative extends OrderedSeven implements WebFilter {

		@Override
		public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
			return chain.filter(exchange);
		}

	}

	@AsyncMiddleware
	static class OrderedAwait extends OrderedSeven implements HandlerFilterFunction<LiveResponse, ServerResponse> {

		@Override
		public Mono<ServerResponse> filter(ServerRequest request, HandlerFunction<LiveResponse> next) {
			return next.handle(request).cast(ServerResponse.class);
		}

	}

	@AsyncMiddleware
	static class OrderedHooks extends OrderedSeven {

		@OnRequest(blocking = false)
		void run() {
		}

	}

	@Lazy
	static class LazyAuth extends Auth {

	}

	@Configuration(proxyBeanMethods = false)
	static class App {

		@Bean
		Auth auth() {
			return new Auth();
		}

		@Bean
		@AsyncMiddleware(order = 20)
		HandlerFilterFunction<LiveResponse, ServerResponse> awaits() {
			return (request, next) -> next.handle(request).cast(ServerResponse.class);
		}

		@Bean
		@AsyncMiddleware(order = MiddlewareOrder.LAST)
		WebFilter last() {
			return MiddlewareRunner.tracing("last");
		}

		@Bean
		@Order(5)
		WebFilter first() {
			return MiddlewareRunner.tracing("first");
		}

		@Bean
		@Order(15)
		WebFilter foreign() {
			return MiddlewareRunner.tracing("foreign");
		}

	}

}
