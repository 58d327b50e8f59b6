package io.github.asyncmiddleware.testsupport;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Semaphore;

import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.io.FileSystemResource;
import org.springframework.core.io.Resource;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DefaultDataBufferFactory;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.http.codec.ServerSentEvent;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestMethod;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.reactive.HandlerMapping;
import org.springframework.web.reactive.config.EnableWebFlux;
import org.springframework.web.reactive.handler.SimpleUrlHandlerMapping;
import org.springframework.web.reactive.socket.WebSocketHandler;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebHandler;

/**
 * A WebFlux application with an endpoint for each kind of response.
 */
public final class WireApplication implements AutoCloseable {

	private final AnnotationConfigApplicationContext context = new AnnotationConfigApplicationContext();

	public WireApplication(Path file) {
		this.context.registerBean("file", FileSystemResource.class, () -> new FileSystemResource(file));
		this.context.register(Application.class, Endpoints.class);
		this.context.refresh();
	}

	public WebHandler handler() {
		return this.context.getBean("webHandler", WebHandler.class);
	}

	public Endpoints endpoints() {
		return this.context.getBean(Endpoints.class);
	}

	@Override
	public void close() {
		this.context.close();
	}

	@Configuration(proxyBeanMethods = false)
	@EnableWebFlux
	public static class Application {

		@Bean
		HandlerMapping webSocketMapping() {
			WebSocketHandler handler = (session) -> session.send(Mono.just(session.textMessage("hello")))
				.then(Mono.never());
			return new SimpleUrlHandlerMapping(Map.of("/ws", handler), -1);
		}

	}

	@RestController
	public static class Endpoints {

		private final Semaphore stuck = new Semaphore(0);

		private final Resource file;

		Endpoints(FileSystemResource file) {
			this.file = file;
		}

		public void awaitStuck() throws InterruptedException {
			this.stuck.acquire();
		}

		@RequestMapping(path = "/mono", method = RequestMethod.GET)
		Mono<String> mono() {
			return Mono.just("mono");
		}

		@RequestMapping("/other-thread")
		Mono<String> otherThread() {
			return Mono.just("mono").publishOn(Schedulers.parallel());
		}

		@RequestMapping(path = "/flux", produces = MediaType.TEXT_PLAIN_VALUE)
		Flux<String> flux() {
			return Flux.just("a", "b", "c").delayElements(Duration.ofMillis(2));
		}

		@RequestMapping("/sse")
		Flux<ServerSentEvent<String>> sse() {
			return Flux.just("a", "b").map((data) -> ServerSentEvent.builder(data).id(data).build());
		}

		@RequestMapping("/empty")
		Mono<String> empty() {
			return Mono.empty();
		}

		@RequestMapping("/no-content")
		ResponseEntity<Void> noContent() {
			return ResponseEntity.noContent().header("X-Extra", "1").build();
		}

		@RequestMapping("/not-modified")
		ResponseEntity<Void> notModified() {
			return ResponseEntity.status(HttpStatus.NOT_MODIFIED).eTag("\"1\"").build();
		}

		@RequestMapping("/redirect")
		ResponseEntity<Void> redirect() {
			return ResponseEntity.status(HttpStatus.FOUND).header("Location", "/mono").build();
		}

		@RequestMapping("/file")
		Resource file() {
			return this.file;
		}

		@RequestMapping("/advice")
		Mono<String> advice() {
			return Mono.error(new UnsupportedOperationException("teapot"));
		}

		@ExceptionHandler
		ResponseEntity<String> handle(UnsupportedOperationException ex) {
			return ResponseEntity.status(HttpStatus.I_AM_A_TEAPOT).body(ex.getMessage());
		}

		@RequestMapping("/fails")
		Mono<String> fails() {
			return Mono.delay(Duration.ofMillis(1)).then(Mono.error(new IllegalStateException("fails")));
		}

		@RequestMapping("/throws")
		String throwing() {
			throw new IllegalStateException("throws");
		}

		@RequestMapping(path = "/flux-fails", produces = MediaType.TEXT_PLAIN_VALUE)
		Flux<String> fluxFails() {
			return Flux.just("a", "b")
				.delayElements(Duration.ofMillis(1))
				.concatWith(Flux.error(new IllegalStateException("late")));
		}

		@RequestMapping("/group-fails")
		Mono<Void> groupFails(ServerWebExchange exchange) {
			Flux<DataBuffer> group = Flux.just("a", "b")
				.delayElements(Duration.ofMillis(1))
				.map(Endpoints::buffer)
				.concatWith(Flux.error(new IllegalStateException("late")));
			return exchange.getResponse().writeAndFlushWith(Flux.just(group));
		}

		@RequestMapping("/stuck")
		Mono<String> stuck() {
			return Mono.<String>never().doOnSubscribe((subscription) -> this.stuck.release());
		}

		@RequestMapping(path = "/endless-flux", produces = MediaType.TEXT_PLAIN_VALUE)
		Flux<DataBuffer> endlessFlux() {
			return Flux.interval(Duration.ofMillis(1)).onBackpressureDrop().map((i) -> buffer("tick"));
		}

		@RequestMapping(path = "/endless-sse", produces = MediaType.TEXT_EVENT_STREAM_VALUE)
		Mono<Void> endlessSse(ServerWebExchange exchange) {
			exchange.getResponse().getHeaders().setContentType(MediaType.TEXT_EVENT_STREAM);
			return exchange.getResponse()
				.writeAndFlushWith(Flux.interval(Duration.ofMillis(1))
					.onBackpressureDrop()
					.map((i) -> Flux.just(buffer("data:tick\n\n"))));
		}

		@RequestMapping("/endless-group")
		Mono<Void> endlessGroup(ServerWebExchange exchange) {
			Flux<DataBuffer> group = Flux.interval(Duration.ofMillis(1))
				.onBackpressureDrop()
				.map((i) -> buffer("tick"));
			return exchange.getResponse().writeAndFlushWith(Flux.just(group));
		}

		@RequestMapping("/commit-action")
		Mono<Void> commitAction(ServerWebExchange exchange) {
			exchange.getResponse()
				.beforeCommit(() -> Mono.delay(Duration.ofMillis(1))
					.doOnNext((done) -> exchange.getResponse().getHeaders().set("X-Late", "yes"))
					.then());
			return exchange.getResponse().writeWith(Mono.just(buffer("body")));
		}

		@RequestMapping("/failing-commit-action")
		Mono<Void> failingCommitAction(ServerWebExchange exchange) {
			exchange.getResponse().beforeCommit(() -> Mono.error(new IllegalStateException("commit")));
			return exchange.getResponse().writeWith(Mono.just(buffer("body")));
		}

		@RequestMapping("/eager")
		Mono<Void> eager(ServerWebExchange exchange) {
			return exchange.getResponse().setComplete();
		}

		private static DataBuffer buffer(String text) {
			return DefaultDataBufferFactory.sharedInstance.wrap(text.getBytes(StandardCharsets.UTF_8));
		}

	}

}
