package io.github.asyncmiddleware.test;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

import org.springframework.boot.logging.LoggingSystem;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link WebFluxInfrastructure}, which is made once in a virtual machine.
 */
class WebFluxInfrastructureTests {

	@Test
	void leavesTheLogToTheTest() throws Exception {
		assertThat(OtherProcess.run(FirstExchange.class))
			.contains("listens: true", "claimed by Boot: false", "level: INFO")
			.doesNotContain("DEBUG");
	}

	/**
	 * A test that reads the log.
	 */
	public static final class FirstExchange {

		private FirstExchange() {
		}

		public static void main(String[] arguments) {
			LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
			Logger logger = context.getLogger("com.acme");
			ListAppender<ILoggingEvent> appender = new ListAppender<>();
			appender.start();
			logger.addAppender(appender);
			MiddlewareTester.of().exchange(MockServerHttpRequest.get("/"));
			logger.setLevel(Level.INFO);
			logger.info("Here");
			System.out.println("listens: " + !appender.list.isEmpty());
			System.out.println("claimed by Boot: " + (context.getObject(LoggingSystem.class.getName()) != null));
			System.out.println("level: " + context.getLogger(Logger.ROOT_LOGGER_NAME).getLevel());
		}

	}

}
