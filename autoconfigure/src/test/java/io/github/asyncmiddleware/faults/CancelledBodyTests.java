package io.github.asyncmiddleware.faults;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.OnFailure;
import io.github.asyncmiddleware.testsupport.boot.Answer;
import io.github.asyncmiddleware.testsupport.boot.Client;
import io.github.asyncmiddleware.testsupport.boot.Protocol;
import io.github.asyncmiddleware.testsupport.boot.Records;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.server.WebFilter;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for a body that a middleware cancels when its head has gone out, and goes on as
 * if nothing had happened: what was sent never looks whole.
 */
class CancelledBodyTests {

	@RegisterExtension
	static final FaultServers servers = new FaultServers(App.class);

	private final FaultServer server = servers.get(OnFailure.FAIL);

	static Stream<Arguments> cases() {
		return Cases.of(List.of("completes", "answers", "times-out"), List.of("stream", "flushed"), Cases.protocols());
	}

	@ParameterizedTest
	@MethodSource("cases")
	void neverLooksWhole(String how, String body, Protocol protocol) {
		Records before = this.server.records();
		Answer answer = Client.exchange(protocol, this.server.port(), "GET", "/" + how + "/" + body);
		assertThat(answer.status()).isEqualTo(200);
		assertThat(answer.complete()).as("%s looks whole", answer).isFalse();
		Patience.await()
			.untilAsserted(() -> assertThat(this.server.records().since(before).all()).containsExactlyInAnyOrder(
					"requests gone_after_head", "request.ttfb 200", "own hurries passed", "ttfb hurries SUCCESS"));
	}

	/**
	 * A middleware that cancels a handler whose body never ends.
	 */
	@Configuration(proxyBeanMethods = false)
	static class App {

		/** Emits when a first element has been sent. */
		private final Sinks.Many<String> sent = Sinks.many().multicast().directBestEffort();

		@Bean
		@AsyncMiddleware(excludePath = FaultServer.ALIVE)
		WebFilter hurries() {
			return (exchange, chain) -> switch (Texts.part(exchange, 0)) {
				case "completes" -> chain.filter(exchange).takeUntilOther(this.sent.asFlux());
				case "answers" -> Mono.firstWithSignal(chain.filter(exchange),
						this.sent.asFlux().next().then(Texts.answer(exchange, 504, "gave up")));
				default -> chain.filter(exchange).timeout(this.sent.asFlux().next(), Mono.empty());
			};
		}

		@Bean
		Endless endless() {
			return new Endless(this.sent);
		}

	}

	/**
	 * Streams without an end.
	 */
	@RestController
	static class Endless {

		private final Sinks.Many<String> sent;

		Endless(Sinks.Many<String> sent) {
			this.sent = sent;
		}

		@GetMapping("/{how}/stream")
		Mono<Void> stream(ServerHttpResponse response) {
			return response.writeWith(elements(response));
		}

		@GetMapping("/{how}/flushed")
		Mono<Void> flushed(ServerHttpResponse response) {
			return response.writeAndFlushWith(elements(response).map(Mono::just));
		}

		private Flux<DataBuffer> elements(ServerHttpResponse response) {
			return Flux.range(0, Integer.MAX_VALUE).delayElements(Duration.ofMillis(5)).map((i) -> {
				if (i == 3) {
					this.sent.tryEmitNext("sent");
				}
				return response.bufferFactory().wrap("part ".getBytes(StandardCharsets.UTF_8));
			});
		}

	}

}
