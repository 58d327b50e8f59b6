package io.github.asyncmiddleware.autoconfigure;

import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.internal.chain.MiddlewareHttpHandlerFactory;
import io.github.asyncmiddleware.internal.chain.RequestListener;
import io.github.asyncmiddleware.internal.chain.RequestResult;
import io.github.asyncmiddleware.internal.chain.RequestTimeline;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

import org.springframework.boot.actuate.endpoint.web.PathMappedEndpoints;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.context.runner.ReactiveWebApplicationContextRunner;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.ImportSelector;
import org.springframework.core.type.AnnotationMetadata;
import org.springframework.http.server.reactive.HttpHandler;
import org.springframework.http.server.reactive.HttpHandlerDecoratorFactory;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.web.server.WebFilter;
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
			.run((context) -> assertThat(MiddlewareRunner.ran(context, "/")).containsExactly("foreign"));
	}

	@Test
	void observesNothingWithoutListenersAndGuard() {
		this.runner.withUserConfiguration(One.class)
			.withPropertyValues("async-middleware.misuse=off", "async-middleware.blocking-watch.enabled=false",
					"async-middleware.stuck-after=0")
			.run((context) -> assertThat(context.getBean(HttpHandler.class).getClass())
				.isEqualTo(HttpWebHandlerAdapter.class));
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

	private static List<WebFilter> filtersOf(HttpHandler handler) {
		assertThat(handler.getClass()).isEqualTo(HttpWebHandlerAdapter.class);
		Object exceptionHandling = ((HttpWebHandlerAdapter) handler).getDelegate();
		assertThat(exceptionHandling.getClass()).isEqualTo(ExceptionHandlingWebHandler.class);
		Object filtering = ((ExceptionHandlingWebHandler) exceptionHandling).getDelegate();
		assertThat(filtering.getClass()).isEqualTo(FilteringWebHandler.class);
		return ((FilteringWebHandler) filtering).getFilters();
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

	static class Listener implements RequestListener {

		private final List<RequestResult> results = new CopyOnWriteArrayList<>();

		@Override
		public void onHead(RequestTimeline request) {
		}

		@Override
		public void onEnd(RequestTimeline request, RequestResult result) {
			this.results.add(result);
		}

	}

}
