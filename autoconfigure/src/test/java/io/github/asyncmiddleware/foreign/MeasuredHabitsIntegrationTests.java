package io.github.asyncmiddleware.foreign;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import io.github.asyncmiddleware.testsupport.Habit;
import io.github.asyncmiddleware.testsupport.boot.Answer;
import io.github.asyncmiddleware.testsupport.boot.BootServer;
import io.github.asyncmiddleware.testsupport.boot.Client;
import io.github.asyncmiddleware.testsupport.boot.HeapBuffers;
import io.github.asyncmiddleware.testsupport.boot.Leaving;
import io.github.asyncmiddleware.testsupport.boot.MeterChanges;
import io.github.asyncmiddleware.testsupport.boot.Protocol;
import org.awaitility.Awaitility;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.core.annotation.Order;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for what foreign filters do, on the wire: the same whether they are measured or
 * not.
 */
class MeasuredHabitsIntegrationTests {

	private static final String MEASURED = "async-middleware.foreign-filters=measured";

	@ParameterizedTest
	@EnumSource
	void answersAsWithoutMeasuring(Protocol protocol) {
		assertThat(answers(protocol, MEASURED)).isEqualTo(answers(protocol, "async-middleware.foreign-filters=off"));
	}

	private static List<String> answers(Protocol protocol, String property) {
		List<String> answers = new ArrayList<>();
		try (BootServer server = BootServer.start(Application.class, property)) {
			for (Habit habit : Habit.values()) {
				for (String handler : List.of("hello", "stream", "fails", "nowhere")) {
					for (String method : List.of("GET", "HEAD")) {
						Answer answer = Client.exchange(protocol, server.port(), method, "/" + habit + "/" + handler);
						// Half a stream looks whole where nothing watches over the
						// response
						if (habit != Habit.DOES_NOT_WAIT || !handler.equals("stream")) {
							answers.add(method + " " + habit + " " + handler + ": " + comparable(answer));
						}
					}
				}
			}
		}
		return answers;
	}

	private static String comparable(Answer answer) {
		Map<String, String> headers = new TreeMap<>(answer.fields());
		headers.remove("date");
		String body = answer.body()
			.replaceAll("\"timestamp\":\"[^\"]*\"", "")
			.replaceAll("\"requestId\":\"[^\"]*\"", "");
		if (answer.status() >= 400) {
			// The number of the request is in the page
			headers.remove("content-length");
		}
		return answer.status() + " " + headers + " " + body + " " + answer.complete();
	}

	@ParameterizedTest
	@EnumSource
	void tellsOfAClientThatHasLeft(Leaving leaving) throws Exception {
		try (BootServer server = BootServer.start(Application.class, MEASURED);
				Client client = leaving.protocol().connect(server.port())) {
			MeterChanges changes = server.changes();
			client.head("GET", "/waits/hello", true);
			assertThat(server.bean(Waits.class).entered.await(30, TimeUnit.SECONDS)).isTrue();
			client.leave(leaving);
			Awaitility.await()
				.atMost(Duration.ofSeconds(30))
				.untilAsserted(() -> assertThat(changes.now()).containsExactly("own first passed",
						"own waits cancelled", "requests gone_before_head"));
		}
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@Import(HeapBuffers.class)
	static class Application {

		@Bean
		@Order(1)
		WebFilter first() {
			return (exchange, chain) -> chain.filter(exchange).doFinally((signal) -> {
			});
		}

		@Bean
		@Order(2)
		Waits waits() {
			return new Waits();
		}

		@Bean
		@Order(3)
		WebFilter habit() {
			return (exchange, chain) -> {
				String name = exchange.getRequest().getPath().value().split("/")[1];
				exchange.getAttributes().put("giveUp", Sinks.empty());
				return Habit.valueOf(name).filter(exchange, chain);
			};
		}

		@Bean
		WebFilter last() {
			return (exchange, chain) -> chain.filter(exchange);
		}

		@Bean
		Controller controller() {
			return new Controller();
		}

	}

	/**
	 * Waits for ever.
	 */
	static class Waits implements WebFilter {

		private final CountDownLatch entered = new CountDownLatch(1);

		@Override
		public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
			if (!exchange.getRequest().getPath().value().startsWith("/waits/")) {
				return chain.filter(exchange);
			}
			return Mono.<Void>never().doOnSubscribe((subscription) -> this.entered.countDown());
		}

	}

	@RestController
	static class Controller {

		@GetMapping("/{habit}/hello")
		String hello(@PathVariable String habit) {
			return "hello";
		}

		@GetMapping("/{habit}/stream")
		Flux<String> stream(@PathVariable String habit) {
			return Flux.range(0, 5).map((number) -> "part " + number + "\n");
		}

		@GetMapping("/{habit}/fails")
		String fails(@PathVariable String habit) {
			throw new IllegalStateException("on purpose");
		}

	}

}
