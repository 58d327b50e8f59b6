package io.github.asyncmiddleware.faults;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.awaitility.core.ConditionTimeoutException;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.security.autoconfigure.actuate.web.reactive.ReactiveManagementWebSecurityAutoConfiguration;
import org.springframework.boot.security.autoconfigure.web.reactive.ReactiveWebSecurityAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/**
 * A Boot application on the server that Boot gives it, which speaks HTTP/1.1 and HTTP/2
 * without TLS on one port.
 */
final class FaultServer implements AutoCloseable {

	/** A path that no middleware should run for. */
	static final String ALIVE = "/alive";

	private static final List<String> PROPERTIES = List.of("server.port=0", "server.http2.enabled=true",
			"spring.main.banner-mode=off", "spring.main.register-shutdown-hook=false",
			"spring.reactor.netty.shutdown-quiet-period=0s", "management.defaults.metrics.export.enabled=false",
			"logging.level.org.springframework.boot.webflux.autoconfigure.error=off",
			"logging.level.org.springframework.web.HttpLogging=off");

	private final ListAppender<ILoggingEvent> log = new ListAppender<>();

	private final ConfigurableApplicationContext context;

	private FaultServer(ConfigurableApplicationContext context) {
		this.context = context;
		this.log.start();
		logger().addAppender(this.log);
	}

	/**
	 * Start an application.
	 * @param properties its properties, as in {@code "name=value"}
	 * @param configurations its beans
	 */
	static FaultServer start(List<String> properties, Class<?>... configurations) {
		List<String> arguments = new ArrayList<>();
		PROPERTIES.forEach((property) -> arguments.add("--" + property));
		properties.forEach((property) -> arguments.add("--" + property));
		return new FaultServer(new SpringApplicationBuilder(Application.class).sources(configurations)
			.web(WebApplicationType.REACTIVE)
			.run(arguments.toArray(String[]::new)));
	}

	int port() {
		return this.context.getEnvironment().getRequiredProperty("local.server.port", Integer.class);
	}

	<T> T bean(Class<T> type) {
		return this.context.getBean(type);
	}

	/**
	 * Send a request on a connection of its own, and make sure that the connection is in
	 * order behind the answer.
	 */
	Exchange exchange(Protocol protocol, String method, String path, String... headers) {
		Records before = records();
		try (Client client = protocol.connect(port())) {
			Answer answer = client.send(method, path, headers);
			return new Exchange(answer, () -> records().since(before).without("request ok"));
		}
		finally {
			awaitRequests(before.sum("request ") + 2);
		}
	}

	/**
	 * Wait until a number of requests has ended, so that they are not taken for later
	 * ones. If there are less, others will notice.
	 */
	void awaitRequests(int count) {
		try {
			Patience.await().atMost(Duration.ofSeconds(1)).until(() -> records().sum("request ") >= count);
		}
		catch (ConditionTimeoutException ex) {
			logger().debug("There are fewer requests than " + count);
		}
	}

	/**
	 * What has been recorded so far.
	 */
	Records records() {
		return Records.of(bean(MeterRegistry.class));
	}

	/**
	 * What we have logged so far.
	 */
	List<String> log() {
		return List.copyOf(this.log.list).stream().map(ILoggingEvent::getFormattedMessage).toList();
	}

	private static Logger logger() {
		return (Logger) LoggerFactory.getLogger("io.github.asyncmiddleware");
	}

	@Override
	public void close() {
		logger().detachAppender(this.log);
		this.context.close();
	}

	/**
	 * What every application has.
	 */
	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration(exclude = { ReactiveWebSecurityAutoConfiguration.class,
			ReactiveManagementWebSecurityAutoConfiguration.class })
	static class Application {

		@Bean
		SimpleMeterRegistry meterRegistry() {
			return new SimpleMeterRegistry();
		}

		@RestController
		static class Alive {

			/**
			 * Is never there at once: Reactor Netty may not read on after a request that
			 * had to queue and is answered while it is being started
			 * (reactor-netty#4361).
			 */
			@GetMapping(ALIVE)
			Mono<String> alive() {
				return Mono.delay(Duration.ofMillis(1)).thenReturn("alive");
			}

		}

	}

}
