package io.github.asyncmiddleware.ecosystem;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;

import io.netty.buffer.Unpooled;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.netty.DisposableServer;
import reactor.netty.http.server.HttpServer;
import reactor.netty.http.server.HttpServerRoutes;

/**
 * A server for a gateway to stand in front of.
 */
final class Backend implements AutoCloseable {

	static final int LARGE = 1_000_000;

	private final Sinks.Many<String> live = Sinks.many().multicast().onBackpressureBuffer(16, false);

	private final AtomicInteger attempts = new AtomicInteger();

	private final DisposableServer server = HttpServer.create().host("localhost").route(this::routes).bindNow();

	private void routes(HttpServerRoutes routes) {
		routes
			.get("/text",
					(request, response) -> response
						.header("X-Was-Through", String.valueOf(request.requestHeaders().get("X-Gateway")))
						.sendString(Mono.just("text")))
			.get("/large", (request, response) -> response.sendString(Flux.just("z".repeat(LARGE))))
			.get("/events",
					(request, response) -> response.sse()
						.sendString(Flux.just("data:1\n\n", "data:2\n\n", "data:3\n\n")))
			.get("/live",
					(request, response) -> response.sse()
						.send(this.live.asFlux().map((event) -> Unpooled.copiedBuffer(event, StandardCharsets.UTF_8)),
								(event) -> true))
			.get("/status/{status}",
					(request, response) -> response.status(Integer.parseInt(String.valueOf(request.param("status"))))
						.sendString(Mono.just("as you wish")))
			.get("/empty", (request, response) -> response.status(204).send())
			.get("/flaky",
					(request, response) -> response.status((this.attempts.incrementAndGet() % 2 == 1) ? 503 : 200)
						.sendString(Mono.just("at last")))
			.get("/never", (request, response) -> Mono.never())
			.get("/cut", (request, response) -> response.sse()
				.sendString(Flux.concat(Mono.just("data:1\n\n"),
						Mono.delay(Duration.ofMillis(50)).then(Mono.error(new IllegalStateException("on purpose"))))))
			.post("/echo", (request, response) -> response.send(request.receive().retain()))
			.post("/length",
					(request,
							response) -> response.sendString(request.receive()
								.asByteArray()
								.reduce(0, (length, part) -> length + part.length)
								.map(String::valueOf)))
			.ws("/socket", (incoming, outgoing) -> outgoing.sendString(incoming.receive().asString()));
	}

	int port() {
		return this.server.port();
	}

	/**
	 * Send to all that listen to what is live, once one does.
	 * @param data what to send
	 */
	void send(String data) {
		this.live.emitNext("data:" + data + "\n\n", Sinks.EmitFailureHandler.FAIL_FAST);
	}

	/**
	 * How many clients listen to what is live.
	 * @return their number
	 */
	int listeners() {
		return this.live.currentSubscriberCount();
	}

	@Override
	public void close() {
		this.server.disposeNow(Duration.ofSeconds(5));
	}

}
