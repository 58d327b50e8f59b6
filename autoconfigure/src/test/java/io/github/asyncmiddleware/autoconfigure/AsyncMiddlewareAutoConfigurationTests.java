package io.github.asyncmiddleware.autoconfigure;

import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.LiveResponse;
import io.github.asyncmiddleware.OnResponse;
import io.github.asyncmiddleware.internal.boundary.MiddlewareHttpHandlerFactory;
import io.github.asyncmiddleware.internal.chain.Middleware;
import io.github.asyncmiddleware.internal.record.RequestRecord;
import io.github.asyncmiddleware.internal.record.RequestResult;
import io.github.asyncmiddleware.internal.sample.RequestListener;
import io.github.asyncmiddleware.internal.sample.SampleBuffers;
import io.github.asyncmiddleware.internal.sample.SampleListener;
import io.github.asyncmiddleware.testsupport.PassingFilter;
import io.github.asyncmiddleware.testsupport.WireServer;
import io.github.asyncmiddleware.testsupport.boot.LogCapture;
import org.aopalliance.intercept.MethodInterceptor;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

import org.springframework.aop.Advisor;
import org.springframework.aop.framework.autoproxy.DefaultAdvisorAutoProxyCreator;
import org.springframework.aop.support.DefaultPointcutAdvisor;
import org.springframework.aop.support.NameMatchMethodPointcut;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.boot.actuate.endpoint.web.PathMappedEndpoints;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.context.runner.ReactiveWebApplicationContextRunner;
import org.springframework.boot.webflux.autoconfigure.WebHttpHandlerBuilderCustomizer;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.ImportSelector;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.core.type.AnnotationMetadata;
import org.springframework.http.server.reactive.HttpHandler;
import org.springframework.http.server.reactive.HttpHandlerDecoratorFactory;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.web.reactive.function.server.HandlerFilterFunction;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebHandler;
import org.springframework.web.server.adapter.HttpWebHandlerAdapter;
import org.springframework.web.server.adapter.WebHttpHandlerBuilder;
import org.springframework.web.server.handler.ExceptionHandlingWebHandler;
import org.springframework.web.server.handler.FilteringWebHandler;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link AsyncMiddlewareAutoConfiguration}.
 */
class AsyncMiddlewareAutoConfigurationTests {

	private final ReactiveWebApplicationContextRunner runner = MiddlewareRunner.create();

	@Test
	void leavesTheHandlerOfSpringAloneWithoutMiddlewares() {
		this.runner.withUserConfiguration(Foreign.class, Listener.class)
			.run((context) -> assertThat(filtersOf(context.getBean(HttpHandler.class)))
				.containsExactly(context.getBean("foreign", WebFilter.class)));
	}

	@Test
	void buildsTheHandlerAnewWithoutMiddlewaresThatAreSwitchedOff() {
		this.runner.withUserConfiguration(Foreign.class, One.class, Listener.class)
			.withPropertyValues("async-middleware.enabled=false")
			.run((context) -> {
				assertThat(MiddlewareRunner.ran(context, "/")).containsExactly("foreign");
				assertThat(WebHttpHandlerBuilder.applicationContext(context).build())
					.isExactlyInstanceOf(HttpWebHandlerAdapter.class);
				assertThat(context.getBean(Listener.class).results).isEmpty();
			});
	}

	@Test
	void tellsListeners() {
		this.runner.withUserConfiguration(One.class, Listener.class).run((context) -> {
			MiddlewareRunner.ran(context, "/");
			// The client has its response before the request has ended
			Awaitility.await()
				.atMost(Duration.ofSeconds(30))
				.until(() -> context.getBean(Listener.class).results,
						(results) -> results.equals(List.of(RequestResult.ERROR_PAGE)));
		});
	}

	@Test
	void readsBeanMethodsOfConfigurationsThatAreOnlyKnownByName() {
		this.runner.withUserConfiguration(ImportedByName.class).run((context) -> {
			assertThat(MiddlewareRunner.chainOf(context)).containsExactly("byName");
			assertThat(MiddlewareRunner.middleware(context, "byName").order()).isEqualTo(33);
			assertThat(MiddlewareRunner.middleware(context, "byName").type()).isEqualTo(OnlyKnownByName.class);
		});
	}

	@Test
	void worksBesideOtherDecorators() {
		this.runner.withUserConfiguration(One.class, Decorators.class).run((context) -> {
			assertThat(MiddlewareRunner.ran(context, "/")).containsExactly("first", "second", "one");
			assertThat(WebHttpHandlerBuilder.applicationContext(context).build()).isInstanceOf(Decorated.class);
		});
	}

	@Test
	void worksBesideDecoratorsOfLaterAutoConfigurations() {
		this.runner.withUserConfiguration(One.class, Scoped.class)
			.withConfiguration(AutoConfigurations.of(LaterDecorators.class))
			.withInitializer((context) -> context.addBeanFactoryPostProcessor(
					(beanFactory) -> ((GenericApplicationContext) context).registerBean("lastOfAll",
							HttpHandlerDecoratorFactory.class, () -> Decorators.decorator("lastOfAll"))))
			.run((context) -> {
				assertThat(MiddlewareRunner.ran(context, "/")).containsExactlyInAnyOrder("later", "latest", "lastOfAll",
						"one");
				assertThat(MiddlewareRunner.ran(context, "/api/x")).containsExactlyInAnyOrder("later", "latest",
						"lastOfAll", "one", "scoped");
			});
	}

	@Test
	void leavesAHandlerThatItDoesNotKnowAloneWithoutMiddlewares() {
		this.runner.withUserConfiguration(Foreign.class, DecoratedByTheBuilder.class)
			.run((context) -> assertThat(MiddlewareRunner.ran(context, "/")).containsExactly("foreign"));
	}

	@Test
	void keepsWhatWrapsFiltersAwayFromThoseThatRunMiddlewares() {
		this.runner.withUserConfiguration(One.class, OtherStyles.class, Wrapping.class).run((context) -> {
			assertThat(MiddlewareRunner.ran(context, "/")).containsExactly("wrapper", "one");
			assertThat(MiddlewareRunner.ran(context, "/api/x")).containsExactly("wrapper", "one", "await", "hooks");
			assertThat(context.getBean(MiddlewareChain.class).entries()).hasOnlyElementsOfType(Middleware.class);
		});
	}

	@Test
	void keepsAspectsForFiltersAwayFromThoseThatRunMiddlewares() {
		this.runner.withUserConfiguration(OtherStyles.class, Aspects.class)
			.withBean("class", ClassMiddleware.class)
			.run((context) -> {
				assertThat(MiddlewareRunner.ran(context, "/")).containsExactly("aspect");
				assertThat(MiddlewareRunner.ran(context, "/api/x")).containsExactly("aspect", "await", "hooks");
			});
	}

	@Test
	void worksWithoutActuator() {
		this.runner.withUserConfiguration(One.class)
			.withPropertyValues("async-middleware.skip-management=true")
			.withClassLoader(new FilteredClassLoader(PathMappedEndpoints.class.getPackageName(),
					"org.springframework.boot.actuate.autoconfigure"))
			.run((context) -> assertThat(MiddlewareRunner.ran(context, "/")).containsExactly("one"));
	}

	@Test
	void worksWithoutMicrometer() {
		this.runner.withUserConfiguration(One.class)
			.withClassLoader(new FilteredClassLoader("io.micrometer.core"))
			.run((context) -> assertThat(MiddlewareRunner.ran(context, "/")).containsExactly("one"));
	}

	@Test
	void backsOffWithoutWebFlux() {
		this.runner.withClassLoader(new FilteredClassLoader("org.springframework.web.reactive"))
			.run((context) -> assertThat(context).doesNotHaveBean(MiddlewareHttpHandlerFactory.class));
	}

	@Test
	void backsOffWithoutAReactiveWebApplication() {
		new ApplicationContextRunner().withUserConfiguration(AsyncMiddlewareAutoConfiguration.class)
			.run((context) -> assertThat(context).doesNotHaveBean(MiddlewareHttpHandlerFactory.class));
	}

	@Test
	void keepsTheSamplesOfAllItsHandlersInOnePlace() {
		this.runner.withUserConfiguration(One.class, Samples.class).run((context) -> {
			WeakReference<HttpHandler> dropped = new WeakReference<>(
					WebHttpHandlerBuilder.applicationContext(context).build());
			for (int i = 0; i < 2_000; i++) {
				WebHttpHandlerBuilder.applicationContext(context).build();
			}
			assertThat(context.getBean(Samples.class).sources).hasSize(1);
			Awaitility.await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> {
				System.gc();
				assertThat(dropped.get()).isNull();
			});
		});
	}

	@Test
	void countsTheSamplesOfAllItsHandlers() {
		this.runner.withUserConfiguration(One.class, Samples.class).run((context) -> {
			MiddlewareRunner.ran(context, "/");
			MiddlewareRunner.ran(context, "/");
			context.getBean(MiddlewareHttpHandlerFactory.class).close();
			MiddlewareRunner.ran(context, "/");
			// For each request the time of the application and two of the middleware
			assertThat(context.getBean(Samples.class).samples).hasValue(9);
		});
	}

	@Test
	void leavesNothingBehindWhenContextsAreRestarted() {
		Set<Thread> threads = Thread.getAllStackTraces().keySet();
		List<WeakReference<ApplicationContext>> contexts = new ArrayList<>();
		ReactiveWebApplicationContextRunner restarted = this.runner.withUserConfiguration(One.class, Listener.class);
		for (int i = 0; i < 50; i++) {
			restarted.run((context) -> {
				MiddlewareRunner.ran(context, "/");
				contexts.add(new WeakReference<>(context.getSourceApplicationContext()));
			});
		}
		Awaitility.await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> {
			System.gc();
			assertThat(contexts).allMatch((context) -> context.get() == null);
			assertThat(Thread.getAllStackTraces()
				.keySet()
				.stream()
				.filter((thread) -> !threads.contains(thread))
				.map(Thread::getName)
				.collect(Collectors.toSet())).noneMatch((name) -> name.contains("middleware"));
		});
	}

	@Test
	void logsOncePerMinuteThatAResponseHookFailsWhereTheApplicationRunsTheFilters() {
		this.runner.withBean("fails", FailsBeforeTheHead.class).run((context) -> {
			List<WebFilter> filters = context.getBeanProvider(WebFilter.class).orderedStream().toList();
			WebHandler filtering = new FilteringWebHandler((exchange) -> exchange.getResponse().setComplete(), filters);
			try (WireServer server = new WireServer(new HttpWebHandlerAdapter(filtering));
					LogCapture log = LogCapture.ofOurs()) {
				for (int i = 0; i < 3; i++) {
					assertThat(server.exchange("GET /")).startsWith("HTTP/1.1 200 ");
				}
				assertThat(log.lines()).singleElement()
					.asString()
					.matches("WARN io\\.github\\.asyncmiddleware\\.failure: \\[.+] \\[response_hook_failed] "
							+ "The middleware 'fails' \\(.+FailsBeforeTheHead\\) failed before the head of the response, "
							+ "which went out without it: .+no user .+forged.+See .+#response_hook_failed")
					.hasSizeLessThan(800);
			}
		});
	}

	private static List<WebFilter> filtersOf(HttpHandler handler) {
		assertThat(handler.getClass()).isEqualTo(HttpWebHandlerAdapter.class);
		Object exceptionHandling = ((HttpWebHandlerAdapter) handler).getDelegate();
		assertThat(exceptionHandling.getClass()).isEqualTo(ExceptionHandlingWebHandler.class);
		Object filtering = ((ExceptionHandlingWebHandler) exceptionHandling).getDelegate();
		assertThat(filtering.getClass()).isEqualTo(FilteringWebHandler.class);
		return ((FilteringWebHandler) filtering).getFilters();
	}

	@AsyncMiddleware
	static class FailsBeforeTheHead {

		@OnResponse
		void stamp() {
			throw new IllegalStateException("no user a\r\n2026-01-01 INFO forged" + "x".repeat(10_000));
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Foreign {

		@Bean
		WebFilter foreign() {
			return MiddlewareRunner.tracing("foreign");
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class One {

		@Bean
		@AsyncMiddleware
		WebFilter one() {
			return MiddlewareRunner.tracing("one");
		}

	}

	@Configuration(proxyBeanMethods = false)
	@Import(Hooks.class)
	static class OtherStyles {

		@Bean
		@AsyncMiddleware(order = 20, path = "/api/**")
		HandlerFilterFunction<LiveResponse, ServerResponse> await() {
			return (request, next) -> {
				request.exchange().getResponse().getHeaders().add("X-Ran", "await");
				return next.handle(request).cast(ServerResponse.class);
			};
		}

	}

	@AsyncMiddleware(order = 10, path = "/api/**")
	static class Hooks {

		@OnResponse
		void stamp(ServerHttpResponse response) {
			response.getHeaders().add("X-Ran", "hooks");
		}

	}

	@AsyncMiddleware
	static class ClassMiddleware extends PassingFilter {

	}

	@Configuration(proxyBeanMethods = false)
	static class Wrapping {

		@Bean
		static BeanPostProcessor wrapper() {
			return new BeanPostProcessor() {

				@Override
				public Object postProcessAfterInitialization(Object bean, String beanName) {
					return (bean instanceof WebFilter filter) ? wrapped(filter) : bean;
				}

			};
		}

		private static WebFilter wrapped(WebFilter filter) {
			return (exchange, chain) -> {
				exchange.getResponse().getHeaders().add("X-Ran", "wrapper");
				return filter.filter(exchange, chain);
			};
		}

	}

	/**
	 * Does what {@code @Around("execution(* WebFilter.filter(..))")} would do.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Aspects {

		@Bean
		static DefaultAdvisorAutoProxyCreator proxies() {
			DefaultAdvisorAutoProxyCreator proxies = new DefaultAdvisorAutoProxyCreator();
			proxies.setProxyTargetClass(true);
			return proxies;
		}

		@Bean
		static Advisor aspect() {
			NameMatchMethodPointcut pointcut = new NameMatchMethodPointcut();
			pointcut.setMappedName("filter");
			pointcut.setClassFilter(WebFilter.class::isAssignableFrom);
			return new DefaultPointcutAdvisor(pointcut, (MethodInterceptor) (invocation) -> {
				((ServerWebExchange) invocation.getArguments()[0]).getResponse().getHeaders().add("X-Ran", "aspect");
				return invocation.proceed();
			});
		}

	}

	@Configuration(proxyBeanMethods = false)
	@Import(ByName.class)
	static class ImportedByName {

	}

	static class ByName implements ImportSelector {

		@Override
		public String[] selectImports(AnnotationMetadata importingClassMetadata) {
			return new String[] { OnlyKnownByName.class.getName() };
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class OnlyKnownByName {

		@Bean
		@AsyncMiddleware(order = 33)
		WebFilter byName() {
			return MiddlewareRunner.tracing("byName");
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Scoped {

		@Bean
		@AsyncMiddleware(path = "/api/**")
		WebFilter scoped() {
			return MiddlewareRunner.tracing("scoped");
		}

	}

	@AutoConfiguration(after = AsyncMiddlewareAutoConfiguration.class)
	static class LaterDecorators {

		@Bean
		HttpHandlerDecoratorFactory later() {
			return Decorators.decorator("later");
		}

		@Bean
		@Order(Ordered.LOWEST_PRECEDENCE)
		HttpHandlerDecoratorFactory latest() {
			return Decorators.decorator("latest");
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class DecoratedByTheBuilder {

		@Bean
		WebHttpHandlerBuilderCustomizer customizer() {
			return (builder) -> builder.httpHandlerDecorator((handler) -> new Decorated("builder", handler));
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Decorators {

		@Bean
		HttpHandlerDecoratorFactory first() {
			return decorator("first");
		}

		@Bean
		HttpHandlerDecoratorFactory second() {
			return decorator("second");
		}

		private static HttpHandlerDecoratorFactory decorator(String name) {
			return (handler) -> new Decorated(name, handler);
		}

	}

	record Decorated(String name, HttpHandler handler) implements HttpHandler {

		@Override
		public Mono<Void> handle(ServerHttpRequest request, ServerHttpResponse response) {
			response.getHeaders().add("X-Ran", this.name);
			return this.handler.handle(request, response);
		}

	}

	static class Samples implements SampleListener {

		private final List<SampleBuffers> sources = new CopyOnWriteArrayList<>();

		private final AtomicInteger samples = new AtomicInteger();

		@Override
		public void comingFrom(SampleBuffers buffers) {
			this.sources.add(buffers);
		}

		@Override
		public void onSamples(long[] samples, int from, int to, long time) {
			this.samples.addAndGet(to - from);
		}

	}

	static class Listener implements RequestListener {

		private final List<RequestResult> results = new CopyOnWriteArrayList<>();

		@Override
		public void onHead(RequestRecord request) {
		}

		@Override
		public void onEnd(RequestRecord request, RequestResult result) {
			this.results.add(result);
		}

	}

}
