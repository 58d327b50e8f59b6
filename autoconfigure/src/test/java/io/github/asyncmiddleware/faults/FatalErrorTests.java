package io.github.asyncmiddleware.faults;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.OnFailure;
import io.github.asyncmiddleware.OnRequest;
import io.github.asyncmiddleware.testsupport.boot.Http1Client;
import io.github.asyncmiddleware.testsupport.boot.Records;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.publisher.Mono;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.server.ServerWebExchange;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for errors of the virtual machine in a hook that blocks, between others: the
 * client never takes nothing for an answer.
 */
class FatalErrorTests {

	@RegisterExtension
	static final FaultServers servers = new FaultServers(App.class, "first", "second");

	static Stream<Arguments> errors() {
		return Cases.of(List.of("stack", "internal", "linkage"), List.of("first", "second"),
				List.of("none", "waiting", "blocking", "at-once"), Cases.METHODS, List.of(OnFailure.values()));
	}

	@ParameterizedTest
	@MethodSource("errors")
	void endInAnErrorOrAClosedConnectionOrAreSkipped(String error, String thrower, String group, String method,
			OnFailure onFailure) {
		FaultServer server = servers.get(onFailure);
		AtomicInteger runs = server.bean(AtomicInteger.class);
		int before = runs.get();
		Records records = server.records();
		String bytes;
		try (Http1Client client = new Http1Client(server.port())) {
			bytes = client.sendLast(method, "/" + error + "/" + thrower + "/" + group, "Connection: close");
		}
		int ran = runs.get() - before;
		if (bytes.startsWith("HTTP/1.1 200 ")) {
			assertThat(onFailure).isEqualTo(OnFailure.SKIP);
			assertThat(ran).as("runs of the handler behind a 200").isEqualTo(1);
			assertThat(bytes).endsWith(method.equals("HEAD") ? "\r\n\r\n" : "\r\n\r\nhandled");
		}
		else {
			assertThat(bytes).matches("(?s)|HTTP/1\\.1 500 .*");
			assertThat(ran).as("runs of the handler").isZero();
		}
		assertRecordedOnce(server, records, bytes);
	}

	private static void assertRecordedOnce(FaultServer server, Records before, String bytes) {
		String result = bytes.isEmpty() ? "requests fatal"
				: bytes.startsWith("HTTP/1.1 200 ") ? "requests ok" : "requests error_page";
		Patience.await().untilAsserted(() -> {
			Records records = server.records().since(before);
			assertThat(records.count(result)).as("%s in %s", result, records).isEqualTo(1);
			assertThat(records.sum("requests ")).isEqualTo(1);
			assertThat(records.sum("own first ")).isEqualTo(1);
			assertThat(records.sum("request.ttfb ")).isEqualTo(bytes.isEmpty() ? 0 : 1);
		});
	}

	/**
	 * Two hooks that block, one behind the other, and a group that waits behind them.
	 */
	@Configuration(proxyBeanMethods = false)
	static class App {

		@Bean
		AtomicInteger runs() {
			return new AtomicInteger();
		}

		@Bean
		@AsyncMiddleware(order = 10, path = "/{error}/{thrower}/{group}")
		BlockingHook first() {
			return new BlockingHook("first");
		}

		@Bean
		@AsyncMiddleware(order = 20, path = "/{error}/{thrower}/{group}")
		BlockingHook second() {
			return new BlockingHook("second");
		}

		@Bean
		@AsyncMiddleware(order = 30, path = { "/*/*/waiting", "/*/*/at-once" }, concurrent = true)
		Member one() {
			return new Member();
		}

		@Bean
		@AsyncMiddleware(order = 40, path = { "/*/*/waiting", "/*/*/at-once" }, concurrent = true)
		Member other() {
			return new Member();
		}

		@Bean
		@AsyncMiddleware(order = 30, path = "/*/*/blocking", concurrent = true)
		BlockingHook blockingOne() {
			return new BlockingHook("none");
		}

		@Bean
		@AsyncMiddleware(order = 40, path = "/*/*/blocking", concurrent = true)
		BlockingHook blockingOther() {
			return new BlockingHook("none");
		}

		@Bean
		Endpoints endpoints(AtomicInteger runs) {
			return new Endpoints(runs);
		}

	}

	/**
	 * Blocks, and throws what the path says if that names it.
	 */
	static class BlockingHook {

		private final String name;

		BlockingHook(String name) {
			this.name = name;
		}

		@OnRequest
		void run(ServerWebExchange exchange) {
			if (Texts.part(exchange, 1).equals(this.name)) {
				switch (Texts.part(exchange, 0)) {
					case "stack" -> recurse(0);
					case "internal" -> throw new InternalError("internal");
					default -> throw new NoClassDefFoundError("linkage");
				}
			}
		}

		private static int recurse(int depth) {
			return (depth < 0) ? depth : recurse(depth + 1) + 1;
		}

	}

	/**
	 * One of a group, which waits if the path says so.
	 */
	static class Member {

		@OnRequest
		Mono<Void> run(ServerWebExchange exchange) {
			return Texts.lastOf(exchange).equals("waiting") ? Mono.delay(Duration.ofMillis(20)).then() : Mono.empty();
		}

	}

	/**
	 * A handler that counts how often it runs.
	 */
	@RestController
	static class Endpoints {

		private final AtomicInteger runs;

		Endpoints(AtomicInteger runs) {
			this.runs = runs;
		}

		@GetMapping("/{error}/{thrower}/{group}")
		String run() {
			this.runs.incrementAndGet();
			return "handled";
		}

	}

}
