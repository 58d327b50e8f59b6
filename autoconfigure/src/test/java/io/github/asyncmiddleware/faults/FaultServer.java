package io.github.asyncmiddleware.faults;

import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

import io.github.asyncmiddleware.testsupport.boot.Answer;
import io.github.asyncmiddleware.testsupport.boot.BootServer;
import io.github.asyncmiddleware.testsupport.boot.Client;
import io.github.asyncmiddleware.testsupport.boot.LogCapture;
import io.github.asyncmiddleware.testsupport.boot.Protocol;
import io.github.asyncmiddleware.testsupport.boot.Records;
import org.awaitility.core.ConditionTimeoutException;
import reactor.core.publisher.Mono;

import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Configuration;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/**
 * A Boot application on the server that Boot gives it, which speaks HTTP/1.1 and HTTP/2
 * without TLS on one port.
 */
final class FaultServer implements AutoCloseable {

	/** A path that no middleware should run for. */
	static final String ALIVE = Client.ALIVE;

	private static final List<String> PROPERTIES = List.of(
			"logging.level.org.springframework.boot.webflux.autoconfigure.error=off",
			"logging.level.org.springframework.web.HttpLogging=off");

	private final LogCapture log = LogCapture.ofOurs();

	private final BootServer server;

	private FaultServer(BootServer server) {
		this.server = server;
	}

	/**
	 * Start an application.
	 * @param properties its properties, as in {@code "name=value"}
	 * @param configuration its beans
	 */
	static FaultServer start(List<String> properties, Class<?> configuration) {
		return new FaultServer(BootServer.start(List.of(Application.class, configuration),
				Stream.concat(PROPERTIES.stream(), properties.stream()).toArray(String[]::new)));
	}

	int port() {
		return this.server.port();
	}

	<T> T bean(Class<T> type) {
		return this.server.bean(type);
	}

	/**
	 * Send a request on a connection of its own, and make sure that the connection is in
	 * order behind the answer.
	 */
	Exchange exchange(Protocol protocol, String method, String path, String... headers) {
		Records before = records();
		try (Client client = protocol.connect(port())) {
			Answer answer = client.send(method, path, headers);
			return new Exchange(answer, () -> records().since(before).without("requests ok", "request.ttfb 200"));
		}
		finally {
			awaitRequests(before.sum("requests ") + 2);
		}
	}

	/**
	 * Wait until a number of requests has ended, so that they are not taken for later
	 * ones. If there are less, others will notice.
	 */
	void awaitRequests(int count) {
		try {
			Patience.await().atMost(Duration.ofSeconds(1)).until(() -> records().sum("requests ") >= count);
		}
		catch (ConditionTimeoutException ex) {
			// What is missing is missed by the test
		}
	}

	/**
	 * What has been recorded so far, without event loops that were held up: a loaded
	 * machine does that too.
	 */
	Records records() {
		return this.server.records().withoutAll("blocked ");
	}

	/**
	 * What we have logged so far, without stack traces.
	 */
	List<String> log() {
		return this.log.events().stream().map((event) -> event.lines().findFirst().orElseThrow()).toList();
	}

	@Override
	public void close() {
		this.log.close();
		this.server.close();
	}

	/**
	 * What every application has.
	 */
	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class Application {

		@RestController
		static class Alive {

			/**
			 * Is never there at once: Reactor Netty may not read on after a request that
			 * had to queue and is answered while it is being started
			 * (reactor-netty#4361).
			 */
			@GetMapping(ALIVE)
			Mono<String> alive() {
				return Mono.delay(Duration.ofMillis(1)).thenReturn("alive");
			}

		}

	}

}
