package io.github.asyncmiddleware.ecosystem;

import java.util.List;
import java.util.Set;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.OnRequest;
import jakarta.validation.constraints.Pattern;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;

import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RestController;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that constraints of Bean Validation on the parameters of hook methods are checked
 * as those of a controller.
 */
class ValidationTests {

	@ParameterizedTest
	@ValueSource(strings = { "/controller", "/in-place", "/blocking", "/mono" })
	void refusesAnArgumentThatViolatesAConstraint(String path) {
		try (RunningApplication running = RunningApplication.start(Set.of(), List.of(Application.class), List.of())) {
			Browser browser = new Browser(running.port());
			assertThat(browser.get(path, "X-Tenant: acme").status()).isEqualTo(200);
			assertThat(browser.get(path, "X-Tenant: ../x").status()).isEqualTo(400);
			assertThat(browser.get(path).status()).isEqualTo(400);
		}
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@Import({ InPlace.class, Blocking.class, Asynchronous.class, Endpoints.class })
	static class Application {

	}

	@AsyncMiddleware(path = "/in-place")
	static class InPlace {

		@OnRequest(blocking = false)
		void check(@RequestHeader("X-Tenant") @Pattern(regexp = "[a-z]+") String tenant) {
		}

	}

	@AsyncMiddleware(path = "/blocking")
	static class Blocking {

		@OnRequest
		void check(@RequestHeader("X-Tenant") @Pattern(regexp = "[a-z]+") String tenant) {
		}

	}

	@AsyncMiddleware(path = "/mono")
	static class Asynchronous {

		@OnRequest
		Mono<Void> check(@RequestHeader("X-Tenant") @Pattern(regexp = "[a-z]+") String tenant) {
			return Mono.empty();
		}

	}

	@RestController
	static class Endpoints {

		@GetMapping("/controller")
		String controller(@RequestHeader("X-Tenant") @Pattern(regexp = "[a-z]+") String tenant) {
			return tenant;
		}

		@GetMapping({ "/in-place", "/blocking", "/mono" })
		String others() {
			return "through";
		}

	}

}
