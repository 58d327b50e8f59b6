package io.github.asyncmiddleware.ecosystem.devtools;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;

import reactor.core.publisher.Mono;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.web.server.reactive.context.ReactiveWebServerInitializedEvent;
import org.springframework.context.event.EventListener;
import org.springframework.core.env.Environment;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/**
 * Writes its port into a file, each time that it has started.
 */
@SpringBootApplication
@RestController
public class DevToolsApplication {

	private final Environment environment;

	DevToolsApplication(Environment environment) {
		this.environment = environment;
	}

	/**
	 * Start the application.
	 * @param arguments its properties
	 */
	public static void main(String[] arguments) {
		SpringApplication.run(DevToolsApplication.class, arguments);
	}

	@GetMapping("/")
	Mono<String> hello() {
		return Mono.just("hello");
	}

	/**
	 * How many threads of the library belong to this application, and how many do to one
	 * that was restarted.
	 */
	@GetMapping("/threads")
	Mono<String> threads() {
		List<ClassLoader> owners = Thread.getAllStackTraces()
			.keySet()
			.stream()
			.filter((thread) -> thread.getName().startsWith("async-middleware"))
			.map(Thread::getContextClassLoader)
			.toList();
		long own = owners.stream().filter(getClass().getClassLoader()::equals).count();
		return Mono.just(own + " own, " + (owners.size() - own) + " others");
	}

	@EventListener
	void started(ReactiveWebServerInitializedEvent event) {
		Path file = Path.of(this.environment.getRequiredProperty("port.file"));
		Path written = file.resolveSibling("written");
		try {
			Files.writeString(written, String.valueOf(event.getWebServer().getPort()));
			Files.move(written, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

}
