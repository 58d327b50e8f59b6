package io.github.asyncmiddleware.autoconfigure;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.OnRequest;
import io.github.asyncmiddleware.OnResponse;
import io.github.asyncmiddleware.testsupport.PassingFilter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import reactor.core.publisher.Mono;

import org.springframework.beans.factory.FactoryBean;
import org.springframework.beans.factory.config.BeanFactoryPostProcessor;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.beans.factory.support.AbstractBeanDefinition;
import org.springframework.boot.LazyInitializationBeanFactoryPostProcessor;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.test.context.runner.ReactiveWebApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.boot.webflux.autoconfigure.WebHttpHandlerBuilderCustomizer;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Scope;
import org.springframework.context.annotation.ScopedProxyMode;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.http.server.reactive.HttpHandler;
import org.springframework.http.server.reactive.HttpHandlerDecoratorFactory;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.web.reactive.function.server.EntityResponse;
import org.springframework.web.reactive.function.server.HandlerFilterFunction;
import org.springframework.web.reactive.function.server.HandlerFunction;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.adapter.WebHttpHandlerBuilder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for the mistakes that fail the start, and for what
 * {@link InvalidMiddlewareFailureAnalyzer} says about them.
 */
@ExtendWith(OutputCaptureExtension.class)
class InvalidMiddlewareTests {

	private static final String HERE = InvalidMiddlewareTests.class.getName();

	private static final String NO_STYLE = " neither a WebFilter nor a HandlerFilterFunction nor a bean with @OnRequest or"
			+ " @OnResponse methods.";

	private static final String CHOOSE_A_STYLE = "Let it implement org.springframework.web.server.WebFilter or"
			+ " org.springframework.web.reactive.function.server.HandlerFilterFunction<LiveResponse, ServerResponse>, or"
			+ " annotate a method; on a @Bean method, declare a return type that shows it. Otherwise remove the annotation.";

	private static final String DECORATED_BY_THE_BUILDER = "The filter chain with the %s cannot be built, since the handler"
			+ " of the application is no longer the one of WebHttpHandlerBuilder but a lambda of " + HERE
			+ "$LateDecorator. No bean of type HttpHandlerDecoratorFactory has done that, but something that configures"
			+ " the builder, such as the customizers 'logging'.";

	private final ReactiveWebApplicationContextRunner runner = MiddlewareRunner.create();

	@Test
	void refusesWhatIsNoWebFilter() {
		fails(this.runner.withBean("noFilter", NoFilter.class),
				"The bean 'noFilter' (" + HERE + "$NoFilter) is annotated with @AsyncMiddleware, but it is" + NO_STYLE,
				CHOOSE_A_STYLE);
	}

	@Test
	void refusesABeanMethodThatDoesNotTellThatItMakesAWebFilter() {
		fails(this.runner.withUserConfiguration(HiddenFilter.class), "The bean 'hidden' (bean method " + HERE
				+ "$HiddenFilter.hidden()) is annotated with" + " @AsyncMiddleware, but it is" + NO_STYLE,
				CHOOSE_A_STYLE);
	}

	@Test
	void refusesTwoStyles() {
		fails(this.runner.withBean("both", TwoStyles.class),
				"The bean 'both' (" + HERE
						+ "$TwoStyles) is a middleware in two styles: it is a WebFilter and a bean with"
						+ " @OnRequest or @OnResponse methods.",
				"Keep one of them, or make a bean of each.");
	}

	@Test
	void refusesAFunctionThatAwaitsSomethingElse() {
		fails(this.runner.withBean("entity", AwaitsEntity.class),
				"The middleware 'entity' (" + HERE
						+ "$AwaitsEntity) awaits responses of type EntityResponse, but the response of the"
						+ " rest of the chain is a LiveResponse.",
				"Let it implement HandlerFilterFunction<LiveResponse, ServerResponse>.");
	}

	@Test
	void refusesAFilterThatIsConcurrent() {
		fails(this.runner.withBean("passThrough", PassThrough.class)
			.withPropertyValues("async-middleware.middleware.pass-through.concurrent=true"),
				"The middleware 'passThrough' (" + HERE + "$PassThrough) is concurrent, but it wraps the rest of the"
						+ " chain, so it has to wait for its turn.",
				"Remove 'concurrent', or do the work in an @OnRequest method that returns nothing or an answer.");
	}

	@Test
	void refusesAResponseHookThatIsConcurrent() {
		fails(this.runner.withBean("after", ConcurrentResponseHook.class),
				"The middleware 'after' (" + HERE + "$ConcurrentResponseHook) is concurrent, but it has no @OnRequest"
						+ " method, so it has to wait for its turn.",
				"Remove 'concurrent', or do the work in an @OnRequest method that returns nothing or an answer.");
	}

	@Test
	void refusesAHookThatReplacesTheRequestAndIsConcurrent() {
		fails(this.runner.withBean("changes", ConcurrentChange.class),
				"The middleware 'changes' (" + HERE + "$ConcurrentChange) is concurrent, but " + HERE
						+ "$ConcurrentChange.change() replaces the request, so it has to wait for its turn.",
				"Remove 'concurrent', or let the method set attributes of the exchange and return nothing.");
	}

	@Test
	void refusesAHookThatCannotWork() {
		this.runner.withBean("string", StringHook.class).run((context) -> {
			assertThat(context).hasFailed();
			FailureAnalysis analysis = new InvalidMiddlewareFailureAnalyzer().analyze(context.getStartupFailure());
			assertThat(analysis.getDescription()).contains("'string'", HERE + "$StringHook.answer()",
					"java.lang.String");
			assertThat(analysis.getAction()).contains("ServerResponse", "ProblemDetail");
		});
	}

	@Test
	void refusesABoundOfZero() {
		fails(this.runner.withBean("passThrough", PassThrough.class)
			.withPropertyValues("async-middleware.middleware.pass-through.max-concurrent=0"),
				"The property 'async-middleware.middleware.passThrough.max-concurrent' is 0, but the middleware"
						+ " 'passThrough' (" + HERE + "$PassThrough) needs at least one thread to run.",
				"Set it to a positive number. To switch the middleware off, set"
						+ " 'async-middleware.middleware.passThrough.enabled' to false.");
	}

	@ParameterizedTest
	@CsvSource({ "soon, is not a duration", "-1s, is not positive", "0, is not positive",
			"500d, is longer than 365 days", "${pause}, is not positive" })
	void refusesATimeoutThatIsNone(String timeout, String problem) {
		fails(this.runner.withBean("passThrough", PassThrough.class)
			.withPropertyValues("pause=0ms", "async-middleware.middleware.pass-through.timeout=" + timeout),
				"The 'timeout' of the middleware 'passThrough' (" + HERE + "$PassThrough) is '"
						+ timeout.replace("${pause}", "0ms") + "', which " + problem + ".",
				"Use a positive duration such as 200ms, 2s or PT0.2S in @AsyncMiddleware or in the property"
						+ " 'async-middleware.middleware.passThrough.timeout'. An empty one is none.");
	}

	@Test
	void refusesAnAnnotatedClassThatTheBeanMethodHides() {
		fails(this.runner.withUserConfiguration(HiddenAnnotation.class),
				"The class of the bean 'hidden' (" + HERE + "$PassThrough) is annotated with @AsyncMiddleware, but"
						+ " the definition of the bean does not show its class.",
				"Declare PassThrough as the return type of its @Bean method, or put @AsyncMiddleware on the method.");
	}

	@Test
	void refusesAnAnnotatedClassWithHooksBehindAnInterface() {
		fails(this.runner.withUserConfiguration(HiddenHooks.class),
				"The class of the bean 'hidden' (" + HERE + "$AnnotatedHooks) is annotated with @AsyncMiddleware, but"
						+ " the definition of the bean does not show its class.",
				"Declare AnnotatedHooks as the return type of its @Bean method.");
	}

	@Test
	void refusesAnAnnotatedFunctionBehindAnInterface() {
		fails(this.runner.withUserConfiguration(HiddenFunction.class),
				"The class of the bean 'hidden' (" + HERE
						+ "$AnnotatedFunction) is annotated with @AsyncMiddleware, but"
						+ " the definition of the bean does not show its class.",
				"Declare AnnotatedFunction as the return type of its @Bean method, or put @AsyncMiddleware on the method.");
	}

	@Test
	void refusesHooksBehindAnInterface() {
		fails(this.runner.withUserConfiguration(HiddenPlainHooks.class),
				"The bean 'hidden' (" + HERE
						+ "$PlainHooks) has @OnRequest or @OnResponse methods, but is not annotated"
						+ " with @AsyncMiddleware, so they never run.",
				"Annotate the class or its @Bean method with @AsyncMiddleware, or remove the annotations from the methods.");
	}

	@Test
	void refusesABeanMethodThatOnlyTellsAnInterface() {
		fails(this.runner.withUserConfiguration(AnnotatedInterfaceMethod.class), "The bean 'hidden' (bean method "
				+ HERE + "$AnnotatedInterfaceMethod.hidden()) is annotated with @AsyncMiddleware, but it is" + NO_STYLE,
				CHOOSE_A_STYLE);
	}

	@Test
	void refusesHooksOfWhatABeanMethodTellsToBeAFilter() {
		fails(this.runner.withUserConfiguration(FilterWithHooks.class),
				"The bean 'both' (" + HERE
						+ "$TwoStyles) is a middleware in two styles: it is a WebFilter and a bean with"
						+ " @OnRequest or @OnResponse methods.",
				"Keep one of them, or make a bean of each.");
	}

	@Test
	void refusesAnAnnotatedFactoryBeanThatTheBeanMethodHides() {
		fails(this.runner.withUserConfiguration(HiddenFactory.class),
				"The class of the bean 'hidden' (" + HERE + "$AnnotatedFactory) is annotated with @AsyncMiddleware, but"
						+ " the definition of the bean does not show its class.",
				"Declare AnnotatedFactory as the return type of its @Bean method, or put @AsyncMiddleware on the method.");
	}

	@Test
	void runsTheHooksOfAnInterfaceThatTheBeanMethodTells() {
		this.runner.withUserConfiguration(InterfaceWithHooks.class)
			.run((context) -> assertThat(MiddlewareRunner.ran(context, "/")).containsExactly("interface", "class"));
	}

	@Test
	void refusesOtherScopesThanSingleton() {
		fails(this.runner.withUserConfiguration(Prototype.class),
				"The middleware 'prototype' (" + HERE + "$PassThrough) has the scope 'prototype', but the filter"
						+ " chain is built once and needs a singleton.",
				"Remove the scope, and keep what belongs to one request in the attributes of its exchange.");
	}

	@Test
	void refusesWhatAFactoryMakesAnewForEachUse() {
		fails(this.runner.withUserConfiguration(MakesMany.class),
				"The middleware 'many' (" + PassingFilter.class.getName() + ") has the scope 'prototype', but the"
						+ " filter chain is built once and needs a singleton.",
				"Remove the scope, and keep what belongs to one request in the attributes of its exchange.");
	}

	@Test
	void refusesScopedProxies() {
		fails(this.runner.withUserConfiguration(ScopedProxy.class),
				"The middleware 'scoped' (" + HERE + "$PassThrough) has the scope 'custom', but the filter chain is"
						+ " built once and needs a singleton.",
				"Remove the scope, and keep what belongs to one request in the attributes of its exchange.");
	}

	@Test
	void refusesAPathThatIsNoPattern() {
		fails(this.runner.withUserConfiguration(BadPath.class),
				"The 'path' of the middleware 'badPath' (bean method " + HERE + "$BadPath.badPath()) contains '/a/{b',"
						+ " which is not a path pattern: Expected close capture character after variable name }"
						+ " at position 5.",
				"Correct it in @AsyncMiddleware or in the property 'async-middleware.middleware.badPath.path'.");
	}

	@Test
	void writesThePropertiesOfANameWithDotsAsTheyHaveToBe() {
		fails(this.runner.withBean("com.acme.Auth", PassThrough.class)
			.withPropertyValues("async-middleware.middleware[com.acme.Auth].path=/a/{b"),
				"The 'path' of the middleware 'com.acme.Auth' (" + HERE + "$PassThrough) contains '/a/{b',"
						+ " which is not a path pattern: Expected close capture character after variable name }"
						+ " at position 5.",
				"Correct it in @AsyncMiddleware or in the property 'async-middleware.middleware[com.acme.Auth].path'.");
	}

	@Test
	void refusesANameThatIsAPath() {
		fails(this.runner.withBean("/orders/**", PassThrough.class),
				"The name of the middleware '/orders/**' (" + HERE
						+ "$PassThrough) looks like a path, and the value of @AsyncMiddleware is the name of the bean.",
				"Did you mean @AsyncMiddleware(path = \"/orders/**\")?");
	}

	@Test
	void refusesAnExcludedPathThatIsNoPattern() {
		fails(this.runner.withBean("passThrough", PassThrough.class)
			.withPropertyValues("async-middleware.middleware.pass-through.exclude-path=/{a}/{a}"),
				"The 'excludePath' of the middleware 'passThrough' (" + HERE + "$PassThrough) contains '/{a}/{a}',"
						+ " which is not a path pattern: Not allowed to capture 'a' twice in the same pattern"
						+ " at position 5.",
				"Correct it in @AsyncMiddleware or in the property"
						+ " 'async-middleware.middleware.passThrough.exclude-path'.");
	}

	@Test
	void refusesAMethodThatDoesNotExist() {
		fails(this.runner.withBean("passThrough", PassThrough.class)
			.withPropertyValues("async-middleware.middleware.pass-through.method=get"),
				"The middleware 'passThrough' (" + HERE + "$PassThrough) is for the HTTP method 'get', which does"
						+ " not exist. Did you mean 'GET'?",
				"Use one of GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, TRACE, or none for all methods.");
	}

	@Test
	void refusesNamesThatPropertiesCannotTellApart() {
		fails(this.runner.withBean("requestId", PassThrough.class).withBean("request-id", PassThrough.class),
				"The middleware 'request-id' (" + HERE + "$PassThrough) and the middleware 'requestId' (" + HERE
						+ "$PassThrough) have names that properties cannot tell apart.",
				"Rename one of the beans.");
	}

	@Test
	void refusesABeanInThePlaceOfTheFilterOfAMiddleware() {
		fails(this.runner.withBean("stage", Stage.class).withBean("stage.filter", OtherFilter.class),
				"The bean 'stage.filter' (" + HERE + "$OtherFilter) stands in the place of the filter that runs the"
						+ " middleware 'stage' (" + HERE + "$Stage), so that one would not run as it is declared.",
				"Give the bean another name, or let what has replaced the filter leave it as it is.");
	}

	@Test
	void refusesAnOrderBesideADifferentOrderAnnotation() {
		fails(this.runner.withBean("twoOrders", TwoOrders.class),
				"The middleware 'twoOrders' (" + HERE + "$TwoOrders) has two orders: 10 in @AsyncMiddleware and"
						+ " @Order(5).",
				"Keep one of them. To run it elsewhere in one environment, set the property"
						+ " 'async-middleware.middleware.twoOrders.order'.");
	}

	@Test
	void refusesAnOrderBesideADifferentOneOfTheBeanDefinition() {
		fails(this.runner.withBean("ten", Ten.class, Ten::new,
				(definition) -> ((AbstractBeanDefinition) definition)
					.setAttribute(AbstractBeanDefinition.ORDER_ATTRIBUTE, 5)),
				"The middleware 'ten' (" + HERE + "$Ten) has two orders: 10 in @AsyncMiddleware and 5 in the"
						+ " definition of the bean.",
				"Keep one of them. To run it elsewhere in one environment, set the property"
						+ " 'async-middleware.middleware.ten.order'.");
	}

	@Test
	void refusesAnOrderBesideADifferentOrderAnnotationBehindAnInterface() {
		fails(this.runner.withUserConfiguration(HiddenOrder.class),
				"The middleware 'hiddenOrder' (bean method " + HERE + "$HiddenOrder.hiddenOrder()) has two orders: 20"
						+ " in @AsyncMiddleware and @Order(5).",
				"Keep one of them. To run it elsewhere in one environment, set the property"
						+ " 'async-middleware.middleware.hiddenOrder.order'.");
	}

	@Test
	void refusesAnOrderBesideADifferentOneOfTheInstance() {
		fails(this.runner.withBean("ordered", OrderedFive.class),
				"The middleware 'ordered' (" + HERE + "$OrderedFive) has two orders: 10 in @AsyncMiddleware and 5 from"
						+ " getOrder().",
				"Keep one of them. To run it elsewhere in one environment, set the property"
						+ " 'async-middleware.middleware.ordered.order'.");
	}

	@Test
	void refusesOneObjectAsTwoMiddlewares() {
		fails(this.runner.withUserConfiguration(SameObject.class),
				"The beans 'first' and 'second' are the same object (" + HERE
						+ "$PassThrough), but a middleware has one place in the filter chain.",
				"Let each @Bean method make an object of its own, or remove one of the beans.");
	}

	@Test
	void refusesOneObjectAsAMiddlewareAndAForeignFilter() {
		fails(this.runner.withUserConfiguration(SameObjectUnannotated.class),
				"The beans 'middleware' and 'plain' are the same object (" + HERE
						+ "$SameObjectUnannotated$Foreign), but a middleware has one place in the filter chain.",
				"Let each @Bean method make an object of its own, or remove one of the beans.");
	}

	@Test
	void acceptsTheSameOrderTwice() {
		this.runner.withBean("same", SameOrderTwice.class).run((context) -> assertThat(context).hasNotFailed());
	}

	@Test
	void refusesAnOrderThatContradictsBefore() {
		fails(this.runner.withBean("ten", Ten.class).withBean("twenty", TwentyBeforeTen.class),
				"The middleware 'twenty' (" + HERE + "$TwentyBeforeTen, order 20) has to run before the filter 'ten' ("
						+ HERE + "$Ten, order 10), but its own order says otherwise.",
				"Change the order or remove the relation, in @AsyncMiddleware or in the properties"
						+ " 'async-middleware.middleware.twenty.*'.");
	}

	@Test
	void refusesAnOrderThatContradictsAfter() {
		fails(this.runner.withBean("foreign", ForeignAtTwenty.class).withBean("ten", TenAfterForeign.class),
				"The middleware 'ten' (" + HERE + "$TenAfterForeign, order 10) has to run after the filter 'foreign' ("
						+ HERE + "$ForeignAtTwenty, order 20), but its own order says otherwise.",
				"Change the order or remove the relation, in @AsyncMiddleware or in the properties"
						+ " 'async-middleware.middleware.ten.*'.");
	}

	@Test
	void namesTheOrderThatAFilterHasWithoutOneOfItsOwn() {
		fails(this.runner.withBean("nothing", OfNoOrder.class).withBean("ten", TenBeforeOfNoOrder.class),
				"The middleware 'ten' (" + HERE
						+ "$TenBeforeOfNoOrder, order 10) has to run before the filter 'nothing' (" + HERE
						+ "$OfNoOrder, order 0 by default), but its own order says otherwise.",
				"Change the order or remove the relation, in @AsyncMiddleware or in the properties"
						+ " 'async-middleware.middleware.ten.*'.");
	}

	@Test
	void refusesRelationsThatCannotBothHold() {
		fails(this.runner.withBean("ten", Ten.class)
			.withBean("foreign", ForeignAtTwenty.class)
			.withBean("torn", BeforeTenAfterForeign.class),
				"The middleware 'torn' (" + HERE
						+ "$BeforeTenAfterForeign, order 20 by its relations) has to run before the filter 'ten' ("
						+ HERE + "$Ten, order 10), but other relations say otherwise.",
				"Change the order or remove the relation, in @AsyncMiddleware or in the properties"
						+ " 'async-middleware.middleware.torn.*'.");
	}

	@Test
	void refusesEqualOrdersWithRelationsThatContradictEachOther() {
		fails(this.runner.withBean("one", FirstOfEquals.class).withBean("two", AlsoFirstOfEquals.class),
				"The middleware 'one' (" + HERE + "$FirstOfEquals, order 12) has to run before the filter 'two' ("
						+ HERE + "$AlsoFirstOfEquals, order 12), but other relations say otherwise.",
				"Change the order or remove the relation, in @AsyncMiddleware or in the properties"
						+ " 'async-middleware.middleware.one.*'.");
	}

	@Test
	void refusesCycles() {
		fails(this.runner.withBean("a", A.class)
			.withBean("b", B.class)
			.withBean("c", C.class)
			.withBean("aaBehindTheCycle", BehindA.class),
				"The 'before' and 'after' of middlewares contradict each other: 'a' (" + HERE + "$A) > 'b' (" + HERE
						+ "$B) > 'c' (" + HERE + "$C) > 'a' (" + HERE + "$A).",
				"Remove one of the relations, or give one of the middlewares an order instead.");
	}

	@Test
	void refusesAClassNameThatCannotBeLoaded() {
		fails(this.runner.withBean("passThrough", PassThrough.class)
			.withPropertyValues("async-middleware.middleware.pass-through.before=com.acme.Missing"),
				"The property 'async-middleware.middleware.passThrough.before' names the class 'com.acme.Missing',"
						+ " which cannot be loaded.",
				"Give the full name of the class of a filter, or remove the entry.");
	}

	@Test
	void refusesAHandlerDecoratedByWhatComesBehindTheMiddlewares() {
		try (GenericApplicationContext parent = new GenericApplicationContext()) {
			parent.registerBean("late", LateDecorator.class);
			parent.refresh();
			fails(this.runner.withParent(parent)
				.withBean("early", LateDecorator.class)
				.withBean("passThrough", PassThrough.class),
					"The filter chain with the middleware 'passThrough' cannot be built, since the handler of the"
							+ " application is no longer the one of WebHttpHandlerBuilder but a lambda of " + HERE
							+ "$LateDecorator. It was decorated by what comes last among the beans of type"
							+ " HttpHandlerDecoratorFactory: 'late' (" + HERE + "$LateDecorator, order 2147483647).",
					"Let it come before the bean 'asyncMiddlewareHttpHandlerFactory', with an order below"
							+ " Ordered.LOWEST_PRECEDENCE: put @Order(0), for example, on its class or @Bean method.");
		}
	}

	@Test
	void refusesAHandlerDecoratedByTheBuilder() {
		fails(this.runner.withUserConfiguration(DecoratedByTheBuilder.class)
			.withBean("ten", Ten.class)
			.withBean("passThrough", PassThrough.class)
			.withPropertyValues("async-middleware.middleware.ten.on-failure=skip",
					"async-middleware.middleware.pass-through.enabled=false"),
				DECORATED_BY_THE_BUILDER.formatted("middlewares 'passThrough' (disabled), 'ten'"),
				"Decorate the handler with a bean of type HttpHandlerDecoratorFactory instead.");
	}

	@Test
	void refusesAHandlerWithWhichMiddlewaresThatAreSwitchedOffWouldRun() {
		fails(this.runner.withUserConfiguration(DecoratedByTheBuilder.class)
			.withBean("ten", Ten.class)
			.withBean("hooks", Hooks.class)
			.withPropertyValues("async-middleware.enabled=false"),
				DECORATED_BY_THE_BUILDER.formatted("middleware 'ten' (disabled)"),
				"Decorate the handler with a bean of type HttpHandlerDecoratorFactory instead.");
	}

	@Test
	void refusesAHandlerThatWasBuiltWithoutTheFilters() {
		fails(this.runner.withBean("ten", Ten.class).withBean("own", HttpHandler.class, () -> new NoFilters()),
				"The middleware 'ten' would never run, since the bean 'own' (" + HERE
						+ "$NoFilters) handles the requests, and was not built by a WebHttpHandlerBuilder that"
						+ " has asked for them.",
				"Build it with WebHttpHandlerBuilder.applicationContext(context).build(), or remove it: Spring Boot makes one.");
		this.runner.withBean("own", HttpHandler.class, () -> new NoFilters())
			.run((context) -> assertThat(context).hasNotFailed());
	}

	@Test
	void acceptsAHandlerOfTheApplicationThatWasBuiltWithTheFilters() {
		this.runner.withBean("ten", Ten.class)
			.withUserConfiguration(OwnHandler.class)
			.run((context) -> assertThat(context).hasNotFailed());
	}

	@Test
	void refusesAMiddlewareOfAParentContextWhoseDefinitionHidesIt() {
		try (GenericApplicationContext parent = new GenericApplicationContext()) {
			parent.registerBean("inParent", WebFilter.class, PassThrough::new,
					(definition) -> definition.setLazyInit(true));
			parent.refresh();
			fails(this.runner.withParent(parent),
					"The class of the bean 'inParent' (" + HERE
							+ "$PassThrough) is annotated with @AsyncMiddleware, but"
							+ " the definition of the bean does not show its class.",
					"Declare PassThrough as the return type of its @Bean method, or put @AsyncMiddleware on the method.");
		}
	}

	@Test
	void failsAtStartUpWhereEverythingElseIsLazy() {
		BeanFactoryPostProcessor lazy = new LazyInitializationBeanFactoryPostProcessor();
		ReactiveWebApplicationContextRunner lazyRunner = this.runner
			.withInitializer((context) -> context.addBeanFactoryPostProcessor(lazy));
		lazyRunner.withBean("twoOrders", TwoOrders.class).run((context) -> assertThat(context).hasFailed());
		lazyRunner.withBean("ordered", OrderedFive.class).run((context) -> assertThat(context).hasFailed());
		lazyRunner.withUserConfiguration(BadPath.class).run((context) -> assertThat(context).hasFailed());
		lazyRunner.withBean("a", A.class)
			.withBean("b", B.class)
			.withBean("c", C.class)
			.run((context) -> assertThat(context).hasFailed());
		lazyRunner.withBean("passThrough", PassThrough.class)
			.withPropertyValues("async-middleware.middleware.pas-through.order=1")
			.run((context) -> assertThat(context).hasFailed());
		lazyRunner.withPropertyValues("async-middleware.enable=true").run((context) -> assertThat(context).hasFailed());
		lazyRunner.withBean("passThrough", PassThrough.class).run((context) -> assertThat(context).hasNotFailed());
	}

	@Test
	void createsNoFactoryBeanEarly() {
		this.runner.withUserConfiguration(RawFactory.class)
			.run((context) -> assertThat(context.getBean(RawFactory.Witness.class).createdEarly).isFalse());
	}

	@Test
	void acceptsAFactoryBeanThatIsAnnotated() {
		this.runner.withBean("fromFactory", AnnotatedFactory.class)
			.run((context) -> assertThat(MiddlewareRunner.middleware(context, "fromFactory").order()).isEqualTo(15));
	}

	@Test
	void printsTheAnalysisOfAnApplicationThatDoesNotStart(CapturedOutput output) {
		assertThatExceptionOfType(InvalidMiddlewareException.class).isThrownBy(() -> SpringApplication
			.run(Application.class, "--server.port=0", "--spring.main.web-application-type=reactive"));
		assertThat(output.getAll()).contains(
				"""
						***************************
						APPLICATION FAILED TO START
						***************************

						Description:

						The bean 'noFilter' (%s$NoFilter) is annotated with @AsyncMiddleware, but it is neither a WebFilter nor a HandlerFilterFunction nor a bean with @OnRequest or @OnResponse methods.

						Action:

						Let it implement"""
					.formatted(HERE));
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

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class Application {

		@Bean
		NoFilter noFilter() {
			return new NoFilter();
		}

	}

	@AsyncMiddleware(order = 12, before = AlsoFirstOfEquals.class)
	static class FirstOfEquals extends PassThrough {

	}

	@AsyncMiddleware(order = 12, before = FirstOfEquals.class)
	static class AlsoFirstOfEquals extends PassThrough {

	}

	@AsyncMiddleware(order = 12, after = AlsoBehindItsEqual.class)
	static class BehindItsEqual extends PassThrough {

	}

	@AsyncMiddleware(order = 12, after = BehindItsEqual.class)
	static class AlsoBehindItsEqual extends PassThrough {

	}

	@AsyncMiddleware
	static class TwoStyles extends PassThrough {

		@OnRequest
		void before() {
		}

	}

	@AsyncMiddleware
	static class AwaitsEntity implements HandlerFilterFunction<EntityResponse<String>, ServerResponse> {

		@Override
		public Mono<ServerResponse> filter(ServerRequest request, HandlerFunction<EntityResponse<String>> next) {
			return next.handle(request).cast(ServerResponse.class);
		}

	}

	@AsyncMiddleware(concurrent = true)
	static class ConcurrentResponseHook {

		@OnResponse
		void after() {
		}

	}

	@AsyncMiddleware(concurrent = true)
	static class ConcurrentChange {

		@OnRequest
		Mono<ServerWebExchange> change() {
			return Mono.empty();
		}

	}

	@AsyncMiddleware
	static class StringHook {

		@OnRequest
		String answer() {
			return "no";
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class HiddenFilter {

		@Bean
		@AsyncMiddleware
		Object hidden() {
			return new PassThrough();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class HiddenAnnotation {

		@Bean
		WebFilter hidden() {
			return new PassThrough();
		}

	}

	/** Tells nothing of what its classes do. */
	interface Marker {

	}

	/** Tells of one of two hooks. */
	interface Stamping {

		@OnRequest(blocking = false)
		void stamp(ServerHttpResponse response);

	}

	@AsyncMiddleware
	static class AnnotatedHooks implements Marker {

		@OnRequest
		void before() {
		}

	}

	static class PlainHooks implements Marker {

		@OnRequest
		void before() {
		}

	}

	@AsyncMiddleware
	static class AnnotatedFunction implements HandlerFilterFunction<ServerResponse, ServerResponse> {

		@Override
		public Mono<ServerResponse> filter(ServerRequest request, HandlerFunction<ServerResponse> next) {
			return next.handle(request);
		}

	}

	static class TwoStamps implements Stamping {

		@Override
		public void stamp(ServerHttpResponse response) {
			response.getHeaders().add("X-Ran", "interface");
		}

		@OnResponse
		void after(ServerHttpResponse response) {
			response.getHeaders().add("X-Ran", "class");
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class HiddenHooks {

		@Bean
		Marker hidden() {
			return new AnnotatedHooks();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class HiddenPlainHooks {

		@Bean
		Marker hidden() {
			return new PlainHooks();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class HiddenFunction {

		@Bean
		HandlerFilterFunction<ServerResponse, ServerResponse> hidden() {
			return new AnnotatedFunction();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class AnnotatedInterfaceMethod {

		@Bean
		@AsyncMiddleware
		Marker hidden() {
			return new PlainHooks();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class FilterWithHooks {

		@Bean
		@AsyncMiddleware
		WebFilter both() {
			return new TwoStyles();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class InterfaceWithHooks {

		@Bean
		@AsyncMiddleware
		Stamping stamps() {
			return new TwoStamps();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class HiddenOrder {

		@Bean
		@AsyncMiddleware(order = 20)
		WebFilter hiddenOrder() {
			return new TwoOrders();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class SameObject {

		private final PassThrough shared = new PassThrough();

		@Bean
		@AsyncMiddleware
		WebFilter first() {
			return this.shared;
		}

		@Bean
		@AsyncMiddleware(path = "/second")
		WebFilter second() {
			return this.shared;
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class SameObjectUnannotated {

		private final Foreign shared = new Foreign();

		@Bean
		@AsyncMiddleware
		WebFilter middleware() {
			return this.shared;
		}

		@Bean
		WebFilter plain() {
			return this.shared;
		}

		static class Foreign extends PassingFilter {

		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Prototype {

		@Bean
		@Scope("prototype")
		PassThrough prototype() {
			return new PassThrough();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class ScopedProxy {

		@Bean
		@Scope(scopeName = "custom", proxyMode = ScopedProxyMode.TARGET_CLASS)
		PassThrough scoped() {
			return new PassThrough();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class MakesMany {

		@Bean
		@AsyncMiddleware
		FactoryBean<PassingFilter> many() {
			return new FactoryBean<>() {

				@Override
				public PassingFilter getObject() {
					return new PassingFilter();
				}

				@Override
				public Class<?> getObjectType() {
					return PassingFilter.class;
				}

				@Override
				public boolean isSingleton() {
					return false;
				}

			};
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class BadPath {

		@Bean
		@AsyncMiddleware(path = { "/ok", "/a/{b" })
		WebFilter badPath() {
			return new Ten();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class RawFactory {

		@Bean
		static Witness witness() {
			return new Witness();
		}

		@Bean
		@SuppressWarnings("rawtypes")
		static FactoryBean raw(Witness witness) {
			witness.createdEarly = !witness.ready;
			return new PlainFactory();
		}

		static class Witness implements BeanPostProcessor {

			private boolean ready;

			private boolean createdEarly;

			@Override
			public Object postProcessBeforeInitialization(Object bean, String beanName) {
				this.ready = true;
				return bean;
			}

		}

	}

	@Configuration(proxyBeanMethods = false)
	static class HiddenFactory {

		@Bean
		FactoryBean<WebFilter> hidden() {
			return new AnnotatedFactory();
		}

	}

	static class PlainFactory implements FactoryBean<WebFilter> {

		@Override
		public WebFilter getObject() {
			return (exchange, chain) -> chain.filter(exchange);
		}

		@Override
		public Class<?> getObjectType() {
			return WebFilter.class;
		}

	}

	@AsyncMiddleware(order = 15)
	static class AnnotatedFactory implements FactoryBean<WebFilter> {

		@Override
		public WebFilter getObject() {
			return (exchange, chain) -> chain.filter(exchange);
		}

		@Override
		public Class<?> getObjectType() {
			return WebFilter.class;
		}

	}

	static class LateDecorator implements HttpHandlerDecoratorFactory {

		@Override
		public HttpHandler apply(HttpHandler handler) {
			return (request, response) -> handler.handle(request, response);
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class DecoratedByTheBuilder {

		@Bean
		WebHttpHandlerBuilderCustomizer logging() {
			return (builder) -> builder.httpHandlerDecorator(new LateDecorator());
		}

	}

	@AsyncMiddleware
	static class Hooks {

		@OnRequest(blocking = false)
		void onRequest() {
		}

	}

	@AsyncMiddleware
	static class NoFilter {

	}

	@AsyncMiddleware
	static class PassThrough extends PassingFilter {

	}

	static class NoFilters implements HttpHandler {

		@Override
		public Mono<Void> handle(ServerHttpRequest request, ServerHttpResponse response) {
			return response.setComplete();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class OwnHandler {

		@Bean
		HttpHandler own(ApplicationContext context) {
			return WebHttpHandlerBuilder.applicationContext(context).build();
		}

	}

	@AsyncMiddleware(order = 10)
	static class Ten extends PassThrough {

	}

	@Order(20)
	static class ForeignAtTwenty extends PassingFilter {

	}

	@AsyncMiddleware
	static class Stage {

		@OnResponse
		void after() {
		}

	}

	static class OtherFilter extends PassingFilter {

	}

	@AsyncMiddleware(order = 10)
	@Order(5)
	static class TwoOrders extends PassThrough {

	}

	@AsyncMiddleware(order = 5)
	@Order(5)
	static class SameOrderTwice extends PassThrough {

	}

	@AsyncMiddleware(order = 10)
	static class OrderedFive extends PassThrough implements Ordered {

		@Override
		public int getOrder() {
			return 5;
		}

	}

	@AsyncMiddleware(order = 20, before = Ten.class)
	static class TwentyBeforeTen extends PassThrough {

	}

	@AsyncMiddleware(order = 10, after = ForeignAtTwenty.class)
	static class TenAfterForeign extends PassThrough {

	}

	@AsyncMiddleware
	static class OfNoOrder extends PassThrough {

	}

	@AsyncMiddleware(order = 10, before = OfNoOrder.class)
	static class TenBeforeOfNoOrder extends PassThrough {

	}

	@AsyncMiddleware(before = Ten.class, after = ForeignAtTwenty.class)
	static class BeforeTenAfterForeign extends PassThrough {

	}

	@AsyncMiddleware(before = B.class)
	static class A extends PassThrough {

	}

	@AsyncMiddleware(before = C.class)
	static class B extends PassThrough {

	}

	@AsyncMiddleware(before = A.class)
	static class C extends PassThrough {

	}

	@AsyncMiddleware(after = A.class)
	static class BehindA extends PassThrough {

	}

}
