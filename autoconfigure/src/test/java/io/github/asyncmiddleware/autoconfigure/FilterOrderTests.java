package io.github.asyncmiddleware.autoconfigure;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.MiddlewareOrder;
import io.github.asyncmiddleware.OnResponse;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.publisher.Mono;

import org.springframework.beans.factory.BeanRegistrar;
import org.springframework.beans.factory.BeanRegistry;
import org.springframework.beans.factory.config.BeanFactoryPostProcessor;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.beans.factory.support.AbstractBeanDefinition;
import org.springframework.beans.factory.support.BeanDefinitionBuilder;
import org.springframework.beans.factory.support.BeanDefinitionRegistry;
import org.springframework.boot.test.context.runner.ReactiveWebApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.core.env.Environment;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.security.config.annotation.web.reactive.EnableWebFluxSecurity;
import org.springframework.security.config.web.server.ServerHttpSecurity;
import org.springframework.security.web.server.SecurityWebFilterChain;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for the place of middlewares among all filters.
 */
@ExtendWith(OutputCaptureExtension.class)
class FilterOrderTests {

	private static final String SECURITY = "WebFilterChainProxy";

	private final ReactiveWebApplicationContextRunner runner = MiddlewareRunner.create();

	@Test
	void placesMiddlewaresAroundSpringSecurity() {
		this.runner.withUserConfiguration(Security.class)
			.run((context) -> assertThat(MiddlewareRunner.chainOf(context)).containsExactly("before", SECURITY, "after",
					"unspecified"));
	}

	@Test
	void runsWhatStandsBehindSpringSecurityOnlyForRequestsItLetsThrough() {
		this.runner.withUserConfiguration(Security.class).run((context) -> {
			assertThat(MiddlewareRunner.ran(context, "/denied")).containsExactly("before");
			assertThat(MiddlewareRunner.ran(context, "/open")).containsExactly("before", "after", "unspecified");
		});
	}

	@Test
	void usesTheOrderOfSpringWhereTheAnnotationNamesNone() {
		this.runner.withUserConfiguration(SpringOrders.class).run((context) -> {
			assertThat(MiddlewareRunner.chainOf(context)).containsExactly("onMethod", "onClass", "onInstance",
					"viaInterface", "viaInterfaceClass", "unspecified", "last");
			assertThat(MiddlewareRunner.ran(context, "/")).isEqualTo(MiddlewareRunner.chainOf(context));
		});
	}

	@Test
	void prefersThePropertyOverEveryOtherOrder() {
		this.runner.withUserConfiguration(SpringOrders.class)
			.withPropertyValues("async-middleware.middleware.on-method.order=104",
					"async-middleware.middleware.on-class.order=103",
					"async-middleware.middleware.on-instance.order=102",
					"async-middleware.middleware.via-interface.order=101",
					"async-middleware.middleware.via-interface-class.order=100",
					"async-middleware.middleware.last.order=-2147483648")
			.run((context) -> {
				assertThat(MiddlewareRunner.chainOf(context)).containsExactly("last", "unspecified",
						"viaInterfaceClass", "viaInterface", "onInstance", "onClass", "onMethod");
				assertThat(MiddlewareRunner.ran(context, "/")).isEqualTo(MiddlewareRunner.chainOf(context));
			});
	}

	@Test
	void takesAnOrderOfZeroFromAPropertyLiterally() {
		this.runner.withUserConfiguration(Orders.class)
			.withPropertyValues("async-middleware.middleware.twenty.order=0")
			.run((context) -> assertThat(MiddlewareRunner.chainOf(context)).containsExactly("twenty", "ten",
					"foreign"));
	}

	@Test
	void usesTheOrderThatARegistrarSets() {
		this.runner.withUserConfiguration(Orders.class, Registered.class).run((context) -> {
			assertThat(MiddlewareRunner.chainOf(context)).containsExactly("orderedLater", "hooks", "foreignAtFive",
					"ten", "registered", "onClass", "twenty", "foreign");
			assertThat(MiddlewareRunner.middleware(context, "registered").order()).isEqualTo(15);
		});
	}

	@Test
	void prefersThePropertyOverTheOrderThatARegistrarSets() {
		this.runner.withUserConfiguration(Orders.class, Registered.class)
			.withPropertyValues("async-middleware.middleware.registered.order=-1",
					"async-middleware.middleware.hooks.order=0", "async-middleware.middleware.on-class.order=12",
					"async-middleware.middleware.ordered-later.order=30")
			.run((context) -> assertThat(MiddlewareRunner.chainOf(context)).containsExactly("registered", "hooks",
					"foreignAtFive", "ten", "onClass", "twenty", "orderedLater", "foreign"));
	}

	@Test
	void treatsObjectsThatAreRegisteredAsOtherBeans() {
		this.runner.withUserConfiguration(Orders.class, ForeignAtZero.class)
			.withInitializer(FilterOrderTests::registerObjects)
			.run((context) -> {
				assertThat(MiddlewareRunner.chainOf(context)).containsExactly("first", "onClass", "onInstance",
						"orderedHooks", "foreignAtZero", "plain", "ten", "hooks", "twenty", "foreign");
				assertThat(MiddlewareRunner.middleware(context, "first").order()).isEqualTo(-200);
				assertThat(MiddlewareRunner.middleware(context, "plain").order()).isZero();
				assertThat(MiddlewareRunner.ran(context, "/")).containsExactly("first", "onClass", "onInstance",
						"foreignAtZero", "plain", "ten", "twenty", "foreign", "hooks", "hooks");
			});
	}

	@Test
	void prefersPropertiesOverWhatObjectsThatAreRegisteredSay() {
		this.runner.withUserConfiguration(Orders.class)
			.withInitializer(FilterOrderTests::registerObjects)
			.withPropertyValues("async-middleware.middleware.first.order=15",
					"async-middleware.middleware.on-class.order=16", "async-middleware.middleware.on-instance.order=17",
					"async-middleware.middleware.ordered-hooks.order=18",
					"async-middleware.middleware.hooks.enabled=false",
					"async-middleware.middleware.plain.after=" + First.class.getName())
			.run((context) -> assertThat(MiddlewareRunner.chainOf(context)).containsExactly("ten", "first", "plain",
					"onClass", "onInstance", "orderedHooks", "twenty", "foreign"));
	}

	@Test
	void settlesTiesByNameHoweverTheBeansAreRegistered() {
		List<String> names = new ArrayList<>(List.of("a", "b", "c", "d", "e", "f"));
		Random random = new Random(42);
		for (int i = 0; i < 10; i++) {
			Collections.shuffle(names, random);
			ReactiveWebApplicationContextRunner shuffled = this.runner.withUserConfiguration(ForeignAtZero.class);
			for (String name : names) {
				shuffled = shuffled.withBean(name, PlainMiddleware.class, PlainMiddleware::new);
			}
			shuffled.run((context) -> assertThat(MiddlewareRunner.chainOf(context)).containsExactly("foreignAtZero",
					"a", "b", "c", "d", "e", "f"));
		}
	}

	@Test
	void keepsForeignFiltersInTheOrderOfSpring() {
		this.runner.withUserConfiguration(ForeignFilters.class)
			.run((context) -> assertThat(MiddlewareRunner.chainOf(context)).containsExactly("first", "second",
					"middleware", "third", "aFourth", "anUnordered"));
	}

	@Test
	void leavesOutAMiddlewareThatIsSwitchedOff() {
		this.runner.withUserConfiguration(Orders.class)
			.withPropertyValues("async-middleware.middleware.ten.enabled=false")
			.run((context) -> {
				assertThat(MiddlewareRunner.chainOf(context)).containsExactly("twenty", "foreign");
				assertThat(MiddlewareRunner.ran(context, "/")).containsExactly("twenty", "foreign");
			});
	}

	@Test
	void leavesOutAllMiddlewaresWhenSwitchedOff() {
		this.runner.withUserConfiguration(Orders.class)
			.withPropertyValues("async-middleware.enabled=false")
			.run((context) -> {
				assertThat(MiddlewareRunner.chainOf(context)).containsExactly("foreign");
				assertThat(MiddlewareRunner.ran(context, "/")).containsExactly("foreign");
			});
	}

	@Test
	void listsTheChainInOneLineAtStartUp(CapturedOutput output) {
		this.runner.withUserConfiguration(Orders.class)
			.run((context) -> assertThat(logged(output))
				.containsExactly("Filter chain: ten (10) > twenty (20) > foreign (last, foreign)"));
	}

	@Test
	void shortensTheNamesOfBeansThatAreNamedByTheirClass(CapturedOutput output) {
		this.runner.withUserConfiguration(Orders.class)
			.withBean("com.acme.security.SecurityConfiguration$ChainFilter", WithOrderOnClass.class,
					() -> new WithOrderOnClass("x"))
			.withBean("my.dotted", PlainMiddleware.class)
			.run((context) -> {
				assertThat(logged(output)).containsExactly(
						"Filter chain: WithOrderOnClass (-5, foreign) > my.dotted (0) > ten (10) > twenty (20) > foreign (last, foreign)");
				assertThat(MiddlewareRunner.chainOf(context)).containsExactly("WithOrderOnClass", "my.dotted", "ten",
						"twenty", "foreign");
			});
	}

	@Test
	void countsWhatTheLineAtStartUpHasNoRoomFor(CapturedOutput output) {
		this.runner.withInitializer((context) -> register((BeanDefinitionRegistry) context, 35)).run((context) -> {
			List<String> lines = logged(output);
			assertThat(lines).hasSize(1);
			assertThat(lines.get(0)).startsWith("Filter chain: m10 (0) > m11 (0) > ")
				.endsWith(" > m38 (0) > m39 (0) > and 5 more");
		});
	}

	@Test
	void saysNothingAtStartUpWithoutMiddlewares(CapturedOutput output) {
		this.runner.withUserConfiguration(ForeignAtZero.class).run((context) -> assertThat(logged(output)).isEmpty());
	}

	private static void registerObjects(ConfigurableApplicationContext context) {
		ConfigurableListableBeanFactory beanFactory = context.getBeanFactory();
		beanFactory.registerSingleton("plain", new PlainMiddleware());
		beanFactory.registerSingleton("onClass", new OrderedMiddleware());
		beanFactory.registerSingleton("onInstance", new MiddlewareWithOrder());
		beanFactory.registerSingleton("first", new First());
		beanFactory.registerSingleton("hooks", new HooksAtTwelve());
		beanFactory.registerSingleton("orderedHooks", new HooksWithOrder());
	}

	private static void register(BeanDefinitionRegistry registry, int count) {
		for (int i = 10; i < 10 + count; i++) {
			registry.registerBeanDefinition("m" + i,
					BeanDefinitionBuilder.genericBeanDefinition(PlainMiddleware.class).getBeanDefinition());
		}
	}

	private static List<String> logged(CapturedOutput output) {
		return output.getAll()
			.lines()
			.filter((line) -> line.contains("Filter chain"))
			.map((line) -> line.substring(line.indexOf("Filter chain")))
			.toList();
	}

	@Configuration(proxyBeanMethods = false)
	@EnableWebFluxSecurity
	static class Security {

		@Bean
		SecurityWebFilterChain securityWebFilterChain(ServerHttpSecurity http) {
			return http
				.authorizeExchange(
						(exchanges) -> exchanges.pathMatchers("/open").permitAll().anyExchange().authenticated())
				.build();
		}

		@Bean
		@AsyncMiddleware
		WebFilter unspecified() {
			return MiddlewareRunner.tracing("unspecified");
		}

		@Bean
		@AsyncMiddleware(order = MiddlewareOrder.AFTER_SECURITY)
		WebFilter after() {
			return MiddlewareRunner.tracing("after");
		}

		@Bean
		@AsyncMiddleware(order = MiddlewareOrder.BEFORE_SECURITY)
		WebFilter before() {
			return MiddlewareRunner.tracing("before");
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class SpringOrders {

		@Bean
		@AsyncMiddleware(order = MiddlewareOrder.LAST)
		WebFilter last() {
			return MiddlewareRunner.tracing("last");
		}

		@Bean
		@AsyncMiddleware
		WebFilter unspecified() {
			return MiddlewareRunner.tracing("unspecified");
		}

		@Bean
		@AsyncMiddleware
		WebFilter viaInterfaceClass() {
			return new WithOrderOnClass("viaInterfaceClass");
		}

		@Bean
		@AsyncMiddleware
		WebFilter viaInterface() {
			return new WithOrderOfInstance("viaInterface", -6);
		}

		@Bean
		@AsyncMiddleware
		WithOrderOfInstance onInstance() {
			return new WithOrderOfInstance("onInstance", -7);
		}

		@Bean
		@AsyncMiddleware
		LowerOnClass onClass() {
			return new LowerOnClass("onClass");
		}

		@Bean
		@AsyncMiddleware
		@Order(-9)
		WithOrderOnClass onMethod() {
			return new WithOrderOnClass("onMethod");
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Orders {

		@Bean
		WebFilter foreign() {
			return MiddlewareRunner.tracing("foreign");
		}

		@Bean
		@AsyncMiddleware(order = 20)
		WebFilter twenty() {
			return MiddlewareRunner.tracing("twenty");
		}

		@Bean
		@AsyncMiddleware(order = 10)
		WebFilter ten() {
			return MiddlewareRunner.tracing("ten");
		}

	}

	@Configuration(proxyBeanMethods = false)
	@Import(Registrar.class)
	static class Registered {

		@Bean
		static BeanFactoryPostProcessor orders() {
			return (beanFactory) -> beanFactory.getBeanDefinition("orderedLater")
				.setAttribute(AbstractBeanDefinition.ORDER_ATTRIBUTE, -3);
		}

	}

	static class Registrar implements BeanRegistrar {

		@Override
		public void register(BeanRegistry registry, Environment environment) {
			registry.registerBean("foreignAtFive", Tracing.class,
					(spec) -> spec.order(5).supplier((context) -> new Tracing("foreignAtFive")));
			registry.registerBean("onClass", OrderedMiddleware.class, (spec) -> spec.order(16));
			registry.registerBean("registered", PlainMiddleware.class, (spec) -> spec.order(15));
			registry.registerBean("hooks", Hooks.class, (spec) -> spec.order(-2));
			registry.registerBean("orderedLater", PlainMiddleware.class);
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class ForeignAtZero {

		@Bean
		@Order(0)
		WebFilter foreignAtZero() {
			return MiddlewareRunner.tracing("foreignAtZero");
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class ForeignFilters {

		@Bean
		WebFilter anUnordered() {
			return MiddlewareRunner.tracing("anUnordered");
		}

		@Bean
		@Order(5)
		WebFilter third() {
			return MiddlewareRunner.tracing("third");
		}

		@Bean
		@Order(5)
		WebFilter aFourth() {
			return MiddlewareRunner.tracing("aFourth");
		}

		@Bean
		@AsyncMiddleware
		WebFilter middleware() {
			return MiddlewareRunner.tracing("middleware");
		}

		@Bean
		@Order(-100)
		WithOrderOnClass second() {
			return new WithOrderOnClass("second");
		}

		@Bean
		WithOrderOfInstance first() {
			return new WithOrderOfInstance("first", Ordered.HIGHEST_PRECEDENCE);
		}

	}

	@AsyncMiddleware
	static class PlainMiddleware extends Tracing {

		PlainMiddleware() {
			this("plain");
		}

		PlainMiddleware(String name) {
			super(name);
		}

	}

	@AsyncMiddleware(order = -200)
	static class First extends Tracing {

		First() {
			super("first");
		}

	}

	static class MiddlewareWithOrder extends PlainMiddleware implements Ordered {

		MiddlewareWithOrder() {
			super("onInstance");
		}

		@Override
		public int getOrder() {
			return -7;
		}

	}

	@AsyncMiddleware(order = 12)
	static class HooksAtTwelve extends Hooks {

	}

	static class HooksWithOrder extends Hooks implements Ordered {

		@Override
		public int getOrder() {
			return -6;
		}

	}

	@Order(-8)
	static class OrderedMiddleware extends PlainMiddleware {

		OrderedMiddleware() {
			super("onClass");
		}

	}

	@AsyncMiddleware
	static class Hooks {

		@OnResponse
		void stamp(ServerHttpResponse response) {
			response.getHeaders().add("X-Ran", "hooks");
		}

	}

	@Order(-8)
	static class LowerOnClass extends Tracing {

		LowerOnClass(String name) {
			super(name);
		}

	}

	@Order(-5)
	static class WithOrderOnClass extends Tracing {

		WithOrderOnClass(String name) {
			super(name);
		}

	}

	static class WithOrderOfInstance extends Tracing implements Ordered {

		private final int order;

		WithOrderOfInstance(String name, int order) {
			super(name);
			this.order = order;
		}

		@Override
		public int getOrder() {
			return this.order;
		}

	}

	static class Tracing implements WebFilter {

		private final WebFilter delegate;

		Tracing(String name) {
			this.delegate = MiddlewareRunner.tracing(name);
		}

		@Override
		public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
			return this.delegate.filter(exchange, chain);
		}

	}

}
