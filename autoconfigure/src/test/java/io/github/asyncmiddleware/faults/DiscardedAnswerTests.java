package io.github.asyncmiddleware.faults;

import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.LiveResponse;
import io.github.asyncmiddleware.OnFailure;
import io.github.asyncmiddleware.OnRequest;
import io.github.asyncmiddleware.OnResponse;
import io.github.asyncmiddleware.testsupport.boot.Answer;
import io.github.asyncmiddleware.testsupport.boot.Client;
import io.github.asyncmiddleware.testsupport.boot.Http1Client;
import io.github.asyncmiddleware.testsupport.boot.Protocol;
import io.github.asyncmiddleware.testsupport.boot.Records;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.annotation.Order;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseCookie;
import org.springframework.http.ResponseEntity;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestAttribute;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.reactive.function.server.HandlerFilterFunction;
import org.springframework.web.reactive.function.server.RequestPredicates;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.server.ResponseStatusException;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for what is left of an answer that is not sent after all: nothing.
 */
class DiscardedAnswerTests {

	/** What answers carry here that says something about them and nothing else. */
	private static final List<String> GONE = List.of(HttpHeaders.ETAG, HttpHeaders.LAST_MODIFIED, HttpHeaders.LOCATION,
			HttpHeaders.WWW_AUTHENTICATE, HttpHeaders.EXPIRES, HttpHeaders.CONTENT_LANGUAGE,
			HttpHeaders.CONTENT_ENCODING, HttpHeaders.CONTENT_DISPOSITION, "X-Answer");

	private static final String BEGUN = "begun";

	private static final String GIVEN_UP = "givenUp";

	private static final List<String> ANSWERS = List.of("entity", "stream", "exchange", "router", "hook", "await");

	@RegisterExtension
	static final FaultServers servers = new FaultServers(App.class, "fails", "slow", "replaces", "gives-up");

	static Stream<Arguments> failures() {
		return Cases
			.of(List.of("throws", "signals", "later", "refuses", "loses"), ANSWERS, Cases.METHODS, Cases.protocols(),
					List.of(OnFailure.FAIL))
			.filter(DiscardedAnswerTests::isWorthwhile);
	}

	/** One answer is as good as another for HTTP/2. */
	private static boolean isWorthwhile(Arguments arguments) {
		List<Object> all = List.of(arguments.get());
		return all.contains(Protocol.HTTP_1_1) || all.contains("entity") || all.contains("exchange");
	}

	@ParameterizedTest
	@MethodSource("failures")
	void nothingOfItIsInTheErrorPageOfAMiddlewareThatFails(String how, String answer, String method, Protocol protocol,
			OnFailure onFailure) {
		assertErrorPage(how, answer, method, protocol, onFailure);
	}

	@ParameterizedTest
	@EnumSource(Protocol.class)
	void nothingOfItIsInTheErrorPageOfAnOpenMiddlewareEither(Protocol protocol) {
		assertErrorPage("throws", "entity", "GET", protocol, OnFailure.SKIP);
		assertErrorPage("later", "exchange", "GET", protocol, OnFailure.SKIP);
	}

	private void assertErrorPage(String how, String answer, String method, Protocol protocol, OnFailure onFailure) {
		Exchange exchange = servers.get(onFailure).exchange(protocol, method, "/fails/" + how + "/" + answer);
		int status = how.equals("refuses") ? 403 : 500;
		assertThat(exchange.answer().status()).isEqualTo(status);
		assertNothingIsLeft(exchange.answer());
		assertBody(exchange.answer(), method, "\"status\":" + status);
		boolean misused = how.equals("loses");
		assertRecorded(exchange, "error_page " + status, answer, misused ? "fails misused" : "fails failed",
				misused ? "misuse fails dropped_next" : null);
	}

	/**
	 * A middleware further in hears that it is cancelled when the answer is gone already,
	 * and must not undo what is done to the next one.
	 */
	@ParameterizedTest
	@MethodSource("forgotten")
	void nothingOfItIsBroughtBackByAMiddlewareThatDoesNotAwaitIt(String how, String method, Protocol protocol) {
		Exchange exchange = servers.get(OnFailure.FAIL).exchange(protocol, method, "/fails/" + how + "/forgotten");
		assertThat(exchange.answer().status()).isEqualTo(500);
		assertNothingIsLeft(exchange.answer());
		assertBody(exchange.answer(), method, "\"status\":500");
		exchange.assertRecorded("error_page 500", "outer passed", "stamp passed", "fails failed", "describes passed",
				"forgets passed", "misuse forgets unawaited_next");
	}

	static Stream<Arguments> forgotten() {
		return Cases.of(List.of("throws", "signals", "later"), Cases.METHODS, Cases.protocols());
	}

	static Stream<Arguments> answers() {
		return Cases.of(ANSWERS, Cases.METHODS, Cases.protocols()).filter(DiscardedAnswerTests::isWorthwhile);
	}

	@ParameterizedTest
	@MethodSource("answers")
	void nothingOfItIsInTheErrorPageOfATimeout(String answer, String method, Protocol protocol) {
		Exchange exchange = servers.get(OnFailure.FAIL).exchange(protocol, method, "/slow/own/" + answer);
		assertThat(exchange.answer().status()).isEqualTo(503);
		assertNothingIsLeft(exchange.answer());
		assertBody(exchange.answer(), method, "\"status\":503");
		assertRecorded(exchange, "error_page 503", answer, "slow timeout", null);
	}

	@ParameterizedTest
	@MethodSource("answers")
	void allOfItIsSentWhenTheTimeoutIsOpen(String answer, String method, Protocol protocol) {
		Exchange exchange = servers.get(OnFailure.SKIP).exchange(protocol, method, "/slow/own/" + answer);
		assertThat(exchange.answer().status()).isEqualTo(201);
		assertThat(GONE).allMatch(exchange.answer().headers()::containsHeader);
		assertBody(exchange.answer(), method, "answer");
		assertRecorded(exchange, "ok 201", answer, "slow timeout_open", null);
	}

	@ParameterizedTest
	@MethodSource("answers")
	void nothingOfItIsInTheOneThatReplacesIt(String answer, String method, Protocol protocol) {
		Exchange exchange = servers.get(OnFailure.FAIL).exchange(protocol, method, "/replaces/own/" + answer);
		assertThat(exchange.answer().status()).isEqualTo(202);
		assertNothingIsLeft(exchange.answer());
		assertBody(exchange.answer(), method, "own");
		assertRecorded(exchange, "ok 202", answer, "replaces passed", null);
	}

	static Stream<Arguments> fallbacks() {
		return Cases.of(List.of("text", "empty", "await"), List.of("prepares"), Cases.METHODS, Cases.protocols());
	}

	@ParameterizedTest
	@MethodSource("fallbacks")
	void nothingOfItIsInTheFallbackWhenItIsCancelledBeforeItIsWritten(String fallback, String answer, String method,
			Protocol protocol) {
		assertFallback(fallback, answer, method, protocol);
	}

	static Stream<Arguments> fallbacksOverSlowCommits() {
		List<String> answers = Stream.concat(ANSWERS.stream(), Stream.of("deaf")).toList();
		return Cases.of(List.of("text", "empty"), answers, List.of("GET"), Cases.protocols())
			.filter(DiscardedAnswerTests::isWorthwhile);
	}

	@ParameterizedTest
	@MethodSource("fallbacksOverSlowCommits")
	void nothingOfItIsInTheFallbackWhenItIsCancelledWhileItsCommitWaits(String fallback, String answer, String method,
			Protocol protocol) {
		assertFallback(fallback, answer, method, protocol);
	}

	private void assertFallback(String fallback, String answer, String method, Protocol protocol) {
		Exchange exchange = servers.get(OnFailure.FAIL)
			.exchange(protocol, method, "/gives-up/" + fallback + "/" + answer);
		assertThat(exchange.answer().status()).isEqualTo(504);
		assertNothingIsLeft(exchange.answer());
		assertThat(exchange.answer().body())
			.isEqualTo((fallback.equals("empty") || method.equals("HEAD")) ? "" : "gave up");
		String name = fallback.equals("await") ? "gives-up-await" : "gives-up";
		assertRecorded(exchange, "ok 504", answer, name + " passed", null);
	}

	static Stream<Arguments> conditionals() {
		return Cases.of(List.of("fails/throws", "slow/own", "replaces/own"), List.of("entity", "router", "conditional"),
				Cases.protocols());
	}

	@ParameterizedTest
	@MethodSource("conditionals")
	void whatIsSentInsteadOfANotModifiedIsWhole(String how, String answer, Protocol protocol) {
		Exchange exchange = servers.get(OnFailure.FAIL)
			.exchange(protocol, "GET", "/" + how + "/" + answer, "If-None-Match: \"answer\"");
		int status = switch (how) {
			case "fails/throws" -> 500;
			case "slow/own" -> 503;
			default -> 202;
		};
		assertThat(exchange.answer().status()).isEqualTo(status);
		assertNothingIsLeft(exchange.answer());
		assertThat(exchange.answer().body()).contains((status == 202) ? "own" : "\"status\":" + status);
	}

	/**
	 * Over HTTP/1.1 with a connection of its own, as Reactor Netty can forget one whose
	 * next request comes before the last has ended (reactor-netty#4361).
	 */
	private static Answer answer(Protocol protocol, Client client, String path) {
		if (protocol == Protocol.H2C) {
			return client.sendNext("GET", path);
		}
		try (Http1Client own = new Http1Client(servers.get(OnFailure.FAIL).port())) {
			Answer answer = own.sendNext("GET", path, "Connection: close");
			assertThat(own.readToEnd()).isEmpty();
			return answer;
		}
	}

	@ParameterizedTest
	@EnumSource(Protocol.class)
	void aCancelledOneNeverLendsItsLengthToAnother(Protocol protocol) {
		FaultServer server = servers.get(OnFailure.FAIL);
		Records before = server.records();
		try (Client client = protocol.connect(server.port())) {
			for (int i = 0; i < 1_000; i++) {
				Answer answer = answer(protocol, client, "/in-time/" + (1 + i % 4) + "/" + (1 + i % 3));
				assertThat(answer.text()).as("answer %d", i).isIn("201 in time, and with a longer text", "504 gave up");
				assertThat(answer.headers().containsHeader("X-Answer")).as("X-Answer with a %d", answer.status())
					.isEqualTo(answer.status() == 201);
			}
		}
		// None of them may be taken for one of the next test
		Patience.await().untilAsserted(() -> {
			Records records = server.records().since(before);
			assertThat(List.of("requests ", "own ", "ttfb ", "request.ttfb "))
				.allMatch((what) -> records.sum(what) == 1_000);
		});
	}

	/**
	 * What was set outside, before the rest of the chain was asked, is there as it was.
	 */
	private static void assertNothingIsLeft(Answer answer) {
		assertThat(GONE.stream().filter(answer.headers()::containsHeader)).isEmpty();
		assertThat(answer.headers().get(HttpHeaders.CACHE_CONTROL)).containsExactly("no-store");
		assertThat(answer.headers().get(HttpHeaders.SET_COOKIE)).containsExactly("outer=1");
		assertThat(answer.headers().get("X-Outer")).containsExactly("before");
		assertThat(answer.headers().get("X-Final")).containsExactly(Integer.toString(answer.status()));
		assertThat(answer.headers().getContentType()).isNotEqualTo(MediaType.parseMediaType("text/x-answer"));
	}

	private static void assertBody(Answer answer, String method, String text) {
		if (method.equals("HEAD")) {
			assertThat(answer.body()).isEmpty();
		}
		else {
			assertThat(answer.body()).contains(text).doesNotContain("answer".equals(text) ? "own" : "answer");
		}
	}

	private static void assertRecorded(Exchange exchange, String request, String answer, String result, String misuse) {
		Stream<String> inner = switch (answer) {
			case "hook" -> Stream.of("hook answered");
			case "await" -> Stream.of("await answered");
			default -> Stream.of();
		};
		Stream<String> others = Stream.concat(Stream.of("outer passed", "stamp passed", result), inner);
		exchange.assertRecorded(request, Stream.concat(others, Stream.ofNullable(misuse)).toArray(String[]::new));
	}

	private static void begins(ServerWebExchange exchange) {
		exchange.<Sinks.Empty<Void>>getRequiredAttribute(BEGUN).tryEmitEmpty();
	}

	private static void describe(HttpHeaders headers) {
		headers.set(HttpHeaders.CACHE_CONTROL, "public, max-age=31536000");
		headers.setETag("\"answer\"");
		headers.setLastModified(1_000_000_000_000L);
		headers.set(HttpHeaders.LOCATION, "/answer");
		headers.set(HttpHeaders.WWW_AUTHENTICATE, "Answer");
		headers.set(HttpHeaders.EXPIRES, "Sun, 09 Sep 2030 01:46:40 GMT");
		headers.set(HttpHeaders.CONTENT_LANGUAGE, "de");
		headers.set(HttpHeaders.CONTENT_ENCODING, "x-answer");
		headers.set(HttpHeaders.CONTENT_DISPOSITION, "attachment");
		headers.setContentType(MediaType.parseMediaType("text/x-answer"));
		headers.set("X-Answer", "yes");
		headers.add(HttpHeaders.SET_COOKIE, "answer=1");
	}

	private static ResponseEntity.BodyBuilder created() {
		return ResponseEntity.status(HttpStatus.CREATED).headers(DiscardedAnswerTests::describe);
	}

	/**
	 * One middleware for each way to discard an answer, between two that have something
	 * to add to whatever is sent.
	 */
	@Configuration(proxyBeanMethods = false)
	static class App {

		@Bean
		@AsyncMiddleware(order = 10, excludePath = { FaultServer.ALIVE, "/in-time/**" })
		WebFilter outer() {
			return (exchange, chain) -> {
				exchange.getResponse().getHeaders().set("X-Outer", "before");
				exchange.getResponse().getHeaders().set(HttpHeaders.CACHE_CONTROL, "no-store");
				exchange.getResponse().addCookie(ResponseCookie.from("outer", "1").build());
				return chain.filter(exchange);
			};
		}

		@Bean
		@AsyncMiddleware(order = 20, excludePath = { FaultServer.ALIVE, "/in-time/**" })
		Stamp stamp() {
			return new Stamp();
		}

		@Bean
		@AsyncMiddleware(order = 30, path = "/fails/**")
		HandlerFilterFunction<LiveResponse, ServerResponse> fails() {
			return (request, next) -> {
				Mono<LiveResponse> response = next.handle(request);
				return switch (Texts.part(request.exchange(), 1)) {
					case "throws" -> response.map((live) -> {
						live.headers().set("X-Answer", "changed");
						throw new IllegalStateException("fails");
					});
					case "signals" -> response.then(Mono.error(new IllegalStateException("fails")));
					case "later" -> response.delayElement(Duration.ofMillis(5))
						.flatMap((live) -> Mono.error(new IllegalStateException("fails")));
					case "refuses" ->
						response.flatMap((live) -> Mono.error(new ResponseStatusException(HttpStatus.FORBIDDEN)));
					default -> response.then(Mono.empty());
				};
			};
		}

		@Bean
		@AsyncMiddleware(order = 30, path = "/slow/**", timeout = "50ms")
		HandlerFilterFunction<LiveResponse, ServerResponse> slow() {
			return (request, next) -> next.handle(request).delayElement(Duration.ofSeconds(20)).map((live) -> live);
		}

		@Bean
		@AsyncMiddleware(order = 30, path = "/replaces/**")
		HandlerFilterFunction<LiveResponse, ServerResponse> replaces() {
			return (request, next) -> next.handle(request)
				.flatMap((live) -> ServerResponse.accepted().bodyValue("own"));
		}

		@Bean("gives-up")
		@AsyncMiddleware(order = 30, path = "/gives-up/**", excludePath = "/gives-up/await/**")
		WebFilter givesUp() {
			return (exchange, chain) -> chain.filter(exchange).timeout(begun(exchange), Mono.defer(() -> {
				exchange.<Sinks.Empty<Void>>getRequiredAttribute(GIVEN_UP).tryEmitEmpty();
				if (Texts.part(exchange, 1).equals("text")) {
					return Texts.answer(exchange, 504, "gave up");
				}
				exchange.getResponse().setStatusCode(HttpStatus.GATEWAY_TIMEOUT);
				return exchange.getResponse().setComplete();
			}));
		}

		@Bean("gives-up-await")
		@AsyncMiddleware(order = 30, path = "/gives-up/await/**")
		HandlerFilterFunction<LiveResponse, ServerResponse> givesUpAwait() {
			return (request, next) -> next.handle(request)
				.cast(ServerResponse.class)
				.timeout(begun(request.exchange()), ServerResponse.status(504).bodyValue("gave up"));
		}

		/**
		 * The moment in which an answer is to be given up: it has begun to wait.
		 */
		private static Mono<Void> begun(ServerWebExchange exchange) {
			Sinks.Empty<Void> begun = Sinks.empty();
			exchange.getAttributes().put(BEGUN, begun);
			exchange.getAttributes().put(GIVEN_UP, Sinks.<Void>empty());
			return begun.asMono().publishOn(Schedulers.parallel());
		}

		@Bean
		@AsyncMiddleware(order = 30, path = "/in-time/{limit}/**")
		WebFilter hurries() {
			return (exchange, chain) -> chain.filter(exchange)
				.timeout(Duration.ofMillis(Integer.parseInt(Texts.part(exchange, 1))),
						Texts.answer(exchange, 504, "gave up"));
		}

		@Bean
		@Order(40)
		WebFilter slowCommit() {
			return (exchange, chain) -> {
				String path = exchange.getRequest().getPath().value();
				if (path.startsWith("/gives-up/") && !path.endsWith("/prepares")) {
					ServerHttpResponse response = exchange.getResponse();
					// Goes on when it was given up, where that does not cancel it
					response.beforeCommit(() -> (response.getStatusCode() == HttpStatus.CREATED)
							? exchange.<Sinks.Empty<Void>>getRequiredAttribute(GIVEN_UP)
								.asMono()
								.doOnSubscribe((subscription) -> begins(exchange))
							: Mono.empty());
				}
				return chain.filter(exchange);
			};
		}

		@Bean
		@AsyncMiddleware(order = 50, path = "/*/*/forgotten")
		WebFilter describes() {
			return (exchange, chain) -> {
				describe(exchange.getResponse().getHeaders());
				return chain.filter(exchange).doOnTerminate(() -> {
				});
			};
		}

		@Bean
		@AsyncMiddleware(order = 60, path = "/*/*/forgotten")
		WebFilter forgets() {
			return (exchange, chain) -> {
				Sinks.Empty<Void> completed = Sinks.empty();
				exchange.getAttributes().put("completed", completed.asMono());
				chain.filter(exchange).subscribe((done) -> {
				}, (ex) -> {
				});
				return Mono.<Void>empty().doFinally((signal) -> completed.tryEmitEmpty());
			};
		}

		@Bean
		@AsyncMiddleware(order = 50, path = "/*/*/hook")
		Refusal hook() {
			return new Refusal();
		}

		@Bean
		@AsyncMiddleware(order = 50, path = "/*/*/await")
		HandlerFilterFunction<LiveResponse, ServerResponse> await() {
			return (request, next) -> ServerResponse.status(HttpStatus.CREATED)
				.headers(DiscardedAnswerTests::describe)
				.bodyValue("answer");
		}

		@Bean
		RouterFunction<ServerResponse> router() {
			return RouterFunctions.route(RequestPredicates.path("/*/*/router"), (request) -> ServerResponse
				.status(request.headers().header(HttpHeaders.IF_NONE_MATCH).isEmpty() ? HttpStatus.CREATED
						: HttpStatus.OK)
				.headers(DiscardedAnswerTests::describe)
				.bodyValue("answer"));
		}

		@Bean
		Endpoints endpoints() {
			return new Endpoints();
		}

	}

	/**
	 * Tells the final status, whatever is sent.
	 */
	static class Stamp {

		@OnResponse
		void stamp(ServerHttpResponse response, HttpStatusCode status) {
			response.getHeaders().set("X-Final", Integer.toString(status.value()));
		}

	}

	/**
	 * Answers instead of the handler.
	 */
	static class Refusal {

		@OnRequest(blocking = false)
		ResponseEntity<String> refuse() {
			return created().body("answer");
		}

	}

	/**
	 * Handlers that answer in the ways there are.
	 */
	@RestController
	static class Endpoints {

		@GetMapping("/*/*/forgotten")
		Mono<ResponseEntity<String>> forgotten(@RequestAttribute Mono<Void> completed) {
			return completed.thenReturn(created().body("answer"));
		}

		@GetMapping("/*/*/entity")
		ResponseEntity<String> entity(ServerWebExchange exchange) {
			boolean conditional = !exchange.getRequest().getHeaders().getIfNoneMatch().isEmpty();
			return (conditional ? ResponseEntity.ok().headers(DiscardedAnswerTests::describe) : created())
				.body("answer");
		}

		@GetMapping("/*/*/stream")
		ResponseEntity<Flux<String>> stream() {
			return created().body(Flux.just("ans", "wer"));
		}

		@GetMapping("/*/*/exchange")
		Mono<Void> exchange(ServerWebExchange exchange) {
			describe(exchange.getResponse().getHeaders());
			exchange.getResponse().getHeaders().setContentLength(6);
			return Texts.answer(exchange, 201, "answer");
		}

		/**
		 * Its writing hears nothing of a cancellation.
		 */
		@GetMapping("/*/*/deaf")
		Mono<Void> deaf(ServerWebExchange exchange) {
			describe(exchange.getResponse().getHeaders());
			Texts.answer(exchange, 201, "answer").subscribe((done) -> {
			}, (ex) -> {
			});
			return Mono.never();
		}

		@GetMapping("/*/*/prepares")
		Mono<Void> prepares(ServerWebExchange exchange) {
			describe(exchange.getResponse().getHeaders());
			exchange.getResponse().getHeaders().setContentLength(6);
			exchange.getResponse().setStatusCode(HttpStatus.CREATED);
			exchange.getResponse().addCookie(ResponseCookie.from("more", "1").build());
			return Mono.<Void>never()
				.doOnSubscribe((subscription) -> begins(exchange))
				.then(Texts.write(exchange, "answer"));
		}

		@GetMapping("/*/*/conditional")
		Mono<Void> conditional(ServerWebExchange exchange) {
			describe(exchange.getResponse().getHeaders());
			return exchange.checkNotModified("\"answer\"") ? exchange.getResponse().setComplete()
					: Texts.write(exchange, "answer");
		}

		@GetMapping("/in-time/{limit}/{delay}")
		Mono<ResponseEntity<String>> inTime(ServerWebExchange exchange) {
			return Mono.delay(Duration.ofMillis(Integer.parseInt(Texts.lastOf(exchange))))
				.map((done) -> ResponseEntity.status(HttpStatus.CREATED)
					.header("X-Answer", "yes")
					.body("in time, and with a longer text"));
		}

	}

}
