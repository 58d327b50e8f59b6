package io.github.asyncmiddleware.benchmarks;

import java.lang.management.ManagementFactory;
import java.util.List;

import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ApplicationContextInitializer;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.web.server.WebFilter;

/**
 * Starts an application with a number of filters, prints how long that took from the
 * start of the virtual machine, and ends.
 */
public final class StartUp {

	private StartUp() {
	}

	/**
	 * Start and end.
	 * @param args {@code middlewares} or {@code filters}, and their number
	 */
	public static void main(String[] args) {
		boolean middlewares = "middlewares".equals(args[0]);
		List<WebFilter> filters = DistinctFilters.of(middlewares ? AnnotatedFilter0000.class : BareFilter0000.class,
				Integer.parseInt(args[1]), Instruments.NONE);
		String excluded = middlewares ? "" : "AsyncMiddlewareAutoConfiguration,"
				+ "AsyncMiddlewareMetricsAutoConfiguration,AsyncMiddlewareEndpointAutoConfiguration";
		try (ConfigurableApplicationContext context = new SpringApplicationBuilder(Application.class)
			.web(WebApplicationType.REACTIVE)
			.initializers(register(filters))
			.properties("server.port=0", "spring.main.banner-mode=off",
					"management.endpoints.web.exposure.include=health,asyncmiddleware",
					"spring.autoconfigure.exclude=" + qualified(excluded))
			.run()) {
			System.out.println(args[1] + " " + args[0] + ": " + ManagementFactory.getRuntimeMXBean().getUptime()
					+ " ms, " + context.getBeanDefinitionCount() + " beans");
		}
	}

	private static String qualified(String classes) {
		return classes.replace("Async", "io.github.asyncmiddleware.autoconfigure.Async");
	}

	private static ApplicationContextInitializer<GenericApplicationContext> register(List<WebFilter> filters) {
		return (context) -> filters.forEach((filter) -> register(context, filter.getClass(), filter));
	}

	private static <T> void register(GenericApplicationContext context, Class<T> type, WebFilter filter) {
		context.registerBean(type.getSimpleName(), type, () -> type.cast(filter));
	}

	/**
	 * An application with nothing but what is auto-configured.
	 */
	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class Application {

	}

}
