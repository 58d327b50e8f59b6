package io.github.asyncmiddleware.test;

import java.security.Principal;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.internal.record.Ticker;
import io.github.asyncmiddleware.internal.run.Guards;
import io.github.asyncmiddleware.internal.sample.RequestListener;
import reactor.core.publisher.Mono;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.beans.factory.config.InstantiationAwareBeanPostProcessor;
import org.springframework.beans.factory.support.BeanDefinitionRegistry;
import org.springframework.beans.factory.support.BeanDefinitionRegistryPostProcessor;
import org.springframework.boot.task.ThreadPoolTaskExecutorBuilder;
import org.springframework.boot.web.context.reactive.AnnotationConfigReactiveWebApplicationContext;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.Ordered;
import org.springframework.core.env.MapPropertySource;
import org.springframework.http.server.reactive.HttpHandler;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.util.ClassUtils;
import org.springframework.web.reactive.config.WebFluxConfigurer;
import org.springframework.web.reactive.result.method.HandlerMethodArgumentResolver;
import org.springframework.web.reactive.result.method.annotation.ArgumentResolverConfigurer;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;
import org.springframework.web.server.WebHandler;
import org.springframework.web.server.adapter.HttpWebHandlerAdapter;
import org.springframework.web.server.adapter.WebHttpHandlerBuilder;

/**
 * An application without a server that consists of the middlewares of a tester. Belongs
 * to one thread that tests. Needs no closing: it keeps no thread that does not end by
 * itself.
 */
final class TestEngine {

	private final VirtualClock clock = new VirtualClock();

	private final EngineObserver observer = new EngineObserver(this.clock);

	private final Setup setup;

	private final Map<String, Class<?>> middlewares = new LinkedHashMap<>();

	private final HttpHandler handler;

	private volatile EventLoop eventLoop;

	/**
	 * Start the application.
	 * @param setup what it consists of
	 * @throws MiddlewareStartException if it does not start
	 */
	TestEngine(Setup setup) {
		setup.checkNames();
		this.setup = setup;
		this.eventLoop = new EventLoop(!setup.blockingAllowed);
		AnnotationConfigReactiveWebApplicationContext context = new AnnotationConfigReactiveWebApplicationContext();
		context.setAllowBeanDefinitionOverriding(false);
		context.setParent(WebFluxInfrastructure.context());
		context.getEnvironment()
			.getPropertySources()
			.addFirst(new MapPropertySource("middlewareTester", setup.properties));
		BootValues.applyTo(context);
		register(context);
		this.handler = start(context);
		for (String name : context.getBeanNamesForAnnotation(AsyncMiddleware.class)) {
			this.middlewares.put(name, ClassUtils.getUserClass(context.getBean(name)));
		}
		setup.checkNames(this.middlewares.keySet());
	}

	private void register(AnnotationConfigReactiveWebApplicationContext context) {
		this.setup.beans.forEach((bean) -> context.registerBeanDefinition(bean.name(), bean.toDefinition()));
		context.registerBean("middlewareTesterMiddlewares", Unconditional.class,
				() -> new Unconditional(this.setup.beans));
		this.setup.configurations.forEach(context::register);
		EngineDefinitions.registerWith(context);
		context.registerBean(WebHttpHandlerBuilder.WEB_HANDLER_BEAN_NAME, WebHandler.class, () -> this::handle);
		context.registerBean("middlewareTesterListener", RequestListener.class, () -> this.observer);
		Principal principal = this.setup.principal;
		if (principal != null) {
			context.registerBean("middlewareTesterPrincipal", WebFilter.class, () -> new PrincipalFilter(principal));
		}
		context.registerBean("middlewareTesterResolvers", WebFluxConfigurer.class,
				() -> new Resolvers(context.getBeanProvider(HandlerMethodArgumentResolver.class)));
		context.registerBean("middlewareTesterExecutors", ThreadPoolTaskExecutorBuilder.class, TestEngine::executors,
				(definition) -> definition.setFallback(true));
		context.getBeanFactory().addBeanPostProcessor(new Seams(this.observer, this.clock));
		context.getBeanFactory().addBeanPostProcessor(new Instances(this.setup.beans));
	}

	/**
	 * For blocking work. A test run has many engines, each with its own threads, and
	 * nothing closes them.
	 */
	private static ThreadPoolTaskExecutorBuilder executors() {
		return new ThreadPoolTaskExecutorBuilder().customizers((executor) -> executor.setKeepAliveSeconds(1));
	}

	private static HttpHandler start(ConfigurableApplicationContext context) {
		try {
			context.refresh();
			return WebHttpHandlerBuilder.applicationContext(context).build();
		}
		catch (RuntimeException ex) {
			throw StartFailures.analyze(ex, context);
		}
	}

	/**
	 * As most handlers do, this one never completes before the middlewares have returned,
	 * so that one which does not wait for it is found out.
	 */
	private Mono<Void> handle(ServerWebExchange exchange) {
		return this.eventLoop.later(Mono.defer(() -> {
			this.observer.handlerCalled(exchange);
			return this.setup.handler.handle(exchange);
		}).doOnError(AssertionError.class, (error) -> this.observer.handlerAsserted(exchange, error)));
	}

	/**
	 * The middlewares there are.
	 * @return their classes by their names
	 */
	Map<String, Class<?>> middlewares() {
		return this.middlewares;
	}

	/**
	 * Begin a request, and wait until the thread that has begun it has left it.
	 */
	TestedExchange start(MockServerHttpRequest request) {
		TestedExchange exchange = new TestedExchange(request);
		this.observer.begin(exchange);
		if (this.handler.getClass() == HttpWebHandlerAdapter.class) {
			exchange.unobserved();
		}
		runOnEventLoop(() -> exchange.subscribeTo(this.handler, this.setup.context), exchange);
		return exchange;
	}

	/**
	 * Let time pass for all requests of this engine.
	 */
	void advance(Duration duration, TestedExchange exchange) {
		runOnEventLoop(() -> this.clock.advance(duration), exchange);
	}

	/**
	 * Let the client leave.
	 */
	void cancel(TestedExchange exchange) {
		runOnEventLoop(exchange::cancel, exchange);
	}

	private void runOnEventLoop(Runnable task, TestedExchange exchange) {
		await(this.eventLoop.run(task), exchange);
	}

	/**
	 * Wait for something to happen to an exchange.
	 * @param event counted down when it has
	 * @param exchange the exchange
	 * @throws AssertionError if it does not happen in time, if a middleware blocks a
	 * thread, or if an assertion of the handler has failed
	 */
	void await(CountDownLatch event, TestedExchange exchange) {
		BlockingCheck check = new BlockingCheck(this.observer.activities(), exchange, !this.setup.blockingAllowed);
		boolean happened = false;
		try {
			happened = check.await(event, this.setup.timeLimit);
			if (!happened) {
				exchange.throwAssertion();
				throw new AssertionError(TimeLimits.describe(exchange, this.setup.timeLimit));
			}
		}
		finally {
			if (!happened) {
				giveUp(exchange);
			}
		}
	}

	/**
	 * The thread may be blocked for ever, so the client leaves on this one. Without that,
	 * the request could go on in the time of the next tests, and be taken for theirs.
	 */
	private void giveUp(TestedExchange exchange) {
		exchange.cancel();
		this.eventLoop.close();
		this.eventLoop = new EventLoop(!this.setup.blockingAllowed);
		ended(exchange);
	}

	/**
	 * Forget an exchange that has ended.
	 */
	void ended(TestedExchange exchange) {
		this.observer.end(exchange);
	}

	/**
	 * Gives the engine the clock of the test, and guards that report to it.
	 */
	private static final class Seams implements BeanPostProcessor {

		private final EngineObserver observer;

		private final VirtualClock clock;

		Seams(EngineObserver observer, VirtualClock clock) {
			this.observer = observer;
			this.clock = clock;
		}

		@Override
		public Object postProcessAfterInitialization(Object bean, String beanName) {
			if (bean instanceof Guards guards) {
				return this.observer.observe(guards);
			}
			return (bean instanceof Ticker) ? this.clock : bean;
		}

	}

	/**
	 * Registers once more what a condition on its class has taken away: a test has made
	 * it to be tested.
	 *
	 * @param beans what the test has made
	 */
	private record Unconditional(List<MiddlewareBean> beans) implements BeanDefinitionRegistryPostProcessor {

		@Override
		public void postProcessBeanDefinitionRegistry(BeanDefinitionRegistry registry) {
			for (MiddlewareBean bean : this.beans) {
				if (!registry.containsBeanDefinition(bean.name())) {
					registry.registerBeanDefinition(bean.name(), bean.toDefinition());
				}
			}
		}

	}

	/**
	 * Hands on the argument resolvers that are beans, as Spring Boot does.
	 *
	 * @param resolvers the beans
	 */
	private record Resolvers(ObjectProvider<HandlerMethodArgumentResolver> resolvers) implements WebFluxConfigurer {

		@Override
		public void configureArgumentResolvers(ArgumentResolverConfigurer configurer) {
			this.resolvers.orderedStream().forEach(configurer::addCustomResolver);
		}

	}

	/**
	 * Keeps what a test has made itself from being injected: it has its stubs.
	 *
	 * @param beans what the test has made
	 */
	private record Instances(List<MiddlewareBean> beans) implements InstantiationAwareBeanPostProcessor {

		@Override
		public boolean postProcessAfterInstantiation(Object bean, String beanName) {
			return this.beans.stream().noneMatch((instance) -> instance.bean() == bean);
		}

	}

	/**
	 * Logs a user in, in front of all other filters.
	 */
	private static final class PrincipalFilter implements WebFilter, Ordered {

		private final Principal principal;

		PrincipalFilter(Principal principal) {
			this.principal = principal;
		}

		@Override
		public int getOrder() {
			return HIGHEST_PRECEDENCE;
		}

		@Override
		public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
			return chain.filter(exchange.mutate().principal(Mono.just(this.principal)).build());
		}

	}

}
