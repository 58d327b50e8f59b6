package io.github.asyncmiddleware.ecosystem.devtools;

import java.util.List;

import reactor.core.publisher.Mono;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/**
 * Greets, and counts threads.
 */
@SpringBootApplication
@RestController
public class DevToolsApplication {

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

}
