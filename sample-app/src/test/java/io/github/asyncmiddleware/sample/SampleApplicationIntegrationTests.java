package io.github.asyncmiddleware.sample;

import java.time.Duration;
import java.util.List;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.http.MediaType;
import org.springframework.test.web.reactive.server.WebTestClient;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for what the {@link SampleApplication} answers.
 */
@SpringBootTest(webEnvironment = WebEnvironment.RANDOM_PORT)
class SampleApplicationIntegrationTests {

	@LocalServerPort
	private int port;

	private WebTestClient client;

	@BeforeEach
	void connect() {
		this.client = WebTestClient.bindToServer()
			.baseUrl("http://localhost:" + this.port)
			.responseTimeout(Duration.ofSeconds(30))
			.build();
	}

	@Test
	void servesThePage() {
		this.client.get()
			.uri("/")
			.accept(MediaType.TEXT_HTML)
			.exchange()
			.expectStatus()
			.isOk()
			.expectHeader()
			.contentTypeCompatibleWith(MediaType.TEXT_HTML)
			.expectBody(String.class)
			.value((page) -> assertThat(page).contains("Which middleware is slow?")
				.doesNotContain("http://", "https://"));
	}

	@Test
	void putsTheProductTogetherFromAllServices() {
		this.client.get()
			.uri("/products/1")
			.exchange()
			.expectStatus()
			.isOk()
			.expectHeader()
			.exists("X-Request-Id")
			.expectHeader()
			.valueEquals("X-Status", "OK")
			.expectHeader()
			.valueEquals("X-Served-By", "sample")
			.expectHeader()
			.valueEquals("X-Legacy", "true")
			.expectBody()
			.json("""
					{"id": 1, "tenant": "public", "flags": {"enabled": ["new-prices"]}, "experiment": {"variant": "B"}, "price": {"amount": 1.9, "currency": "EUR"}, "stock": {"available": 3},
					"reviews": {"count": 10, "stars": 4.5}, "recommendations": {"products": [2, 3]}}""");
	}

	@Test
	void tellsTheBrowserWhereTheTimeWent() {
		String time = ";dur=\\d+\\.\\d{3}";
		this.client.get()
			.uri("/products/1")
			.exchange()
			.expectHeader()
			.values("Server-Timing",
					(values) -> assertThat(values).singleElement()
						.asString()
						.matches(String.join(time + ", ", "requestId", "finalStatus", "statusHeader", "rateLimit",
								"authentication", "tenant", "audit", "experiments", "featureFlags", "legacyLicence",
								"servedBy", "app", "total") + time))
			.expectBody()
			.returnResult();
	}

	@Test
	void takesTheTenantFromTheKeyAndNotFromTheClient() {
		this.client.get()
			.uri("/products/1")
			.header("X-Api-Key", "demo")
			.header("X-Tenant", "mine")
			.exchange()
			.expectStatus()
			.isOk()
			.expectBody()
			.jsonPath("$.tenant")
			.isEqualTo("acme");
	}

	@Test
	void refusesAKeyThatNobodyHas() {
		this.client.get()
			.uri("/products/1")
			.header("X-Api-Key", "wrong")
			.exchange()
			.expectStatus()
			.isUnauthorized()
			.expectHeader()
			.valueEquals("WWW-Authenticate", "ApiKey realm=\"products\", header=\"X-Api-Key\"")
			.expectHeader()
			.exists("X-Request-Id")
			.expectHeader()
			.doesNotExist("X-Status")
			.expectHeader()
			.doesNotExist("X-Served-By")
			.expectBody()
			.isEmpty();
	}

	@Test
	void refusesRequestsOverTheLimit() {
		this.client.get()
			.uri("/products/1")
			.header("X-Demo-Limit", "0")
			.exchange()
			.expectStatus()
			.isEqualTo(429)
			.expectHeader()
			.valueEquals("Retry-After", "1")
			.expectHeader()
			.doesNotExist("X-Legacy")
			.expectBody()
			.isEmpty();
	}

	@Test
	void letsRequestsWithinTheLimitThrough() {
		this.client.get()
			.uri("/products/1")
			.header("X-Demo-Limit", "1000")
			.exchange()
			.expectStatus()
			.isOk()
			.expectBody()
			.returnResult();
	}

	@Test
	void streamsEvents() {
		List<String> events = this.client.get()
			.uri("/products/2/events")
			.accept(MediaType.TEXT_EVENT_STREAM)
			.exchange()
			.expectStatus()
			.isOk()
			.expectHeader()
			.valueEquals("X-Status", "OK")
			.returnResult(String.class)
			.getResponseBody()
			.collectList()
			.block(Duration.ofSeconds(30));
		assertThat(events).hasSize(5).containsOnly("{\"available\":6}");
	}

	@Test
	void rendersAnErrorPage() {
		this.client.get()
			.uri("/fail")
			.exchange()
			.expectStatus()
			.isEqualTo(500)
			.expectHeader()
			.exists("X-Request-Id")
			.expectHeader()
			.doesNotExist("X-Status")
			.expectBody()
			.jsonPath("$.status")
			.isEqualTo(500);
	}

	@Test
	void hasNoOtherPagesAndProducts() {
		for (String path : List.of("/nothing-here", "/products/100", "/products/100/events")) {
			this.client.get()
				.uri(path)
				.exchange()
				.expectStatus()
				.isNotFound()
				.expectHeader()
				.exists("X-Request-Id")
				.expectBody()
				.jsonPath("$.status")
				.isEqualTo(404);
		}
	}

	@Test
	void refusesAProductThatIsNoNumber() {
		this.client.get()
			.uri("/products/one")
			.exchange()
			.expectStatus()
			.isBadRequest()
			.expectBody()
			.jsonPath("$.status")
			.isEqualTo(400);
	}

	@Test
	void leavesTheActuatorToItself() {
		this.client.get()
			.uri("/actuator/health")
			.exchange()
			.expectStatus()
			.isOk()
			.expectHeader()
			.doesNotExist("X-Request-Id")
			.expectBody()
			.jsonPath("$.status")
			.isEqualTo("UP");
	}

}
