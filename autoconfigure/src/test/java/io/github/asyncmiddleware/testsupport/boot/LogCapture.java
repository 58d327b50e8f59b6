package io.github.asyncmiddleware.testsupport.boot;

import java.util.ArrayList;
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

	/**
	 * The fields of the lines that were logged so far: key-value pairs, then the MDC.
	 * @return the fields of each line, as {@code key=value}
	 */
	public List<List<String>> fields() {
		return List.copyOf(this.appender.fields);
	}

	@Override
	public void close() {
		this.logger.detachAppender(this.appender);
		this.appender.stop();
	}

	private static final class Appender extends AppenderBase<ILoggingEvent> {

		private final List<String> events = new CopyOnWriteArrayList<>();

		private final List<List<String>> fields = new CopyOnWriteArrayList<>();

		private static List<String> fields(ILoggingEvent event) {
			List<String> fields = new ArrayList<>();
			if (event.getKeyValuePairs() != null) {
				event.getKeyValuePairs().forEach((pair) -> fields.add(pair.key + "=" + pair.value));
			}
			event.getMDCPropertyMap().forEach((key, value) -> fields.add("mdc." + key + "=" + value));
			return fields;
		}

		@Override
		protected void append(ILoggingEvent event) {
			if (event.getLevel().isGreaterOrEqual(Level.INFO)) {
				String stack = (event.getThrowableProxy() != null)
						? "\n" + ThrowableProxyUtil.asString(event.getThrowableProxy()) : "";
				this.fields.add(fields(event));
				this.events
					.add(event.getLevel() + " " + event.getLoggerName() + ": " + event.getFormattedMessage() + stack);
			}
		}

	}

}
