package io.github.asyncmiddleware.autoconfigure.discovery;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.webflux.test.autoconfigure.WebFluxTest;
import org.springframework.test.web.reactive.server.WebTestClient;

/**
 * Tests for middlewares in a {@link WebFluxTest @WebFluxTest}.
 */
@WebFluxTest(properties = "spring.test.webtestclient.timeout=30s")
class SliceDiscoveryTests extends DiscoveryPromises {

	@Autowired
	private WebTestClient client;

	@Override
	WebTestClient client() {
		return this.client;
	}

}
