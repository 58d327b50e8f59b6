package io.github.asyncmiddleware.ecosystem.devtools;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

import org.springframework.boot.web.server.reactive.context.ReactiveWebServerInitializedEvent;
import org.springframework.context.event.EventListener;
import org.springframework.core.env.Environment;
import org.springframework.stereotype.Component;

/**
 * Writes the port of its application into a file, each time that it has started.
 */
@Component
public class PortFile {

	private final Path file;

	PortFile(Environment environment) {
		this.file = Path.of(environment.getRequiredProperty("port.file"));
	}

	@EventListener
	void started(ReactiveWebServerInitializedEvent event) {
		Path written = this.file.resolveSibling("written");
		try {
			Files.writeString(written, String.valueOf(event.getWebServer().getPort()));
			Files.move(written, this.file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

}
