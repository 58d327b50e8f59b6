package io.github.asyncmiddleware.testsupport.boot;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;

import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.logging.LogLevel;
import org.springframework.boot.logging.LoggingSystem;
import org.springframework.boot.web.server.context.WebServerApplicationContext;
import org.springframework.context.ApplicationContext;
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

	private static final String LEVEL = "logging.level.";

	private final ConfigurableApplicationContext context;

	/** The names of the loggers for which it has a level of its own. */
	private final List<String> loggers;

	private BootServer(ConfigurableApplicationContext context, List<String> loggers) {
		this.context = context;
		this.loggers = loggers;
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
		List<String> own = properties.toList();
		List<String> arguments = new ArrayList<>(List.of("--server.port=0", "--spring.main.banner-mode=off",
				"--spring.main.register-shutdown-hook=false", "--spring.jmx.enabled=false"));
		own.forEach((property) -> arguments.add("--" + property));
		List<String> loggers = own.stream()
			.filter((property) -> property.startsWith(LEVEL))
			.map((property) -> property.substring(LEVEL.length(), property.indexOf('=')))
			.toList();
		return new BootServer(
				new SpringApplicationBuilder(Meters.class).sources(configurations.toArray(Class<?>[]::new))
					.web(WebApplicationType.REACTIVE)
					.properties("server.http2.enabled=true")
					.run(arguments.toArray(String[]::new)),
				loggers);
	}

	public int port() {
		return ((WebServerApplicationContext) this.context).getWebServer().getPort();
	}

	public ApplicationContext context() {
		return this.context;
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

	/**
	 * Close the application. Its loggers get the levels back that Boot gives them, since
	 * they are those of the next test, too.
	 */
	@Override
	public void close() {
		this.context.close();
		LoggingSystem logging = LoggingSystem.get(BootServer.class.getClassLoader());
		for (String logger : this.loggers) {
			boolean root = logger.equalsIgnoreCase(LoggingSystem.ROOT_LOGGER_NAME);
			logging.setLogLevel(logger, root ? LogLevel.INFO : null);
		}
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
