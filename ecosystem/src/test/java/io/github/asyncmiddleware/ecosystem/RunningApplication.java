package io.github.asyncmiddleware.ecosystem;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;

import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.web.server.context.WebServerApplicationContext;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.client.ReactorResourceFactory;

/**
 * An application that Spring Boot runs on Reactor Netty, with some of the libraries.
 */
final class RunningApplication implements AutoCloseable {

	private final ConfigurableApplicationContext context;

	private RunningApplication(ConfigurableApplicationContext context) {
		this.context = context;
	}

	/**
	 * Start an application.
	 * @param libraries the libraries that configure themselves in it
	 * @param configurations its configurations
	 * @param properties its properties, as {@code name=value}
	 * @return the running application
	 */
	static RunningApplication start(Set<Library> libraries, List<Class<?>> configurations, List<String> properties) {
		List<String> arguments = new ArrayList<>(List.of("--server.port=0", "--spring.main.banner-mode=off",
				"--spring.main.register-shutdown-hook=false", "--spring.jmx.enabled=false"));
		arguments.add("--" + OtherLibraries.PROPERTY + "="
				+ libraries.stream().map(Library::name).collect(Collectors.joining(",")));
		properties.forEach((property) -> arguments.add("--" + property));
		return new RunningApplication(new SpringApplicationBuilder(
				Stream.concat(Stream.of(Basics.class), configurations.stream()).toArray(Class<?>[]::new))
			.web(WebApplicationType.REACTIVE)
			.run(arguments.toArray(String[]::new)));
	}

	/**
	 * Start an application with one library.
	 * @param library the library that configures itself in it
	 * @param configuration its configuration
	 * @param properties its properties, as {@code name=value}
	 * @return the running application
	 */
	static RunningApplication start(Library library, Class<?> configuration, String... properties) {
		return start(Set.of(library), List.of(configuration), List.of(properties));
	}

	int port() {
		return ((WebServerApplicationContext) this.context).getWebServer().getPort();
	}

	<T> T bean(Class<T> type) {
		return this.context.getBean(type);
	}

	/**
	 * Begin to count what the meters record from now on.
	 * @return the records
	 */
	Records records() {
		return new Records(bean(SimpleMeterRegistry.class));
	}

	@Override
	public void close() {
		this.context.close();
	}

	/**
	 * The registry, and event loops of its own, since the shared ones end with the first
	 * application that is closed.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Basics {

		@Bean
		SimpleMeterRegistry registry() {
			return new SimpleMeterRegistry();
		}

		@Bean
		ReactorResourceFactory eventLoops() {
			ReactorResourceFactory factory = new ReactorResourceFactory();
			factory.setUseGlobalResources(false);
			factory.setShutdownQuietPeriod(Duration.ZERO);
			return factory;
		}

	}

}
