package io.github.asyncmiddleware.autoconfigure.discovery;

import io.github.asyncmiddleware.testsupport.PatientClient;

import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.test.web.reactive.server.WebTestClient;

/**
 * Tests for middlewares under {@link WebTestClient#bindToApplicationContext}.
 */
@SpringBootTest(properties = "spring.main.web-application-type=reactive")
class BoundContextDiscoveryTests extends DiscoveryPromises {

	@Override
	WebTestClient client() {
		return PatientClient.of(context());
	}

}
