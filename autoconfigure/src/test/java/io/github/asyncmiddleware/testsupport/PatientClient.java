package io.github.asyncmiddleware.testsupport;

import java.time.Duration;

import org.springframework.context.ApplicationContext;
import org.springframework.test.web.reactive.server.WebTestClient;

/**
 * Clients that wait for as long as a machine may take that has a lot to do. Five seconds,
 * what they wait for by themselves, can be too short for the first request of an
 * application.
 */
public final class PatientClient {

	private static final Duration PATIENCE = Duration.ofSeconds(30);

	private PatientClient() {
	}

	public static WebTestClient of(ApplicationContext context) {
		return patient(WebTestClient.bindToApplicationContext(context).configureClient());
	}

	public static WebTestClient of(int port) {
		return patient(WebTestClient.bindToServer().baseUrl("http://localhost:" + port));
	}

	private static WebTestClient patient(WebTestClient.Builder builder) {
		return builder.responseTimeout(PATIENCE).build();
	}

}
