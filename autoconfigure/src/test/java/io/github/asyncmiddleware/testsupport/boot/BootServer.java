package io.github.asyncmiddleware.testsupport.boot;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
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
 * An application that Spring Boot runs on Reactor Netty, with a registry for its meters.
 */
public final class BootServer implements AutoCloseable {

	/** For applications that enable auto-configuration and have no users. */
	public static final String NO_SECURITY = "spring.autoconfigure.exclude="
			+ "org.springframework.boot.security.autoconfigure.web.reactive.ReactiveWebSecurityAutoConfiguration,"
			+ "org.springframework.boot.security.autoconfigure.ReactiveUserDetailsServiceAutoConfiguration,"
			+ "org.springframework.boot.security.autoconfigure.actuate.web.reactive"
			+ ".ReactiveManagementWebSecurityAutoConfiguration";

	private final ConfigurableApplicationContext context;

	private BootServer(ConfigurableApplicationContext context) {
		this.context = context;
	}

	/**
	 * Start an application without security that speaks HTTP/1.1 and, without encryption,
	 * HTTP/2.
	 * @param application its configuration
	 * @param properties its properties, as {@code name=value}
	 * @return the running application
	 */
	public static BootServer start(Class<?> application, String... properties) {
		return start(List.of(application), properties);
	}

	/**
	 * Start an application that consists of several configurations, as
	 * {@link #start(Class, String...)} does.
	 * @param configurations its configurations
	 * @param properties its properties, as {@code name=value}
	 * @return the running application
	 */
	public static BootServer start(List<Class<?>> configurations, String... properties) {
		return run(configurations, Stream.concat(Stream.of(NO_SECURITY), Stream.of(properties)));
	}

	/**
	 * Start an application with security.
	 * @param application its configuration
	 * @param properties its properties, as {@code name=value}
	 * @return the running application
	 */
	public static BootServer startSecured(Class<?> application, String... properties) {
		return run(List.of(application), Stream.of(properties));
	}

	private static BootServer run(List<Class<?>> configurations, Stream<String> properties) {
		List<String> arguments = new ArrayList<>(List.of("--server.port=0", "--spring.main.banner-mode=off",
				"--spring.main.register-shutdown-hook=false", "--spring.jmx.enabled=false"));
		properties.map((property) -> "--" + property).forEach(arguments::add);
		return new BootServer(
				new SpringApplicationBuilder(Meters.class).sources(configurations.toArray(Class<?>[]::new))
					.web(WebApplicationType.REACTIVE)
					.properties("server.http2.enabled=true")
					.run(arguments.toArray(String[]::new)));
	}

	public int port() {
		return ((WebServerApplicationContext) this.context).getWebServer().getPort();
	}

	public <T> T bean(Class<T> type) {
		return this.context.getBean(type);
	}

	/**
	 * Begin to count what the meters record from now on.
	 * @return the changes
	 */
	public MeterChanges changes() {
		return new MeterChanges(bean(SimpleMeterRegistry.class));
	}

	/**
	 * What the meters have recorded since the start.
	 * @return the records
	 */
	public Records records() {
		return Records.of(bean(SimpleMeterRegistry.class));
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
	static class Meters {

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
