package io.github.asyncmiddleware.autoconfigure;

import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.LiveResponse;
import io.github.asyncmiddleware.OnResponse;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

import org.springframework.beans.factory.BeanRegistrar;
import org.springframework.beans.factory.BeanRegistry;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.security.autoconfigure.actuate.web.reactive.ReactiveManagementWebSecurityAutoConfiguration;
import org.springframework.boot.security.autoconfigure.web.reactive.ReactiveWebSecurityAutoConfiguration;
import org.springframework.boot.test.context.runner.ReactiveWebApplicationContextRunner;
import org.springframework.context.ApplicationContext;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.core.env.Environment;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.test.web.reactive.server.WebTestClient;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.reactive.function.server.HandlerFilterFunction;
import org.springframework.web.reactive.function.server.HandlerFunction;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;
import org.springframework.web.server.adapter.WebHttpHandlerBuilder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for middlewares in other contexts than that of the web application.
 */
class ParentContextTests {

	private final ReactiveWebApplicationContextRunner runner = MiddlewareRunner.create().withBean(Handler.class);

	@Test
	void runsThoseOfAParentInTheOrderOfOneContext() {
		inOneContextAndInTwo((context) -> {
			assertThat(MiddlewareRunner.chainOf(context)).containsExactly("foreignFirst", "floating", "early", "hooks",
					"own", "foreignOfParent", "await", "ordered", "foreign", "byMethod", "last");
			assertThat(MiddlewareRunner.ran(context, "/")).containsExactly("foreignFirst", "floating", "early", "own",
					"foreignOfParent", "foreign", "byMethod", "last", "await", "hooks");
		});
	}

	@Test
	void runsThoseOfAParentWithinTheirScopes() {
		inOneContextAndInTwo((context) -> assertThat(MiddlewareRunner.ran(context, "/")).doesNotContain("ordered"));
		inOneContextAndInTwo((context) -> assertThat(MiddlewareRunner.ran(context, "/api/x")).contains("ordered"));
	}

	@Test
	void appliesPropertiesToThoseOfAParent() {
		inOneContextAndInTwo((context) -> {
			assertThat(MiddlewareRunner.chainOf(context)).containsExactly("foreignFirst", "byMethod", "early", "own",
					"foreignOfParent", "await", "foreign", "hooks", "last", "floating");
			assertThat(MiddlewareRunner.ran(context, "/api/x")).containsExactly("foreignFirst", "early", "own",
					"foreignOfParent", "foreign", "last", "floating", "await", "hooks");
		}, "async-middleware.middleware.early.order=5", "async-middleware.middleware.hooks.order=500",
				"async-middleware.middleware.floating.after=" + Last.class.getName(),
				"async-middleware.middleware.by-method.order=-7", "async-middleware.middleware.by-method.path=/nowhere",
				"async-middleware.middleware.ordered.enabled=false");
	}

	@Test
	void leavesOutThoseOfAParentThatAreSwitchedOff() {
		inOneContextAndInTwo((context) -> assertThat(MiddlewareRunner.ran(context, "/")).containsExactly("foreignFirst",
				"foreignOfParent", "foreign"), "async-middleware.enabled=false");
	}

	@Test
	void comparesTheNamesInPropertiesWithThoseOfAParent() {
		try (GenericApplicationContext parent = parent(Parents.class)) {
			this.runner.withParent(parent)
				.withPropertyValues("async-middleware.middleware.erly.order=5")
				.run((context) -> assertThat(context.getStartupFailure())
					.hasMessageContaining("Did you mean 'early'?"));
		}
	}

	@Test
	void knowsTheOrderThatABeanOfAParentHasItself() {
		try (GenericApplicationContext parent = parent(HiddenOrder.class)) {
			this.runner.withParent(parent)
				.withBean("own", Own.class)
				.run((context) -> assertThat(MiddlewareRunner.chainOf(context)).containsExactly("hiddenAwait", "own",
						"hidden"));
		}
	}

	@Test
	void knowsTheOrderThatARegistrarOfAParentSets() {
		try (GenericApplicationContext parent = parent(Registered.class)) {
			this.runner.withParent(parent)
				.withBean("own", Own.class)
				.run((context) -> assertThat(MiddlewareRunner.chainOf(context)).containsExactly("own", "registered"));
		}
	}

	@Test
	void takesNoOrderOfAParentThatIsAWebApplicationForThatOfTheBean() {
		this.runner.withUserConfiguration(Registered.class)
			.withBean("floating", Floating.class)
			.run((parent) -> this.runner.withParent(parent.getSourceApplicationContext())
				.withBean("own", Own.class)
				.withPropertyValues("async-middleware.middleware.floating.after=" + Own.class.getName())
				.run((context) -> {
					assertThat(MiddlewareRunner.chainOf(parent)).containsExactly("floating", "registered");
					assertThat(MiddlewareRunner.chainOf(context)).containsExactly("own", "floating", "registered");
				}));
	}

	@Test
	void runsThoseOfAllAncestors() {
		try (GenericApplicationContext grandparent = parent(Parents.class);
				AnnotationConfigApplicationContext parent = new AnnotationConfigApplicationContext()) {
			parent.setParent(grandparent);
			parent.registerBean("between", Own.class);
			parent.refresh();
			this.runner.withParent(parent)
				.run((context) -> assertThat(MiddlewareRunner.chainOf(context)).containsExactly("floating", "early",
						"hooks", "between", "foreignOfParent", "await", "ordered", "byMethod", "last"));
		}
	}

	@Test
	void hidesTheBeanOfTheSameNameInAParent() {
		try (GenericApplicationContext parent = parent(Parents.class)) {
			this.runner.withParent(parent)
				.withBean("early", Own.class)
				.withBean("hooks", Own.class)
				.withBean("await", String.class)
				.run((context) -> {
					assertThat(MiddlewareRunner.chainOf(context)).containsExactly("floating", "early", "hooks",
							"foreignOfParent", "ordered", "byMethod", "last");
					assertThat(MiddlewareRunner.middleware(context, "early").order()).isEqualTo(15);
					assertThat(MiddlewareRunner.ran(context, "/")).containsExactly("floating", "own", "own",
							"foreignOfParent", "byMethod", "last");
				});
		}
	}

	@Test
	void leavesTheBeansOfAParentToItself() {
		try (GenericApplicationContext parent = parent(Parents.class)) {
			WebFilter early = parent.getBean("early", WebFilter.class);
			this.runner.withParent(parent)
				.withPropertyValues("async-middleware.middleware.early.order=100")
				.run((context) -> {
					assertThat(context.getBean("early")).isSameAs(early);
					assertThat(MiddlewareRunner.chainOf(context)).containsSubsequence("hooks", "early");
				});
			this.runner.withParent(parent)
				.run((context) -> assertThat(MiddlewareRunner.chainOf(context)).containsSubsequence("early", "hooks"));
			assertThat(parent.getBeansOfType(WebFilter.class)).containsOnlyKeys("early", "byMethod", "ordered", "last",
					"floating", "foreignOfParent");
		}
	}

	@Test
	void runsThoseOfAParentThatIsAWebApplicationItself() {
		this.runner.withUserConfiguration(Parents.class)
			.withPropertyValues("async-middleware.middleware.early.order=100")
			.run((parent) -> this.runner.withParent(parent.getSourceApplicationContext())
				.withBean("own", Own.class)
				.withPropertyValues("async-middleware.middleware.hooks.enabled=false",
						"async-middleware.middleware.early.order=5")
				.run((context) -> {
					assertThat(MiddlewareRunner.chainOf(parent)).containsExactly("floating", "hooks", "foreignOfParent",
							"await", "ordered", "byMethod", "early", "last");
					assertThat(MiddlewareRunner.chainOf(context)).containsExactly("floating", "early", "own",
							"foreignOfParent", "await", "ordered", "byMethod", "last");
					assertThat(MiddlewareRunner.ran(context, "/")).containsExactly("floating", "early", "own",
							"foreignOfParent", "byMethod", "last", "await");
					assertThat(MiddlewareRunner.ran(parent, "/")).containsExactly("floating", "foreignOfParent",
							"byMethod", "early", "last", "await", "hooks");
				}));
	}

	@Test
	void runsThoseOfAParentOnServers() {
		String[] ran = { "floating", "early", "own", "foreignOfParent", "byMethod", "last", "await", "hooks" };
		try (ConfigurableApplicationContext context = new SpringApplicationBuilder().sources(Parents.class)
			.web(WebApplicationType.NONE)
			.child(App.class)
			.web(WebApplicationType.REACTIVE)
			.run("--server.port=0", "--management.server.port=0", "--spring.main.banner-mode=off",
					"--spring.main.register-shutdown-hook=false", "--spring.reactor.netty.shutdown-quiet-period=0s",
					"--management.endpoints.web.exposure.include=asyncmiddleware")) {
			assertThat(get(context, "local.server.port", "/").expectBody(String.class)
				.returnResult()
				.getResponseHeaders()
				.get("X-Ran")).containsExactly(ran);
			assertThat(get(context, "local.management.port", "/actuator/asyncmiddleware").expectBody()
				.jsonPath("$.middlewares[*].name")
				.isEqualTo(List.of("floating", "early", "hooks", "own", "foreignOfParent", "await", "ordered",
						"byMethod", "last"))
				.returnResult()
				.getResponseHeaders()
				.get("X-Ran")).containsExactly(ran);
		}
	}

	private static WebTestClient.ResponseSpec get(ConfigurableApplicationContext context, String port, String path) {
		return WebTestClient.bindToServer()
			.baseUrl("http://localhost:" + context.getEnvironment().getRequiredProperty(port))
			.responseTimeout(Duration.ofSeconds(30))
			.build()
			.get()
			.uri(path)
			.header("Connection", "close")
			.exchange();
	}

	@Test
	void refusesThoseOfAChildThatWereNotThereWhenTheChainWasBuilt() {
		this.runner.withBean("own", Own.class).withInitializer((context) -> context.setId("app")).run((context) -> {
			try (AnnotationConfigApplicationContext child = new AnnotationConfigApplicationContext()) {
				child.setParent(context.getSourceApplicationContext());
				child.registerBean("hooks", Hooks.class);
				child.refresh();
				assertThatExceptionOfType(InvalidMiddlewareException.class)
					.isThrownBy(() -> WebHttpHandlerBuilder.applicationContext(child).build())
					.withMessage("The bean 'hooks' (" + Hooks.class.getName()
							+ ") is annotated with @AsyncMiddleware, but it is in a child of the application"
							+ " context that runs the middlewares ('app').")
					.satisfies(
							(ex) -> assertThat(ex.getAction()).isEqualTo("Register it there, or in a parent of it."));
			}
		});
	}

	/**
	 * What a parent and its child do together is what the same beans do in one context.
	 */
	private void inOneContextAndInTwo(Consumer<ApplicationContext> promise, String... properties) {
		this.runner.withUserConfiguration(Parents.class, Children.class)
			.withPropertyValues(properties)
			.run(promise::accept);
		try (GenericApplicationContext parent = parent(Parents.class)) {
			this.runner.withParent(parent)
				.withUserConfiguration(Children.class)
				.withPropertyValues(properties)
				.run(promise::accept);
		}
	}

	private static GenericApplicationContext parent(Class<?> configuration) {
		return new AnnotationConfigApplicationContext(configuration);
	}

	@Configuration(proxyBeanMethods = false)
	static class Parents {

		@Bean
		Last last() {
			return new Last();
		}

		@Bean
		@AsyncMiddleware
		@Order(30)
		WebFilter byMethod() {
			return MiddlewareRunner.tracing("byMethod");
		}

		@Bean
		Floating floating() {
			return new Floating();
		}

		@Bean
		Early early() {
			return new Early();
		}

		@Bean
		Hooks hooks() {
			return new Hooks();
		}

		@Bean
		Await await() {
			return new Await();
		}

		@Bean
		OrderedTwenty ordered() {
			return new OrderedTwenty();
		}

		@Bean
		@Order(16)
		WebFilter foreignOfParent() {
			return MiddlewareRunner.tracing("foreignOfParent");
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Children {

		@Bean
		Own own() {
			return new Own();
		}

		@Bean
		@Order(25)
		WebFilter foreign() {
			return MiddlewareRunner.tracing("foreign");
		}

		@Bean
		@Order(-10)
		WebFilter foreignFirst() {
			return MiddlewareRunner.tracing("foreignFirst");
		}

	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration(exclude = { ReactiveWebSecurityAutoConfiguration.class,
			ReactiveManagementWebSecurityAutoConfiguration.class })
	@Import(Handler.class)
	static class App {

		@Bean
		Own own() {
			return new Own();
		}

	}

	@Configuration(proxyBeanMethods = false)
	@Import(Registrar.class)
	static class Registered {

	}

	static class Registrar implements BeanRegistrar {

		@Override
		public void register(BeanRegistry registry, Environment environment) {
			registry.registerBean("registered", Floating.class, (spec) -> spec.order(20));
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class HiddenOrder {

		@Bean
		@AsyncMiddleware
		WebFilter hidden() {
			return new OrderedTwenty();
		}

		@Bean
		@AsyncMiddleware
		HandlerFilterFunction<LiveResponse, ServerResponse> hiddenAwait() {
			return new OrderedAwait();
		}

	}

	@RestController
	static class Handler {

		@GetMapping({ "/", "/api/x" })
		String hello() {
			return "hello";
		}

	}

	abstract static class Tracing implements WebFilter {

		private final WebFilter delegate;

		Tracing(String name) {
			this.delegate = MiddlewareRunner.tracing(name);
		}

		@Override
		public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
			return this.delegate.filter(exchange, chain);
		}

	}

	@AsyncMiddleware
	static class Floating extends Tracing {

		Floating() {
			super("floating");
		}

	}

	@AsyncMiddleware(order = 10)
	static class Early extends Tracing {

		Early() {
			super("early");
		}

	}

	@AsyncMiddleware(order = 15)
	static class Own extends Tracing {

		Own() {
			super("own");
		}

	}

	@AsyncMiddleware(order = 1000)
	static class Last extends Tracing {

		Last() {
			super("last");
		}

	}

	@AsyncMiddleware(path = "/api/**")
	static class OrderedTwenty extends Tracing implements Ordered {

		OrderedTwenty() {
			super("ordered");
		}

		@Override
		public int getOrder() {
			return 20;
		}

	}

	@AsyncMiddleware(order = 12)
	static class Hooks {

		@OnResponse
		void stamp(ServerHttpResponse response) {
			response.getHeaders().add("X-Ran", "hooks");
		}

	}

	@AsyncMiddleware(order = 18)
	static class Await implements HandlerFilterFunction<LiveResponse, ServerResponse> {

		@Override
		public Mono<ServerResponse> filter(ServerRequest request, HandlerFunction<LiveResponse> next) {
			return next.handle(request).map((response) -> {
				response.headers().add("X-Ran", "await");
				return response;
			});
		}

	}

	static class OrderedAwait implements HandlerFilterFunction<LiveResponse, ServerResponse>, Ordered {

		@Override
		public Mono<ServerResponse> filter(ServerRequest request, HandlerFunction<LiveResponse> next) {
			return next.handle(request).cast(ServerResponse.class);
		}

		@Override
		public int getOrder() {
			return 10;
		}

	}

}
