package io.github.asyncmiddleware.docs;

import java.util.Map;

import io.github.asyncmiddleware.testsupport.boot.Answer;
import io.github.asyncmiddleware.testsupport.boot.BootServer;
import io.github.asyncmiddleware.testsupport.boot.Client;
import io.github.asyncmiddleware.testsupport.boot.Protocol;
import io.micrometer.context.ContextRegistry;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;

import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RestController;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that the code on the pages does what they say.
 */
@TestInstance(Lifecycle.PER_CLASS)
class DocumentedHooksIntegrationTests {

	private BootServer server;

	@BeforeAll
	void start() {
		this.server = BootServer.start(Application.class);
	}

	@AfterAll
	void stop() {
		this.server.close();
		ContextRegistry.getInstance().removeThreadLocalAccessor("requestId");
	}

	@Test
	void answersEarly() {
		assertThat(get("/tenant", "X-Api-Key: other").status()).isEqualTo(401);
		assertThat(get("/tenant").status()).isEqualTo(401);
	}

	@Test
	void changesTheRequest() {
		assertThat(get("/tenant", "X-Api-Key: secret").body()).isEqualTo("acme");
	}

	@Test
	void savesTheSession() {
		Answer first = get("/tenant", "X-Api-Key: secret");
		assertThat(first.fields()).containsEntry("x-visits", "1 200");
		String cookie = first.fields().get("set-cookie").split(";")[0];
		assertThat(get("/nowhere", "X-Api-Key: secret", "Cookie: " + cookie).fields()).containsEntry("x-visits",
				"2 404");
	}

	@Test
	void answersFromAnotherThread() {
		Answer answer = get("/unlicensed", "X-Api-Key: secret");
		assertThat(answer.status()).isEqualTo(402);
		assertThat(answer.body()).isEqualTo("no licence");
	}

	@Test
	void hasTheRequestIdInTheMdc() {
		assertThat(get("/tenant", "X-Api-Key: secret", "X-Request-Id: 7").fields())
			.containsAllEntriesOf(Map.of("x-audited", "7 7"));
		assertThat(get("/nowhere", "X-Api-Key: secret", "X-Request-Id: 8").fields())
			.containsAllEntriesOf(Map.of("x-audited", "8 8"));
		assertThat(get("/nowhere", "X-Api-Key: secret").fields())
			.containsAllEntriesOf(Map.of("x-audited", "null null"));
	}

	private Answer get(String path, String... headers) {
		return Client.exchange(Protocol.HTTP_1_1, this.server.port(), "GET", path, headers);
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@Import({ ApiKeys.class, Tenant.class, Visits.class, Licence.class, RequestIds.class, RequestIdInMdc.class,
			Audit.class, KeyService.class, LicenceFile.class, Handler.class })
	static class Application {

	}

	@RestController
	static class Handler {

		@GetMapping("/tenant")
		String tenant(@RequestHeader("X-Tenant") String tenant) {
			return tenant;
		}

	}

}
