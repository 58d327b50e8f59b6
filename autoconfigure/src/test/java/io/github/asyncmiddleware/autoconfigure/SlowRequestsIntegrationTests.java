package io.github.asyncmiddleware.autoconfigure;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import com.jayway.jsonpath.JsonPath;
import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.OnFailure;
import io.github.asyncmiddleware.OnRequest;
import io.github.asyncmiddleware.actuate.SlowRequestsEndpoint;
import io.github.asyncmiddleware.testsupport.boot.Answer;
import io.github.asyncmiddleware.testsupport.boot.BootServer;
import io.github.asyncmiddleware.testsupport.boot.Client;
import io.github.asyncmiddleware.testsupport.boot.Http1Client;
import io.github.asyncmiddleware.testsupport.boot.Leaving;
import io.github.asyncmiddleware.testsupport.boot.LogCapture;
import io.github.asyncmiddleware.testsupport.boot.Protocol;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.annotation.ReflectiveRuntimeHintsRegistrar;
import org.springframework.aot.hint.predicate.RuntimeHintsPredicates;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.server.WebFilter;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for the slow requests of a running application: the endpoint and the log.
 */
class SlowRequestsIntegrationTests {

	@Test
	void showsWhereTheTimeOfTheSlowestWent() {
		try (BootServer server = BootServer.start(Application.class,
				"management.endpoints.web.exposure.include=slowrequests", "async-middleware.skip-management=true")) {
			get(server, "/orders/private?token=secret");
			Awaitility.await()
				.atMost(Duration.ofSeconds(30))
				.until(() -> size(slow(server), "$.slowest"), (size) -> size > 0);
			String json = slow(server);
			assertThat(json).doesNotContain("private").doesNotContain("secret");
			assertThat(JsonPath.<String>read(json, "$.window")).isEqualTo("5m");
			String order = "$.slowest[?(@.uri == '/orders/{id}')]";
			assertThat(JsonPath.<List<String>>read(json, order + ".result")).containsExactly("ok");
			assertThat(JsonPath.<List<Integer>>read(json, order + ".status")).containsExactly(200);
			assertThat(JsonPath.<List<String>>read(json, order + ".middlewares[*].name")).containsExactly("first",
					"optional");
			assertThat(JsonPath.<List<String>>read(json, order + ".middlewares[*].result")).containsExactly("passed",
					"failed_open");
			assertThat(JsonPath.<List<String>>read(json, "$.troubled[*].uri")).containsExactly("/orders/{id}");
			List<Double> own = JsonPath.read(json, order + ".middlewares[*].own");
			List<Double> app = JsonPath.read(json, order + ".app");
			List<Double> head = JsonPath.read(json, order + ".head");
			List<Double> entered = JsonPath.read(json, order + ".middlewares[0].entered");
			double sum = own.stream().mapToDouble(Double::doubleValue).sum() + app.get(0);
			assertThat(Math.round(sum * 1_000_000)).isEqualTo(Math.round((head.get(0) - entered.get(0)) * 1_000_000));
		}
	}

	@Test
	void logsThoseOverTheThreshold() {
		try (BootServer server = BootServer.start(Application.class,
				"async-middleware.slow-requests.log-threshold=1ns"); LogCapture log = LogCapture.ofOurs()) {
			get(server, "/orders/private?token=secret");
			Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> slowLines(log), (lines) -> lines.size() == 1);
			assertThat(slowLines(log).get(0)).doesNotContain("private")
				.matches("WARN io.github.asyncmiddleware.slow: \\[[0-9a-f]+-\\d+(, .*)?\\] \\[slow_request\\] "
						+ "GET /orders/\\{id} took [0-9.]+ ms until its head, status 200, ok: "
						+ "first [0-9.]+ ms \\(passed\\), optional [0-9.]+ ms \\(failed_open\\), app [0-9.]+ ms\\.");
		}
	}

	/**
	 * What the handler has spent of it is what matters then.
	 */
	@Test
	void logsWhereTheTimeOfARequestWithoutAHeadIs() throws Exception {
		try (BootServer server = BootServer.start(Application.class,
				"async-middleware.slow-requests.log-threshold=1ns"); LogCapture log = LogCapture.ofOurs()) {
			Orders orders = server.bean(Orders.class);
			long left;
			try (Http1Client client = new Http1Client(server.port())) {
				client.write("GET /stuck HTTP/1.1\r\nHost: localhost\r\n\r\n");
				long entered = orders.entered.take();
				Thread.sleep(5);
				left = System.nanoTime() - entered;
				client.leave(Leaving.RST);
			}
			Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> slowLines(log), (lines) -> lines.size() == 1);
			Matcher line = Pattern.compile(
					"GET /stuck took ([0-9.]+) ms and had no head, gone_before_head: first [0-9.]+ ms \\(passed\\), "
							+ "optional [0-9.]+ ms \\(failed_open\\), app ([0-9.]+) ms\\.")
				.matcher(slowLines(log).get(0));
			assertThat(line.find()).as(slowLines(log).get(0)).isTrue();
			assertThat(Double.parseDouble(line.group(2))).isGreaterThanOrEqualTo(left / 1_000 / 1_000.0)
				.isLessThanOrEqualTo(Double.parseDouble(line.group(1)));
		}
	}

	@Test
	void logsNothingByDefault() {
		try (BootServer server = BootServer.start(Application.class); LogCapture log = LogCapture.ofOurs()) {
			get(server, "/orders/1");
			assertThat(slowLines(log)).isEmpty();
		}
	}

	@Test
	void isAnEndpointAsOthersAre() {
		try (BootServer server = BootServer.start(Application.class,
				"management.endpoints.web.exposure.include=slowrequests")) {
			assertThat(get(server, "/actuator/slowrequests/orders").status()).isEqualTo(404);
			assertThat(Client.exchange(Protocol.HTTP_1_1, server.port(), "POST", "/actuator/slowrequests").status())
				.isEqualTo(405);
		}
		try (BootServer server = BootServer.start(Application.class,
				"management.endpoints.web.exposure.include=slowrequests",
				"management.endpoint.slowrequests.access=none")) {
			assertThat(get(server, "/actuator/slowrequests").status()).isEqualTo(404);
		}
	}

	@Test
	void canBeReadInANativeImage() {
		RuntimeHints hints = new RuntimeHints();
		new ReflectiveRuntimeHintsRegistrar().registerRuntimeHints(hints, SlowRequestsEndpoint.class);
		for (Class<?> type : SlowRequestsEndpoint.class.getDeclaredClasses()) {
			assertThat(RuntimeHintsPredicates.reflection().onType(type).test(hints)).as(type.getName()).isTrue();
		}
	}

	private static List<String> slowLines(LogCapture log) {
		return log.events().stream().filter((event) -> event.contains("[slow_request]")).toList();
	}

	private static int size(String json, String path) {
		return JsonPath.<List<?>>read(json, path).size();
	}

	private static String slow(BootServer server) {
		return get(server, "/actuator/slowrequests").body();
	}

	private static Answer get(BootServer server, String path) {
		return Client.exchange(Protocol.HTTP_1_1, server.port(), "GET", path);
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class Application {

		@Bean
		@AsyncMiddleware(order = 1)
		WebFilter first() {
			return (exchange, chain) -> chain.filter(exchange);
		}

		@Bean
		Optional optional() {
			return new Optional();
		}

		@Bean
		Orders orders() {
			return new Orders();
		}

	}

	@AsyncMiddleware(order = 2, onFailure = OnFailure.SKIP)
	static class Optional {

		@OnRequest
		CompletionStage<Void> load() {
			return CompletableFuture.failedFuture(new IllegalStateException("not there"));
		}

	}

	@RestController
	static class Orders {

		private final BlockingQueue<Long> entered = new LinkedBlockingQueue<>();

		@GetMapping("/stuck")
		Mono<String> stuck() {
			this.entered.add(System.nanoTime());
			return Mono.never();
		}

		@GetMapping("/orders/{id}")
		String order(@PathVariable String id) {
			return id;
		}

	}

}
