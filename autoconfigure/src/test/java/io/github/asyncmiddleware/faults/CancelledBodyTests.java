package io.github.asyncmiddleware.faults;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.OnFailure;
import io.github.asyncmiddleware.testsupport.boot.Answer;
import io.github.asyncmiddleware.testsupport.boot.Client;
import io.github.asyncmiddleware.testsupport.boot.EventLoops;
import io.github.asyncmiddleware.testsupport.boot.Protocol;
import io.github.asyncmiddleware.testsupport.boot.Records;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.FluxSink;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;
import reactor.netty.http.HttpProtocol;
import reactor.netty.http.client.HttpClient;
import reactor.netty.resources.ConnectionProvider;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.http.ZeroCopyHttpOutputMessage;
import org.springframework.http.server.reactive.ServerHttpRequest;
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

	private static final int FILES = 100;

	@RegisterExtension
	static final FaultServers servers = new FaultServers(App.class);

	private final FaultServer server = servers.get(OnFailure.FAIL);

	static Stream<Arguments> cases() {
		return Cases.of(List.of("completes", "answers", "times-out"),
				List.of("stream", "flushed", "queued", "queued-later"), Cases.protocols());
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
	 * The server writes a file by itself, on another thread than that of the middleware.
	 * It is given up before, while and after the server is told to write it. The client
	 * lets it write without a pause.
	 */
	@ParameterizedTest
	@ValueSource(strings = { "completes", "answers", "times-out" })
	void neverLooksWholeWhenTheServerSendsAFile(String how) {
		Records before = this.server.records();
		ConnectionProvider connections = ConnectionProvider.create("files", 1);
		try {
			HttpClient client = HttpClient.create(connections)
				.protocol(HttpProtocol.H2C)
				.http2Settings((settings) -> settings.initialWindowSize(2 * App.LENGTH))
				.port(this.server.port());
			for (int i = 0; i < FILES; i++) {
				assertThat(end(client, "/" + how + "/file")).isIn("whole", "broken off");
			}
		}
		finally {
			connections.dispose();
		}
		Patience.await()
			.untilAsserted(() -> assertThat(this.server.records().since(before).sum("requests ")).isEqualTo(FILES));
	}

	/**
	 * An answer without a file is one, too: its handler was cancelled before the head.
	 */
	private static String end(HttpClient client, String path) {
		return client.get()
			.uri(path)
			.responseSingle((response, body) -> body.asByteArray()
				.map((bytes) -> bytes.length)
				.defaultIfEmpty(0)
				.map((length) -> (length == response.responseHeaders().getInt("content-length", 0)) ? "whole"
						: length + " bytes look whole"))
			.onErrorReturn(IOException.class, "broken off")
			.timeout(Duration.ofSeconds(10), Mono.just("no end"))
			.blockOptional()
			.orElseThrow();
	}

	/**
	 * A middleware that cancels a handler whose body never ends.
	 */
	@Configuration(proxyBeanMethods = false)
	static class App {

		static final int LENGTH = 1_000_000;

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
		Endless endless() throws IOException {
			Path file = Files.createTempFile("cancelled", ".bin");
			file.toFile().deleteOnExit();
			Files.writeString(file, "0123456789".repeat(LENGTH / 10));
			return new Endless(this.sent, file);
		}

	}

	/**
	 * Streams without an end, and a file.
	 */
	@RestController
	static class Endless {

		private final Sinks.Many<String> sent;

		private final Path file;

		/** There is one client. */
		private volatile int files;

		Endless(Sinks.Many<String> sent, Path file) {
			this.sent = sent;
			this.file = file;
		}

		@GetMapping("/{how}/file")
		Mono<Void> file(ServerHttpResponse response) {
			response.getHeaders().setContentLength(App.LENGTH);
			// In the moment in which the server begins, now a little before, now after
			long delay = (this.files++ % 100) * 10_000;
			Mono<Void> giveUp = Mono.<Void>fromRunnable(() -> {
				long due = System.nanoTime() + delay;
				while (System.nanoTime() < due) {
					Thread.onSpinWait();
				}
				this.sent.tryEmitNext("sent");
			}).subscribeOn(Schedulers.parallel());
			return Mono.when(giveUp, ((ZeroCopyHttpOutputMessage) response).writeWith(this.file, 0, App.LENGTH));
		}

		@GetMapping("/{how}/stream")
		Mono<Void> stream(ServerHttpResponse response) {
			return response.writeWith(elements(response));
		}

		@GetMapping("/{how}/flushed")
		Mono<Void> flushed(ServerHttpResponse response) {
			return response.writeAndFlushWith(elements(response).map(Mono::just));
		}

		/**
		 * The server has all elements when it is given up, and has written one of them,
		 * since its thread is held.
		 */
		@GetMapping("/{how}/queued")
		Mono<Void> queued(ServerHttpRequest request, ServerHttpResponse response) {
			return queued(request, response, Runnable::run);
		}

		/**
		 * As above, and nothing is in the middle of letting the body go.
		 */
		@GetMapping("/{how}/queued-later")
		Mono<Void> queuedLater(ServerHttpRequest request, ServerHttpResponse response) {
			return queued(request, response, EventLoops.of(request));
		}

		private Mono<Void> queued(ServerHttpRequest request, ServerHttpResponse response, Executor hold) {
			AtomicInteger requests = new AtomicInteger();
			Flux<DataBuffer> body = Flux.create((sink) -> sink.onRequest((n) -> {
				if (requests.getAndIncrement() == 0) {
					sink.next(part(response));
				}
				else {
					hold.execute(() -> hold(sink, response));
				}
			}));
			// All that can give it up is subscribed by then
			return Mono.defer(() -> response.writeWith(body))
				.subscribeOn(Schedulers.fromExecutor(EventLoops.of(request)));
		}

		private void hold(FluxSink<DataBuffer> sink, ServerHttpResponse response) {
			CountDownLatch givenUp = new CountDownLatch(1);
			Schedulers.parallel().schedule(() -> {
				sink.next(part(response)).next(part(response)).complete();
				this.sent.tryEmitNext("sent");
				givenUp.countDown();
			});
			try {
				givenUp.await(10, TimeUnit.SECONDS);
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
			}
		}

		private static DataBuffer part(ServerHttpResponse response) {
			return response.bufferFactory().wrap("part ".getBytes(StandardCharsets.UTF_8));
		}

		private Flux<DataBuffer> elements(ServerHttpResponse response) {
			return Flux.range(0, Integer.MAX_VALUE).delayElements(Duration.ofMillis(5)).map((i) -> {
				if (i == 3) {
					this.sent.tryEmitNext("sent");
				}
				return part(response);
			});
		}

	}

}
