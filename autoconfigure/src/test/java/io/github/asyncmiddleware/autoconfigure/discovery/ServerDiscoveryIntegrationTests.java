package io.github.asyncmiddleware.autoconfigure.discovery;

import io.github.asyncmiddleware.testsupport.PatientClient;

import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.test.web.reactive.server.WebTestClient;

/**
 * Tests for middlewares on a Reactor Netty server.
 */
@SpringBootTest(webEnvironment = WebEnvironment.RANDOM_PORT)
class ServerDiscoveryIntegrationTests extends DiscoveryPromises {

	@LocalServerPort
	private int port;

	@Override
	WebTestClient client() {
		return PatientClient.of(this.port);
	}

}
