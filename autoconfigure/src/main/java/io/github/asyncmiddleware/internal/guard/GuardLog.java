package io.github.asyncmiddleware.internal.guard;

import io.github.asyncmiddleware.internal.chain.LoggedRequest;
import io.github.asyncmiddleware.internal.chain.Middleware;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.util.ClassUtils;

/**
 * A logger for what the guards find: each line begins with the prefix that Spring's own
 * lines about the request have, and is written with the thread-locals of the request,
 * which the MDC can be one of. The code and the middleware are fields of their own for
 * encoders that take key-value pairs.
 */
public final class GuardLog {

	private static final boolean SLF4J = isPresent("org.slf4j.spi.LoggingEventBuilder");

	private static final boolean CONTEXT_PROPAGATION = isPresent("io.micrometer.context.ContextSnapshotFactory");

	private final String name;

	private final Log log;

	/**
	 * Create a logger.
	 * @param name its name, one of {@link LogNames}
	 */
	public GuardLog(String name) {
		this.name = name;
		this.log = LogFactory.getLog(name);
	}

	/**
	 * Log a line.
	 * @param code what stands in brackets, and in the documentation
	 * @param middleware the middleware that it is about, or {@code null} for the rest of
	 * the application
	 * @param text the rest of the line
	 * @param request the request, or {@code null} if it is about none or several
	 */
	public void warn(String code, @Nullable Middleware middleware, String text, @Nullable LoggedRequest request) {
		String line = ((request != null) ? request.exchange().getLogPrefix() : "") + "[" + code + "] " + text;
		if (request != null && CONTEXT_PROPAGATION) {
			GuardLogContext.with(request, () -> write(code, middleware, line));
		}
		else {
			write(code, middleware, line);
		}
	}

	private void write(String code, @Nullable Middleware middleware, String line) {
		if (SLF4J) {
			GuardLogFields.warn(this.name, code, middleware, line);
		}
		else {
			this.log.warn(line);
		}
	}

	/**
	 * Whether details are logged as well.
	 * @return {@code true} at debug level
	 */
	public boolean isDebugEnabled() {
		return this.log.isDebugEnabled();
	}

	/**
	 * Log details.
	 * @param text the text
	 * @param ex what has failed, if something has
	 */
	public void debug(String text, @Nullable Throwable ex) {
		this.log.debug(text, ex);
	}

	private static boolean isPresent(String className) {
		return ClassUtils.isPresent(className, GuardLog.class.getClassLoader());
	}

}
