package io.github.asyncmiddleware.autoconfigure;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.actuate.AsyncMiddlewareEndpoint;
import io.github.asyncmiddleware.actuate.AsyncMiddlewareEndpointWebExtension;
import io.github.asyncmiddleware.actuate.MiddlewareStatistics;
import io.github.asyncmiddleware.actuate.SlowRequestsEndpoint;
import io.github.asyncmiddleware.internal.sample.RequestListener;
import org.junit.jupiter.api.Test;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ReactiveWebApplicationContextRunner;
import org.springframework.boot.webflux.autoconfigure.HttpHandlerAutoConfiguration;
import org.springframework.boot.webflux.autoconfigure.WebFluxAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.web.server.WebFilter;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link AsyncMiddlewareEndpointAutoConfiguration}.
 */
class AsyncMiddlewareEndpointAutoConfigurationTests {

	private final ReactiveWebApplicationContextRunner runner = new ReactiveWebApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(AsyncMiddlewareAutoConfiguration.class,
				AsyncMiddlewareEndpointAutoConfiguration.class, HttpHandlerAutoConfiguration.class,
				WebFluxAutoConfiguration.class))
		.withUserConfiguration(OneMiddleware.class);

	@Test
	void isThereWhenItIsExposed() {
		this.runner.withPropertyValues("management.endpoints.web.exposure.include=asyncmiddleware")
			.run((context) -> assertThat(context).hasSingleBean(AsyncMiddlewareEndpoint.class)
				.hasSingleBean(AsyncMiddlewareEndpointWebExtension.class)
				.hasSingleBean(MiddlewareStatistics.class));
	}

	@Test
	void hasNoWebExtensionWhenItIsExposedOverJmxOnly() {
		this.runner
			.withPropertyValues("spring.jmx.enabled=true", "management.endpoints.jmx.exposure.include=asyncmiddleware")
			.run((context) -> assertThat(context).hasSingleBean(AsyncMiddlewareEndpoint.class)
				.doesNotHaveBean(AsyncMiddlewareEndpointWebExtension.class));
	}

	@Test
	void isNotThereWhenItIsNotExposed() {
		this.runner.run((context) -> assertThat(context).hasNotFailed()
			.doesNotHaveBean(AsyncMiddlewareEndpoint.class)
			.satisfies((actual) -> assertThat(actual.getBeanProvider(RequestListener.class)).isEmpty()));
	}

	@Test
	void isNotThereWhenAccessIsDenied() {
		this.runner
			.withPropertyValues("management.endpoints.web.exposure.include=*",
					"management.endpoint.asyncmiddleware.access=NONE", "management.endpoint.slowrequests.access=NONE")
			.run((context) -> assertThat(context).hasNotFailed()
				.doesNotHaveBean(AsyncMiddlewareEndpoint.class)
				.doesNotHaveBean(SlowRequestsEndpoint.class)
				.satisfies((actual) -> assertThat(actual.getBeanProvider(RequestListener.class)).isEmpty()));
	}

	@Test
	void keepsSlowRequestsForTheirEndpointOnly() {
		this.runner.withPropertyValues("management.endpoints.web.exposure.include=slowrequests")
			.run((context) -> assertThat(context).hasSingleBean(SlowRequestsEndpoint.class)
				.satisfies((actual) -> assertThat(actual.getBeanProvider(RequestListener.class)).hasSize(1))
				.doesNotHaveBean(AsyncMiddlewareEndpoint.class));
	}

	@Test
	void isNotThereWithoutActuator() {
		this.runner.withClassLoader(new FilteredClassLoader("org.springframework.boot.actuate"))
			.run((context) -> assertThat(context).hasNotFailed()
				.satisfies((actual) -> assertThat(actual.getBeanProvider(RequestListener.class)).isEmpty()));
	}

	@Test
	void showsTheChainOfTheContext() {
		this.runner.withPropertyValues("management.endpoints.web.exposure.include=asyncmiddleware").run((context) -> {
			AsyncMiddlewareEndpoint endpoint = context.getBean(AsyncMiddlewareEndpoint.class);
			assertThat(endpoint.chain(null, null).middlewares())
				.extracting(AsyncMiddlewareEndpointAutoConfigurationTests::name)
				.containsExactly("one", "foreign");
		});
	}

	private static String name(AsyncMiddlewareEndpoint.EntryDescriptor entry) {
		return (entry instanceof AsyncMiddlewareEndpoint.MiddlewareDescriptor middleware) ? middleware.name()
				: ((AsyncMiddlewareEndpoint.ForeignFilterDescriptor) entry).name();
	}

	@Configuration(proxyBeanMethods = false)
	static class OneMiddleware {

		@Bean
		@AsyncMiddleware
		WebFilter one() {
			return (exchange, chain) -> chain.filter(exchange);
		}

		@Bean
		WebFilter foreign() {
			return (exchange, chain) -> chain.filter(exchange);
		}

	}

}
