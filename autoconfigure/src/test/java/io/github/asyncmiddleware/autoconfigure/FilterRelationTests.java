package io.github.asyncmiddleware.autoconfigure;

import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.util.ArrayList;
import java.util.List;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.LiveResponse;
import io.github.asyncmiddleware.OnFailure;
import io.github.asyncmiddleware.OnResponse;
import io.github.asyncmiddleware.testsupport.PassingFilter;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;

import org.springframework.aop.framework.ProxyFactory;
import org.springframework.beans.factory.support.BeanDefinitionRegistry;
import org.springframework.boot.test.context.runner.ReactiveWebApplicationContextRunner;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.ClassPathBeanDefinitionScanner;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.ImportSelector;
import org.springframework.core.OverridingClassLoader;
import org.springframework.core.annotation.AliasFor;
import org.springframework.core.annotation.Order;
import org.springframework.core.io.DefaultResourceLoader;
import org.springframework.core.type.AnnotationMetadata;
import org.springframework.util.ClassUtils;
import org.springframework.web.reactive.function.server.HandlerFilterFunction;
import org.springframework.web.reactive.function.server.HandlerFunction;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.server.WebFilter;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link AsyncMiddleware#before()} and {@link AsyncMiddleware#after()}.
 */
class FilterRelationTests {

	private static final String OPTIONAL = Optional.class.getName() + "$";

	/** Has the classes that name {@link Optional.Absent}, but not that one. */
	private static final ClassLoader WITHOUT_CLASS = new OverridingClassLoader(
			FilterRelationTests.class.getClassLoader()) {

		@Override
		protected boolean isEligibleForOverriding(String className) {
			return className.startsWith(Optional.class.getName());
		}

		@Override
		protected @Nullable Class<?> loadClassForOverriding(String name) throws ClassNotFoundException {
			if (name.equals(Optional.Absent.class.getName())) {
				throw new ClassNotFoundException(name);
			}
			return super.loadClassForOverriding(name);
		}

	};

	private final ReactiveWebApplicationContextRunner runner = MiddlewareRunner.create();

	@Test
	void movesAMiddlewareInFrontOfAForeignFilter() {
		assertThat(chain(Plain.class, ForeignAtMinusTen.class, ForeignAtTen.class, BeforeForeignAtTen.class))
			.containsExactly("ForeignAtMinusTen", "Plain", "BeforeForeignAtTen", "ForeignAtTen");
	}

	@Test
	void movesAMiddlewareBehindAForeignFilter() {
		assertThat(chain(Plain.class, ForeignAtTen.class, ForeignAtMinusTen.class, AfterForeignAtMinusTen.class))
			.containsExactly("ForeignAtMinusTen", "AfterForeignAtMinusTen", "Plain", "ForeignAtTen");
	}

	@Test
	void movesAMiddlewareNextToAnotherOne() {
		assertThat(chain(AfterTwenty.class, BeforeTwenty.class, Thirty.class, Twenty.class, Plain.class))
			.containsExactly("Plain", "BeforeTwenty", "Twenty", "AfterTwenty", "Thirty");
	}

	@Test
	void keepsSeveralThatFollowTheSameOneInTheOrderOfTheirNames() {
		assertThat(chain(AfterTwentyToo.class, Thirty.class, AfterTwenty.class, Twenty.class)).containsExactly("Twenty",
				"AfterTwenty", "AfterTwentyToo", "Thirty");
	}

	@Test
	void keepsSeveralThatPrecedeTheSameOneInTheOrderOfTheirNames() {
		assertThat(chain(BeforeTwentyToo.class, Ten.class, BeforeTwenty.class, Twenty.class)).containsExactly("Ten",
				"BeforeTwenty", "BeforeTwentyToo", "Twenty");
	}

	@Test
	void followsChainsOfRelations() {
		assertThat(chain(AfterAfterTwenty.class, AfterTwenty.class, Thirty.class, Twenty.class, Plain.class))
			.containsExactly("Plain", "Twenty", "AfterTwenty", "AfterAfterTwenty", "Thirty");
	}

	@Test
	void standsBetweenTwoIfItHasTo() {
		assertThat(chain(Thirty.class, BetweenTwentyAndThirty.class, Twenty.class, AfterTwenty.class))
			.containsExactly("Twenty", "AfterTwenty", "BetweenTwentyAndThirty", "Thirty");
	}

	@Test
	void ignoresFiltersThatAreAbsent() {
		assertThat(chain(BeforeTwenty.class, AfterTwenty.class, Thirty.class)).containsExactly("AfterTwenty",
				"BeforeTwenty", "Thirty");
	}

	@ParameterizedTest
	@ValueSource(strings = { "Native", "Await", "Hooks", "Composed", "Inherited" })
	void ignoresClassesThatAreAbsent(String type) {
		this.runner.withClassLoader(WITHOUT_CLASS)
			.withBean("Ten", Ten.class)
			.withBean("Thirty", Thirty.class)
			.withBean("optional", load(type))
			.run((context) -> {
				assertThat(MiddlewareRunner.chainOf(context)).containsExactly("Ten", "optional", "Thirty");
				assertThat(MiddlewareRunner.middleware(context, "optional").onFailure()).isEqualTo(OnFailure.SKIP);
			});
	}

	@ParameterizedTest
	@ValueSource(strings = { "Native", "Await", "Hooks" })
	void ignoresAbsentClassesOfScannedComponents(String type) {
		this.runner.withClassLoader(WITHOUT_CLASS)
			.withBean("Ten", Ten.class)
			.withBean("Thirty", Thirty.class)
			.withInitializer((context) -> scan(context, load(type).getName()))
			.run((context) -> assertThat(MiddlewareRunner.chainOf(context)).containsExactly("Ten", "optional",
					"Thirty"));
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void ignoresAbsentClassesOnBeanMethods(boolean byName) {
		this.runner.withClassLoader(WITHOUT_CLASS)
			.withBean("Ten", Ten.class)
			.withBean("Thirty", Thirty.class)
			.withUserConfiguration(load(byName ? "ImportedByName" : "Methods"))
			.run((context) -> assertThat(MiddlewareRunner.chainOf(context)).containsExactly("Ten", "optional", "await",
					"Thirty"));
	}

	@Test
	void takesRelationsFromPropertiesWhereClassesOfTheAnnotationAreAbsent() {
		this.runner.withClassLoader(WITHOUT_CLASS)
			.withBean("Ten", Ten.class)
			.withBean("Thirty", Thirty.class)
			.withBean("optional", load("Unordered"))
			.withPropertyValues("async-middleware.middleware.optional.after=" + Ten.class.getName())
			.run((context) -> assertThat(MiddlewareRunner.chainOf(context)).containsExactly("Ten", "optional",
					"Thirty"));
	}

	@Test
	void refusesAHiddenMiddlewareAlsoWhereAClassIsAbsent() {
		this.runner.withClassLoader(WITHOUT_CLASS)
			.withUserConfiguration(load("HiddenByItsMethod"))
			.run((context) -> assertThat(context.getStartupFailure())
				.hasMessageContaining("is annotated with @AsyncMiddleware, but the definition of the bean does not"));
	}

	@Test
	void refusesAnAnnotationThatIsAnnotatedWithAnAbsentClass() {
		this.runner.withClassLoader(WITHOUT_CLASS)
			.withBean("optional", load("Lost"))
			.run((context) -> assertThat(context.getStartupFailure()).isInstanceOf(InvalidMiddlewareException.class)
				.hasMessage("The @AsyncMiddleware on the annotation " + OPTIONAL + "LostAnnotation cannot be read for "
						+ OPTIONAL + "Lost, since a class in its 'before' or 'after' is absent."));
	}

	static Class<?> load(String name) {
		return ClassUtils.resolveClassName(OPTIONAL + name, WITHOUT_CLASS);
	}

	private static void scan(ConfigurableApplicationContext context, String className) {
		ClassPathBeanDefinitionScanner scanner = new ClassPathBeanDefinitionScanner((BeanDefinitionRegistry) context);
		scanner.setResourceLoader(new DefaultResourceLoader(WITHOUT_CLASS));
		scanner.addExcludeFilter((reader, factory) -> !reader.getClassMetadata().getClassName().equals(className));
		scanner.scan(ClassUtils.getPackageName(className));
	}

	@Test
	void ignoresFiltersThatAreSwitchedOff() {
		this.runner.withBean("AfterTwenty", AfterTwenty.class)
			.withBean("Twenty", Twenty.class)
			.withBean("Ten", Ten.class)
			.withPropertyValues("async-middleware.middleware.twenty.enabled=false")
			.run((context) -> assertThat(MiddlewareRunner.chainOf(context)).containsExactly("AfterTwenty", "Ten"));
	}

	@Test
	void acceptsARelationThatBothSidesTell() {
		assertThat(chain(SecondOfPair.class, Ten.class, FirstOfPair.class, ForeignAtMinusTen.class))
			.containsExactly("ForeignAtMinusTen", "FirstOfPair", "SecondOfPair", "Ten");
	}

	@Test
	void acceptsAnOwnOrderThatAgrees() {
		assertThat(chain(FortyAfterTwenty.class, Twenty.class, Thirty.class)).containsExactly("Twenty", "Thirty",
				"FortyAfterTwenty");
	}

	@Test
	void acceptsTheSameOrderIfTheNamesAgree() {
		assertThat(chain(TwentyToo.class, Twenty.class)).containsExactly("Twenty", "TwentyToo");
	}

	@Test
	void letsTheRelationDecideBetweenEqualOrders() {
		assertThat(chain(Twenty.class, EarlyTwenty.class, LateTwenty.class, TwentyToo.class))
			.containsExactly("EarlyTwenty", "Twenty", "LateTwenty", "TwentyToo");
		assertThat(chain(ForeignAtTen.class, OtherForeignAtTen.class, TenBeforeForeign.class, Ten.class))
			.containsExactly("TenBeforeForeign", "ForeignAtTen", "OtherForeignAtTen", "Ten");
		assertThat(chain(TenBeforeOtherForeign.class, ForeignAtTen.class, OtherForeignAtTen.class, Ten.class))
			.containsExactly("ForeignAtTen", "TenBeforeOtherForeign", "OtherForeignAtTen", "Ten");
	}

	@Test
	void letsTheRelationDecideBetweenAnOrderFromAPropertyAndAnEqualOne() {
		this.runner.withBean("a", Ten.class)
			.withBean("b", BeforeTen.class)
			.withPropertyValues("async-middleware.middleware.b.order=10")
			.run((context) -> assertThat(MiddlewareRunner.chainOf(context)).containsExactly("b", "a"));
	}

	@Test
	void recognizesFiltersByWhatTheyExtendOrImplement() {
		assertThat(chain(BeforeAll.class, Twenty.class, ForeignAtMinusTen.class)).containsExactly("BeforeAll",
				"ForeignAtMinusTen", "Twenty");
	}

	@Test
	void recognizesFiltersBehindProxies() {
		this.runner.withBean("AfterForeignAtMinusTen", AfterForeignAtMinusTen.class)
			.withBean("Ten", Ten.class)
			.withBean("proxied", WebFilter.class, () -> {
				ProxyFactory factory = new ProxyFactory(new ForeignAtMinusTen());
				factory.setInterfaces(WebFilter.class);
				return (WebFilter) factory.getProxy();
			})
			.run((context) -> assertThat(MiddlewareRunner.chainOf(context)).containsExactly("proxied",
					"AfterForeignAtMinusTen", "Ten"));
	}

	@Test
	void takesRelationsFromProperties() {
		this.runner.withBean("Plain", Plain.class)
			.withBean("BeforeTwenty", BeforeTwenty.class)
			.withBean("Ten", Ten.class)
			.withBean("Twenty", Twenty.class)
			.withPropertyValues("async-middleware.middleware.plain.after=" + Twenty.class.getName(),
					"async-middleware.middleware.before-twenty.before=" + Ten.class.getName())
			.run((context) -> assertThat(MiddlewareRunner.chainOf(context)).containsExactly("BeforeTwenty", "Ten",
					"Twenty", "Plain"));
	}

	@Test
	void dropsARelationThatAPropertyEmpties() {
		this.runner.withBean("AfterTwenty", AfterTwenty.class)
			.withBean("Twenty", Twenty.class)
			.withPropertyValues("async-middleware.middleware.after-twenty.after=")
			.run((context) -> assertThat(MiddlewareRunner.chainOf(context)).containsExactly("AfterTwenty", "Twenty"));
	}

	@SafeVarargs
	private List<String> chain(Class<? extends WebFilter>... filters) {
		ReactiveWebApplicationContextRunner registered = this.runner;
		for (Class<? extends WebFilter> filter : filters) {
			registered = registered.withBean(filter.getSimpleName(), filter);
		}
		List<List<String>> chains = new ArrayList<>();
		registered.run((context) -> chains.add(MiddlewareRunner.chainOf(context)));
		return chains.get(0);
	}

	@Order(-10)
	static class ForeignAtMinusTen extends PassThrough {

	}

	@Order(10)
	static class ForeignAtTen extends PassThrough {

	}

	@AsyncMiddleware
	static class Plain extends PassThrough {

	}

	@AsyncMiddleware(order = 10)
	static class Ten extends PassThrough {

	}

	@AsyncMiddleware(order = 20)
	static class Twenty extends PassThrough {

	}

	@AsyncMiddleware(order = 20, after = Twenty.class)
	static class TwentyToo extends PassThrough {

	}

	@AsyncMiddleware(order = 20, before = Twenty.class)
	static class EarlyTwenty extends PassThrough {

	}

	@AsyncMiddleware(order = 20, after = { Twenty.class, EarlyTwenty.class })
	static class LateTwenty extends PassThrough {

	}

	@AsyncMiddleware(before = Ten.class)
	static class BeforeTen extends PassThrough {

	}

	@AsyncMiddleware(order = 10, before = ForeignAtTen.class)
	static class TenBeforeForeign extends PassThrough {

	}

	@AsyncMiddleware(order = 10, before = OtherForeignAtTen.class)
	static class TenBeforeOtherForeign extends PassThrough {

	}

	@Order(10)
	static class OtherForeignAtTen extends PassThrough {

	}

	@AsyncMiddleware(order = 30)
	static class Thirty extends PassThrough {

	}

	@AsyncMiddleware(order = 40, after = Twenty.class)
	static class FortyAfterTwenty extends PassThrough {

	}

	@AsyncMiddleware(before = ForeignAtTen.class)
	static class BeforeForeignAtTen extends PassThrough {

	}

	@AsyncMiddleware(after = ForeignAtMinusTen.class)
	static class AfterForeignAtMinusTen extends PassThrough {

	}

	@AsyncMiddleware(before = Twenty.class)
	static class BeforeTwenty extends PassThrough {

	}

	@AsyncMiddleware(before = Twenty.class)
	static class BeforeTwentyToo extends PassThrough {

	}

	@AsyncMiddleware(after = Twenty.class)
	static class AfterTwenty extends PassThrough {

	}

	@AsyncMiddleware(after = Twenty.class)
	static class AfterTwentyToo extends PassThrough {

	}

	@AsyncMiddleware(after = AfterTwenty.class)
	static class AfterAfterTwenty extends PassThrough {

	}

	@AsyncMiddleware(after = Twenty.class, before = Thirty.class)
	static class BetweenTwentyAndThirty extends PassThrough {

	}

	@AsyncMiddleware(before = SecondOfPair.class)
	static class FirstOfPair extends PassThrough {

	}

	@AsyncMiddleware(after = FirstOfPair.class)
	static class SecondOfPair extends PassThrough {

	}

	@AsyncMiddleware(before = WebFilter.class)
	static class BeforeAll extends PassThrough {

	}

	static class PassThrough extends PassingFilter {

	}

	/**
	 * Middlewares that stand next to a filter which is not there.
	 */
	static class Optional {

		static class Absent extends PassingFilter {

		}

		@AsyncMiddleware(value = "optional", order = 20, before = Absent.class, onFailure = OnFailure.SKIP)
		static class Native extends PassingFilter {

		}

		@AsyncMiddleware(value = "optional", after = { Absent.class, Ten.class }, onFailure = OnFailure.SKIP)
		static class Await implements HandlerFilterFunction<LiveResponse, ServerResponse> {

			@Override
			public Mono<ServerResponse> filter(ServerRequest request, HandlerFunction<LiveResponse> next) {
				return next.handle(request).cast(ServerResponse.class);
			}

		}

		@AsyncMiddleware(value = "optional", order = 20, before = Absent.class, after = Absent.class,
				onFailure = OnFailure.SKIP)
		static class Hooks {

			@OnResponse
			void after() {
			}

		}

		@AsyncMiddleware(order = 40)
		static class Base extends PassingFilter {

		}

		@AsyncMiddleware(order = 20, before = Absent.class, onFailure = OnFailure.SKIP)
		static class Inherited extends Base {

		}

		@AsyncMiddleware(before = Absent.class)
		static class Unordered extends PassingFilter {

		}

		@Retention(RetentionPolicy.RUNTIME)
		@AsyncMiddleware(onFailure = OnFailure.SKIP)
		@interface Composition {

			@AliasFor(annotation = AsyncMiddleware.class)
			int order();

			@AliasFor(annotation = AsyncMiddleware.class)
			Class<?>[] before() default {};

		}

		@Composition(order = 20, before = Absent.class)
		static class Composed extends PassingFilter {

		}

		@Retention(RetentionPolicy.RUNTIME)
		@AsyncMiddleware(before = Absent.class)
		@interface LostAnnotation {

		}

		@LostAnnotation
		static class Lost extends PassingFilter {

		}

		@Configuration(proxyBeanMethods = false)
		static class Methods {

			@Bean
			@AsyncMiddleware(order = 20, before = Absent.class)
			WebFilter optional() {
				return (exchange, chain) -> chain.filter(exchange);
			}

			@Bean
			@AsyncMiddleware(before = { Thirty.class, Absent.class })
			HandlerFilterFunction<LiveResponse, ServerResponse> await() {
				return (request, next) -> next.handle(request).cast(ServerResponse.class);
			}

		}

		@Configuration(proxyBeanMethods = false)
		@Import(ByName.class)
		static class ImportedByName {

		}

		static class ByName implements ImportSelector {

			@Override
			public String[] selectImports(AnnotationMetadata importingClassMetadata) {
				return new String[] { Methods.class.getName() };
			}

		}

		@Configuration(proxyBeanMethods = false)
		static class HiddenByItsMethod {

			@Bean
			WebFilter optional() {
				return new Native();
			}

		}

	}

}
