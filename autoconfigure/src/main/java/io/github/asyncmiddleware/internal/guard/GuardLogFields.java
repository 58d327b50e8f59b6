package io.github.asyncmiddleware.internal.guard;

import io.github.asyncmiddleware.internal.chain.Middleware;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;
import org.slf4j.spi.LoggingEventBuilder;

/**
 * Logs lines with fields. The only class here that may name the optional SLF4J.
 */
final class GuardLogFields {

	private GuardLogFields() {
	}

	static void warn(String name, String code, @Nullable Middleware middleware, String line) {
		LoggingEventBuilder event = LoggerFactory.getLogger(name).atWarn().addKeyValue("code", code);
		if (middleware != null) {
			event = event.addKeyValue("middleware", middleware.name());
		}
		event.log(line);
	}

}
