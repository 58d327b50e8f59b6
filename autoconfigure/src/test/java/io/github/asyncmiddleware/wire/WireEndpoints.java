package io.github.asyncmiddleware.wire;

import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.io.FileSystemResource;
import org.springframework.core.io.Resource;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DefaultDataBufferFactory;
import org.springframework.http.CacheControl;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ProblemDetail;
import org.springframework.http.ResponseCookie;
import org.springframework.http.ResponseEntity;
import org.springframework.http.codec.ServerSentEvent;
import org.springframework.http.codec.multipart.FilePart;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.web.bind.annotation.CrossOrigin;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RequestPart;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.reactive.HandlerMapping;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.reactive.handler.SimpleUrlHandlerMapping;
import org.springframework.web.reactive.socket.WebSocketHandler;
import org.springframework.web.server.ResponseStatusException;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebSession;

/**
 * An application that answers in every way there is, the same each time.
 */
@Configuration(proxyBeanMethods = false)
@EnableAutoConfiguration
class WireEndpoints {

	/** In a directory of its own, for each process that runs tests. */
	private static final Path FILE = Path.of("target", "wire-files-" + System.getProperty("test.process", "alone"),
			"file.txt");

	@Bean
	RouterFunction<ServerResponse> routes(FileSystemResource file) throws IOException {
		return RouterFunctions.route()
			.GET("/routed", (request) -> ServerResponse.ok().bodyValue("routed"))
			.GET("/routed-fails", (request) -> Mono.error(new IllegalStateException("no")))
			.resources("/files/**", new FileSystemResource(file.getFile().getParent() + "/"))
			.build();
	}

	/**
	 * 100,000 bytes.
	 */
	@Bean
	FileSystemResource file() throws IOException {
		Files.createDirectories(FILE.getParent());
		Files.writeString(FILE, "0123456789".repeat(10_000));
		Files.setLastModifiedTime(FILE, java.nio.file.attribute.FileTime.from(Instant.EPOCH));
		return new FileSystemResource(FILE);
	}

	@Bean
	HandlerMapping webSockets() {
		Map<String, WebSocketHandler> handlers = new LinkedHashMap<>();
		handlers.put("/socket", (session) -> session
			.send(session.receive().map((message) -> session.textMessage(message.getPayloadAsText()))));
		handlers.put("/socket/closes", (session) -> session.send(Mono.just(session.textMessage("bye"))));
		return new SimpleUrlHandlerMapping(handlers, -1);
	}

	/** Something with a body of its own. */
	record Person(String name, int age) {

	}

	/** An exception that a controller renders. */
	static class AdvisedException extends RuntimeException {

	}

	@RestController
	static class Controller {

		private static final Person ANN = new Person("ann", 7);

		private static final DefaultDataBufferFactory BUFFERS = DefaultDataBufferFactory.sharedInstance;

		private static final String LARGE = "0123456789abcdef".repeat(20_000);

		private static DataBuffer buffer(String text) {
			return BUFFERS.wrap(text.getBytes(StandardCharsets.UTF_8));
		}

		@GetMapping("/text")
		String text() {
			return "text";
		}

		@GetMapping("/alive")
		Mono<String> alive() {
			return Mono.delay(Duration.ofMillis(1)).thenReturn("alive");
		}

		@GetMapping("/empty")
		void empty() {
		}

		@GetMapping("/mono-empty")
		Mono<Void> monoEmpty() {
			return Mono.delay(Duration.ofMillis(1)).then();
		}

		@GetMapping("/json")
		Mono<Person> json() {
			return Mono.just(ANN);
		}

		@GetMapping("/json-flux")
		Flux<Person> jsonFlux() {
			return Flux.just(ANN, ANN, ANN);
		}

		@GetMapping(path = "/ndjson", produces = MediaType.APPLICATION_NDJSON_VALUE)
		Flux<Person> ndjson() {
			return Flux.just(ANN, ANN, ANN).delayElements(Duration.ofMillis(1));
		}

		@GetMapping("/sse")
		Flux<ServerSentEvent<Person>> sse() {
			return Flux.range(0, 3).map((i) -> ServerSentEvent.builder(ANN).id("" + i).event("person").build());
		}

		@GetMapping(path = "/sse-text", produces = MediaType.TEXT_EVENT_STREAM_VALUE)
		Flux<String> sseText() {
			return Flux.just("a", "b\nc").delayElements(Duration.ofMillis(1));
		}

		@GetMapping("/bytes")
		byte[] bytes() {
			return new byte[] { 0, 1, 2, (byte) 255 };
		}

		@GetMapping(path = "/buffer", produces = MediaType.APPLICATION_OCTET_STREAM_VALUE)
		Mono<DataBuffer> oneBuffer() {
			return Mono.fromSupplier(() -> buffer("buffer"));
		}

		@GetMapping(path = "/buffers", produces = MediaType.APPLICATION_OCTET_STREAM_VALUE)
		Flux<DataBuffer> buffers() {
			return Flux.just("one", "two", "three").map(Controller::buffer);
		}

		@GetMapping("/slow")
		Flux<String> slow() {
			return Flux.just("one", "two", "three").delayElements(Duration.ofMillis(2));
		}

		@GetMapping("/large")
		String large() {
			return LARGE;
		}

		@GetMapping(path = "/large-flux", produces = MediaType.TEXT_PLAIN_VALUE)
		Flux<DataBuffer> largeFlux() {
			return Flux.range(0, 40).map((i) -> buffer(LARGE.substring(0, 8_192)));
		}

		@GetMapping("/with-length")
		Mono<Void> withLength(ServerHttpResponse response) {
			response.getHeaders().setContentLength(6);
			return response.writeWith(Flux.just("abc", "def").map(Controller::buffer));
		}

		@GetMapping("/cookies")
		String cookies(ServerHttpResponse response) {
			response.addCookie(ResponseCookie.from("a", "1").path("/").httpOnly(true).build());
			response.addCookie(ResponseCookie.from("b", "2").sameSite("Lax").build());
			return "cookies";
		}

		@GetMapping("/headers")
		ResponseEntity<String> headers() {
			return ResponseEntity.ok()
				.header("X-One", "1", "2")
				.header("Vary", "A, B")
				.cacheControl(CacheControl.noStore())
				.body("headers");
		}

		@GetMapping("/no-content")
		ResponseEntity<Void> noContent() {
			return ResponseEntity.noContent().build();
		}

		@GetMapping("/reset-content")
		ResponseEntity<Void> resetContent() {
			return ResponseEntity.status(HttpStatus.RESET_CONTENT).build();
		}

		@GetMapping("/not-modified")
		ResponseEntity<Void> notModified() {
			return ResponseEntity.status(HttpStatus.NOT_MODIFIED).eTag("\"one\"").build();
		}

		@GetMapping("/etag")
		ResponseEntity<String> etag() {
			return ResponseEntity.ok().eTag("\"one\"").body("tagged");
		}

		@GetMapping("/checked")
		Mono<String> checked(ServerWebExchange exchange) {
			return exchange.checkNotModified("\"one\"") ? Mono.empty() : Mono.just("checked");
		}

		@GetMapping("/last-modified")
		ResponseEntity<String> lastModified() {
			return ResponseEntity.ok().lastModified(Instant.EPOCH).body("old");
		}

		@GetMapping("/redirect")
		ResponseEntity<Void> redirect() {
			return ResponseEntity.status(HttpStatus.FOUND).location(URI.create("/text")).build();
		}

		@GetMapping("/created")
		ResponseEntity<Person> created() {
			return ResponseEntity.created(URI.create("/people/1")).body(ANN);
		}

		@GetMapping("/accepted")
		Mono<ResponseEntity<String>> accepted() {
			return Mono.delay(Duration.ofMillis(2)).map((tick) -> ResponseEntity.accepted().body("later"));
		}

		@GetMapping("/session")
		String session(WebSession session) {
			session.getAttributes().put("name", "ann");
			return "session";
		}

		@GetMapping("/problem")
		ProblemDetail problem() {
			return ProblemDetail.forStatusAndDetail(HttpStatus.CONFLICT, "no");
		}

		@GetMapping("/throws")
		String fails() {
			throw new IllegalStateException("no");
		}

		@GetMapping("/fails")
		Mono<String> failsLater() {
			return Mono.delay(Duration.ofMillis(1)).then(Mono.error(new IllegalStateException("no")));
		}

		@GetMapping("/teapot")
		Mono<String> teapot() {
			return Mono.error(new ResponseStatusException(HttpStatus.I_AM_A_TEAPOT));
		}

		@GetMapping("/advised")
		String advised() {
			throw new AdvisedException();
		}

		@ExceptionHandler(AdvisedException.class)
		ResponseEntity<String> advice() {
			return ResponseEntity.status(HttpStatus.BAD_GATEWAY).body("advice");
		}

		@GetMapping("/entity-mono")
		ResponseEntity<Mono<Person>> entityMono() {
			return ResponseEntity.ok().header("X-Mono", "1").body(Mono.just(ANN));
		}

		@GetMapping("/entity-flux")
		Mono<ResponseEntity<Flux<Person>>> entityFlux() {
			return Mono.just(ResponseEntity.ok().body(Flux.just(ANN, ANN)));
		}

		@GetMapping("/future")
		CompletableFuture<String> future() {
			return CompletableFuture.supplyAsync(() -> "future");
		}

		@GetMapping("/completed")
		Mono<Void> completed(ServerWebExchange exchange) {
			return exchange.getResponse().setComplete();
		}

		@GetMapping("/status-only")
		Mono<Void> statusOnly(ServerWebExchange exchange) {
			exchange.getResponse().setStatusCode(HttpStatus.PAYMENT_REQUIRED);
			return Mono.empty();
		}

		@GetMapping(path = "/cut", produces = MediaType.TEXT_PLAIN_VALUE)
		Flux<DataBuffer> cut() {
			return Flux.just("one", "two").map(Controller::buffer).concatWith(Mono.error(new IOException("cut")));
		}

		@GetMapping("/cut-length")
		Mono<Void> cutLength(ServerHttpResponse response) {
			response.getHeaders().setContentLength(100);
			Publisher<DataBuffer> body = Flux.just("one", "two")
				.map(Controller::buffer)
				.concatWith(Mono.error(new IOException("cut")));
			return response.writeWith(body);
		}

		@GetMapping("/error-404")
		Mono<Void> error404() {
			return Mono.error(new ResponseStatusException(HttpStatus.NOT_FOUND, "not here"));
		}

		@GetMapping("/late-fails")
		Mono<String> lateFails(ServerWebExchange exchange) {
			exchange.getResponse().beforeCommit(() -> Mono.error(new IllegalStateException("commit")));
			return Mono.just("never");
		}

		@GetMapping("/forwarded")
		String forwarded(ServerWebExchange exchange) {
			return exchange.getRequest().getURI().toString().replaceAll(":\\d+", "");
		}

		@GetMapping("/resource")
		Resource resource() {
			return new FileSystemResource(FILE);
		}

		@GetMapping("/number")
		String number(@RequestParam int n) {
			return "number " + n;
		}

		@CrossOrigin("https://example.org")
		@GetMapping("/cross")
		String cross() {
			return "cross";
		}

		@RequestMapping("/any")
		String any(ServerWebExchange exchange) {
			return exchange.getRequest().getMethod().name();
		}

		@PostMapping("/echo")
		Mono<String> echo(@RequestBody Mono<String> body) {
			return body;
		}

		@PostMapping(path = "/echo-stream", produces = MediaType.APPLICATION_OCTET_STREAM_VALUE)
		Mono<byte[]> echoStream(@RequestBody Mono<byte[]> body) {
			return body;
		}

		@PostMapping(path = "/echo-json", consumes = MediaType.APPLICATION_JSON_VALUE)
		Mono<Person> echoJson(@RequestBody Mono<Person> person) {
			return person;
		}

		@PostMapping("/form")
		Mono<String> form(ServerWebExchange exchange) {
			return exchange.getFormData().map(Map::toString);
		}

		@PostMapping("/upload")
		Mono<String> upload(@RequestPart String name, @RequestPart FilePart file) {
			return file.content()
				.map((buffer) -> buffer.toString(StandardCharsets.UTF_8))
				.reduce(name + " " + file.filename() + " ", String::concat);
		}

		@PostMapping("/unread")
		ResponseEntity<String> unread() {
			return ResponseEntity.status(HttpStatus.UNAUTHORIZED).body("unread");
		}

	}

}
