package io.github.asyncmiddleware.autoconfigure;

import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.OnRequest;
import io.github.asyncmiddleware.testsupport.boot.Answer;
import io.github.asyncmiddleware.testsupport.boot.BootServer;
import io.github.asyncmiddleware.testsupport.boot.Client;
import io.github.asyncmiddleware.testsupport.boot.Protocol;
import org.awaitility.Awaitility;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for scrapes and looks at the endpoints while the application goes down: what is
 * answered is a valid page.
 */
class ClosingScrapeIntegrationTests {

	private static final List<String> PAGES = List.of("prometheus", "asyncmiddleware", "slowrequests");

	private final Set<Client> open = ConcurrentHashMap.newKeySet();

	@ParameterizedTest
	@ValueSource(strings = { "graceful", "immediate" })
	void failNothing(String shutdown) throws InterruptedException {
		ExecutorService executor = Executors.newCachedThreadPool();
		Map<String, Integer> good = new ConcurrentHashMap<>();
		Map<String, Answer> bad = new ConcurrentHashMap<>();
		BootServer server = BootServer.start(Application.class, "server.shutdown=" + shutdown,
				"management.endpoints.web.exposure.include=prometheus,asyncmiddleware,slowrequests");
		int port = server.port();
		for (String page : PAGES) {
			executor.execute(() -> {
				Answer answer = scrape(port, page);
				while (answer.status() != 0) {
					if (answer.complete() && isPage(answer)) {
						good.merge(page, 1, Integer::sum);
					}
					else if (answer.complete() || answer.status() != 200) {
						bad.put(page, answer);
					}
					answer = scrape(port, page);
				}
			});
		}
		Awaitility.await()
			.atMost(Duration.ofSeconds(30))
			.until(() -> PAGES.stream().allMatch((page) -> good.getOrDefault(page, 0) > 3));
		server.close();
		executor.shutdown();
		if (!executor.awaitTermination(5, TimeUnit.SECONDS)) {
			// Now and then Reactor Netty leaves a connection open that has come while it
			// closes, also without middlewares. Nothing more can come through that
			this.open.forEach(Client::close);
		}
		assertThat(executor.awaitTermination(25, TimeUnit.SECONDS)).isTrue();
		assertThat(bad).isEmpty();
	}

	private static boolean isPage(Answer answer) {
		return answer.status() == 200 && (answer.body().contains("async_middleware_requests_total{result=\"ok\"}")
				|| answer.body().startsWith("{\"window\":\"5m\"") && answer.body().endsWith("}"));
	}

	private Answer scrape(int port, String page) {
		try (Client client = Protocol.HTTP_1_1.connect(port)) {
			this.open.add(client);
			try {
				client.head("GET", "/actuator/" + page, true);
				return client.answer();
			}
			finally {
				this.open.remove(client);
			}
		}
		catch (UncheckedIOException ex) {
			return Answer.NONE;
		}
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class Application {

		@Bean
		Blocks blocks() {
			return new Blocks();
		}

	}

	@AsyncMiddleware
	static class Blocks {

		@OnRequest
		void load() {
		}

	}

}
