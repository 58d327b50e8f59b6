package io.github.asyncmiddleware.testsupport.boot;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.AppenderBase;
import org.slf4j.LoggerFactory;

/**
 * What is logged above {@code DEBUG} while it is open.
 */
public final class LogCapture implements AutoCloseable {

	private final Appender appender = new Appender();

	private final Logger logger;

	private LogCapture(String logger) {
		this.logger = (Logger) LoggerFactory.getLogger(logger);
		this.appender.setContext(this.logger.getLoggerContext());
		this.appender.start();
		this.logger.addAppender(this.appender);
	}

	/**
	 * Capture what our own loggers say.
	 * @return the capture
	 */
	public static LogCapture ofOurs() {
		return new LogCapture("io.github.asyncmiddleware");
	}

	/**
	 * Capture what all loggers say.
	 * @return the capture
	 */
	public static LogCapture ofAll() {
		return new LogCapture(org.slf4j.Logger.ROOT_LOGGER_NAME);
	}

	/**
	 * What was logged so far.
	 * @return the events, each with its stack traces
	 */
	public List<String> events() {
		return List.copyOf(this.appender.events);
	}

	/**
	 * The lines that were logged so far.
	 * @return the lines, also those of stack traces
	 */
	public List<String> lines() {
		return events().stream().flatMap(String::lines).toList();
	}

	@Override
	public void close() {
		this.logger.detachAppender(this.appender);
		this.appender.stop();
	}

	private static final class Appender extends AppenderBase<ILoggingEvent> {

		private final List<String> events = new CopyOnWriteArrayList<>();

		@Override
		protected void append(ILoggingEvent event) {
			if (event.getLevel().isGreaterOrEqual(Level.INFO)) {
				String stack = (event.getThrowableProxy() != null)
						? "\n" + ThrowableProxyUtil.asString(event.getThrowableProxy()) : "";
				this.events
					.add(event.getLevel() + " " + event.getLoggerName() + ": " + event.getFormattedMessage() + stack);
			}
		}

	}

}
