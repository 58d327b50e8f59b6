package io.github.asyncmiddleware.benchmarks.server;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.context.event.ApplicationStartedEvent;
import org.springframework.boot.web.server.WebServer;
import org.springframework.boot.web.server.context.WebServerApplicationContext;
import org.springframework.context.ApplicationContext;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.event.EventListener;
import org.springframework.util.Assert;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/**
 * An application with one controller, {@code GET /hello}, and what the starter configures
 * of itself. Listens on a port that is free.
 */
@Configuration(proxyBeanMethods = false)
@EnableAutoConfiguration
@RestController
public class HelloApplication {

	@GetMapping("/hello")
	String hello() {
		return "Hello";
	}

	@EventListener
	void started(ApplicationStartedEvent event) {
		Duration time = event.getTimeTaken();
		Assert.state(time != null, "The time was not taken");
		System.out.println("Started in " + TimeUnit.NANOSECONDS.toMicros(time.toNanos()) + " us");
	}

	/**
	 * An application that is ready to be completed and run.
	 * @return builds the application
	 */
	public static SpringApplicationBuilder builder() {
		return new SpringApplicationBuilder(HelloApplication.class).web(WebApplicationType.REACTIVE)
			.properties("server.port=0", "spring.main.banner-mode=off");
	}

	/**
	 * Tell who has started the application that it serves, and where.
	 * @param context the application
	 */
	public static void announce(ConfigurableApplicationContext context) {
		System.out.println("Listening on port " + port(context));
	}

	private static int port(ApplicationContext context) {
		Assert.isInstanceOf(WebServerApplicationContext.class, context);
		WebServer server = ((WebServerApplicationContext) context).getWebServer();
		Assert.state(server != null, "There is no server");
		return server.getPort();
	}

}
