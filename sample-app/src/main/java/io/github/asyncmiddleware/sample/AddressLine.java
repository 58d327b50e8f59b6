package io.github.asyncmiddleware.sample;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.context.event.EventListener;
import org.springframework.core.env.Environment;
import org.springframework.stereotype.Component;

/**
 * Says which address to open, in the last line of the start.
 */
@Component
class AddressLine {

	private static final Log logger = LogFactory.getLog(AddressLine.class);

	@EventListener(ApplicationReadyEvent.class)
	void write(ApplicationReadyEvent event) {
		Environment environment = event.getApplicationContext().getEnvironment();
		logger.info("Open http://localhost:" + environment.getProperty("local.server.port") + "/");
	}

}
