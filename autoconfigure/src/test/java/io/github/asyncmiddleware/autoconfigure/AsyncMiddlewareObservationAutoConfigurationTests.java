package io.github.asyncmiddleware.autoconfigure;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.LiveResponse;
import io.github.asyncmiddleware.internal.record.StepObserver;
import io.github.asyncmiddleware.observation.DefaultMiddlewareObservationConvention;
import io.github.asyncmiddleware.observation.MiddlewareObservationContext;
import io.github.asyncmiddleware.observation.MiddlewareObservationConvention;
import io.github.asyncmiddleware.observation.MiddlewareObservations;
import io.github.asyncmiddleware.testsupport.TestChain;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationHandler;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.micrometer.observation.autoconfigure.ObservationAutoConfiguration;
import org.springframework.boot.test.context.runner.ReactiveWebApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.Ordered;
import org.springframework.http.server.reactive.HttpHandler;
import org.springframework.web.reactive.function.server.HandlerFilterFunction;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.server.WebFilter;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link AsyncMiddlewareObservationAutoConfiguration}.
 */
class AsyncMiddlewareObservationAutoConfigurationTests {

	private static final String ON = "async-middleware.observations=true";

	private final ReactiveWebApplicationContextRunner runner = MiddlewareRunner.create()
		.withConfiguration(AutoConfigurations.of(AsyncMiddlewareObservationAutoConfiguration.class,
				ObservationAutoConfiguration.class))
		.withUserConfiguration(App.class);

	@Test
	void isOffByDefault() {
		this.runner.run((context) -> {
			assertThat(context.getBeanProvider(StepObserver.class).getIfAvailable()).isNull();
			TestChain.get(context.getBean(HttpHandler.class), "/");
			assertThat(context.getBean(Names.class).all).containsExactly("http.server.requests");
		});
	}

	@Test
	void canBeOff() {
		this.runner.withPropertyValues("async-middleware.observations=off")
			.run((context) -> assertThat(context.getBeanProvider(StepObserver.class).getIfAvailable()).isNull());
	}

	@Test
	void canBeOnInEachFormOfTrue() {
		this.runner.withPropertyValues("async-middleware.observations=on")
			.run((context) -> assertThat(context.getBeanProvider(StepObserver.class).getIfAvailable()).isNotNull());
	}

	@Test
	void observesMiddlewares() {
		this.runner.withPropertyValues(ON).run((context) -> {
			assertThat(context).hasSingleBean(MiddlewareObservations.class);
			TestChain.get(context.getBean(HttpHandler.class), "/");
			assertThat(context.getBean(Names.class).all).containsExactly("http.server.requests",
					"async.middleware.observation");
		});
	}

	@Test
	void tellsOfMisuse() {
		this.runner.withPropertyValues(ON).withUserConfiguration(Careless.class).run((context) -> {
			Names names = context.getBean(Names.class);
			for (String path : List.of("/drops", "/null", "/unanswered")) {
				TestChain.get(context.getBean(HttpHandler.class), path);
				assertThat(names.errors).singleElement()
					.satisfies((error) -> assertThat(error).hasMessageMatching(".* (completed with|returned null).*"));
				names.errors.clear();
			}
		});
	}

	@Test
	void asksTheConventionOfTheApplication() {
		this.runner.withPropertyValues(ON).withUserConfiguration(Convention.class).run((context) -> {
			TestChain.get(context.getBean(HttpHandler.class), "/");
			assertThat(context.getBean(Names.class).all).containsExactly("http.server.requests", "acme");
		});
	}

	@Test
	void canBeTurnedOffWithThePropertyOfBoot() {
		this.runner.withPropertyValues(ON, "management.observations.enable.async.middleware=false").run((context) -> {
			TestChain.get(context.getBean(HttpHandler.class), "/");
			assertThat(context.getBean(Names.class).all).containsExactly("http.server.requests");
		});
	}

	@Test
	void needsARegistry() {
		MiddlewareRunner.create()
			.withConfiguration(AutoConfigurations.of(AsyncMiddlewareObservationAutoConfiguration.class))
			.withPropertyValues(ON)
			.run((context) -> assertThat(context).hasNotFailed().doesNotHaveBean(StepObserver.class));
	}

	@Configuration(proxyBeanMethods = false)
	static class App {

		@Bean
		@AsyncMiddleware
		WebFilter auth() {
			return (exchange, chain) -> exchange.getResponse().setComplete();
		}

		@Bean
		Names names() {
			return new Names();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Careless {

		@Bean
		@AsyncMiddleware(path = "/drops", order = Ordered.HIGHEST_PRECEDENCE)
		WebFilter drops() {
			return (exchange, chain) -> Mono.empty();
		}

		@Bean
		@AsyncMiddleware(path = "/null", order = Ordered.HIGHEST_PRECEDENCE)
		WebFilter returnsNull() {
			return (exchange, chain) -> null;
		}

		@Bean
		@AsyncMiddleware(path = "/unanswered", order = Ordered.HIGHEST_PRECEDENCE)
		HandlerFilterFunction<LiveResponse, ServerResponse> unanswered() {
			return (request, next) -> next.handle(request).then(Mono.empty());
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Convention {

		@Bean
		MiddlewareObservationConvention convention() {
			return new DefaultMiddlewareObservationConvention() {

				@Override
				public String getName() {
					return "acme";
				}

			};
		}

	}

	/**
	 * Keeps the names of all observations that start.
	 */
	static class Names implements ObservationHandler<Observation.Context> {

		private final List<String> all = new CopyOnWriteArrayList<>();

		private final List<Throwable> errors = new CopyOnWriteArrayList<>();

		@Override
		public void onStart(Observation.Context context) {
			this.all.add(context.getName());
		}

		@Override
		public void onError(Observation.Context context) {
			if (context instanceof MiddlewareObservationContext && context.getError() != null) {
				this.errors.add(context.getError());
			}
		}

		@Override
		public boolean supportsContext(Observation.Context context) {
			return true;
		}

	}

}
