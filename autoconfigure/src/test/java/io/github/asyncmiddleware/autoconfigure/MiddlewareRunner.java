package io.github.asyncmiddleware.autoconfigure;

import java.util.List;
import java.util.Map;

import io.github.asyncmiddleware.internal.chain.ChainEntry;
import io.github.asyncmiddleware.internal.chain.Middleware;
import io.github.asyncmiddleware.testsupport.PatientClient;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.context.PropertyPlaceholderAutoConfiguration;
import org.springframework.boot.test.context.runner.ReactiveWebApplicationContextRunner;
import org.springframework.boot.webflux.autoconfigure.HttpHandlerAutoConfiguration;
import org.springframework.boot.webflux.autoconfigure.WebFluxAutoConfiguration;
import org.springframework.context.ApplicationContext;
import org.springframework.context.ApplicationContextInitializer;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.env.PropertySource;
import org.springframework.core.env.SystemEnvironmentPropertySource;
import org.springframework.web.server.WebFilter;

/**
 * Starts WebFlux applications with middlewares and looks at what became of them.
 */
final class MiddlewareRunner {

	private MiddlewareRunner() {
	}

	static ReactiveWebApplicationContextRunner create() {
		return new ReactiveWebApplicationContextRunner().withConfiguration(
				AutoConfigurations.of(AsyncMiddlewareAutoConfiguration.class, HttpHandlerAutoConfiguration.class,
						WebFluxAutoConfiguration.class, PropertyPlaceholderAutoConfiguration.class));
	}

	/**
	 * The names of the filters, outermost first.
	 */
	static List<String> chainOf(ApplicationContext context) {
		return context.getBean(MiddlewareChain.class).entries().stream().map(ChainEntry::name).toList();
	}

	static Middleware middleware(ApplicationContext context, String name) {
		return context.getBean(MiddlewareChain.class)
			.middlewares()
			.stream()
			.filter((middleware) -> middleware.name().equals(name))
			.findFirst()
			.orElseThrow();
	}

	/**
	 * The names that filters made by {@link #tracing} leave on a response, in the order
	 * they ran in.
	 */
	static List<String> ran(ApplicationContext context, String path) {
		return PatientClient.of(context)
			.get()
			.uri(path)
			.exchange()
			.returnResult(Void.class)
			.getResponseHeaders()
			.getOrEmpty("X-Ran");
	}

	/**
	 * Sets an environment variable, in front of all other sources.
	 */
	static ApplicationContextInitializer<ConfigurableApplicationContext> environmentVariable(String name,
			String value) {
		PropertySource<?> source = new SystemEnvironmentPropertySource("test-systemEnvironment", Map.of(name, value));
		return (context) -> context.getEnvironment().getPropertySources().addFirst(source);
	}

	static WebFilter tracing(String name) {
		return (exchange, chain) -> {
			exchange.getResponse().getHeaders().add("X-Ran", name);
			return chain.filter(exchange);
		};
	}

}
