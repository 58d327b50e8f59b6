package io.github.asyncmiddleware.context;

import java.security.Principal;
import java.time.Duration;
import java.util.Base64;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.Stream;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.OnFailure;
import io.github.asyncmiddleware.OnRequest;
import io.github.asyncmiddleware.OnResponse;
import io.github.asyncmiddleware.testsupport.boot.Answer;
import io.github.asyncmiddleware.testsupport.boot.BootServer;
import io.github.asyncmiddleware.testsupport.boot.Client;
import io.github.asyncmiddleware.testsupport.boot.Protocol;
import io.micrometer.context.ContextRegistry;
import io.micrometer.observation.contextpropagation.ObservationThreadLocalAccessor;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.slf4j.MDC;
import reactor.core.publisher.Hooks;
import reactor.core.publisher.Mono;

import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.annotation.Order;
import org.springframework.http.HttpStatus;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.security.config.Customizer;
import org.springframework.security.config.web.server.ServerHttpSecurity;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.context.SecurityContextHolder;
import org.springframework.security.core.userdetails.MapReactiveUserDetailsService;
import org.springframework.security.core.userdetails.User;
import org.springframework.security.web.server.SecurityWebFilterChain;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.server.ResponseStatusException;
import org.springframework.web.server.WebFilter;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for what hooks see of the user and the context when they are told of the head.
 */
@TestInstance(Lifecycle.PER_CLASS)
class ResponseHookContextIntegrationTests {

	private static final String TENANT_KEY = "response-hook-tests-tenant";

	private static final String ID_KEY = "response-hook-tests-id";

	private static final String OBSERVED = " observed";

	private static final ThreadLocal<@Nullable String> TENANT = new ThreadLocal<>();

	private BootServer server;

	private int requests;

	@BeforeAll
	void start() {
		ContextRegistry.getInstance().registerThreadLocalAccessor(TENANT_KEY, TENANT);
		ContextRegistry.getInstance()
			.registerThreadLocalAccessor(ID_KEY, () -> MDC.get("id"), (id) -> MDC.put("id", id),
					() -> MDC.remove("id"));
		this.server = BootServer.startSecured(Application.class);
	}

	@AfterAll
	void stop() {
		this.server.close();
		ContextRegistry.getInstance().removeThreadLocalAccessor(TENANT_KEY);
		ContextRegistry.getInstance().removeThreadLocalAccessor(ID_KEY);
	}

	@AfterEach
	void reset() {
		Hooks.resetOnOperatorDebug();
		Hooks.disableAutomaticContextPropagation();
	}

	/**
	 * What is done to the operators of Reactor, and what is asked for.
	 */
	static Stream<Arguments> answersWithOperators() {
		return Stream.of("nothing", "debug", "propagation", "debug and propagation")
			.flatMap((operators) -> answers()
				.map((answer) -> Arguments.of(Stream.concat(Stream.of(operators), Stream.of(answer.get())).toArray())));
	}

	static Stream<Arguments> answers() {
		return Stream.of(Protocol.values())
			.flatMap((protocol) -> Stream.of(Arguments.of(protocol, "GET", "/skips", 200),
					Arguments.of(protocol, "GET", "/ok", 200), Arguments.of(protocol, "GET", "/later", 200),
					Arguments.of(protocol, "HEAD", "/ok", 200), Arguments.of(protocol, "GET", "/advice", 418),
					Arguments.of(protocol, "GET", "/unknown", 404), Arguments.of(protocol, "HEAD", "/unknown", 404),
					Arguments.of(protocol, "POST", "/unknown", 404), Arguments.of(protocol, "POST", "/ok", 405),
					Arguments.of(protocol, "GET", "/throws", 500), Arguments.of(protocol, "GET", "/fails", 500),
					Arguments.of(protocol, "GET", "/failsLater", 500), Arguments.of(protocol, "GET", "/gone", 410),
					Arguments.of(protocol, "GET", "/refused", 403), Arguments.of(protocol, "GET", "/refusedLater", 403),
					Arguments.of(protocol, "GET", "/breaks", 500), Arguments.of(protocol, "GET", "/slow", 503)));
	}

	@ParameterizedTest
	@MethodSource("answersWithOperators")
	void isThatWithWhichTheirMiddlewareWasEntered(String operators, Protocol protocol, String method, String path,
			int status) {
		if (operators.contains("debug")) {
			Hooks.onOperatorDebug();
		}
		if (operators.contains("propagation")) {
			Hooks.enableAutomaticContextPropagation();
		}
		String id = "id-" + this.requests++;
		Answer answer = call(protocol, method, path, "X-Id: " + id);
		assertThat(answer.status()).isEqualTo(status);
		assertThat(answer.fields()).containsAllEntriesOf(
				Map.of("x-sync", "user user acme " + id + OBSERVED, "x-future", "user user acme " + id + OBSERVED,
						"x-blocking", "user user acme " + id + OBSERVED, "x-async", "user acme " + id + OBSERVED,
						"x-inner", "bob user inner " + id + OBSERVED, "x-inner-async", "bob inner " + id + OBSERVED));
	}

	static Stream<Arguments> protocols() {
		return Stream.of(Protocol.values()).map(Arguments::of);
	}

	@ParameterizedTest
	@MethodSource("protocols")
	void isThatAlsoForTheOneThatFails(Protocol protocol) {
		Answer answer = call(protocol, "GET", "/ownFails", "X-Id: own");
		assertThat(answer.status()).isEqualTo(500);
		assertThat(answer.fields()).containsEntry("x-own-fails", "user user acme own" + OBSERVED)
			.containsEntry("x-sync", "user user acme own" + OBSERVED);
	}

	@ParameterizedTest
	@MethodSource("protocols")
	void isNotThatOfAnEarlierRequest(Protocol protocol) {
		for (int i = 0; i < 20; i++) {
			call(protocol, "GET", (i % 2 == 0) ? "/fails" : "/ok", "X-Id: earlier");
			assertThat(call(protocol, "GET", (i % 3 == 0) ? "/fails" : "/ok").fields())
				.containsEntry("x-sync", "user user acme null" + OBSERVED)
				.containsEntry("x-blocking", "user user acme null" + OBSERVED)
				.containsEntry("x-async", "user acme null" + OBSERVED);
		}
	}

	private Answer call(Protocol protocol, String method, String path, String... headers) {
		String credentials = "Authorization: Basic " + Base64.getEncoder().encodeToString("user:secret".getBytes());
		return Client.exchange(protocol, this.server.port(), method, path,
				Stream.concat(Stream.of(credentials), Stream.of(headers)).toArray(String[]::new));
	}

	/**
	 * The user that is asked for, and what is on the thread.
	 */
	static String onThread(@Nullable Principal principal) {
		Authentication authentication = SecurityContextHolder.getContext().getAuthentication();
		return name(principal) + " " + name(authentication) + " " + TENANT.get() + " " + MDC.get("id")
				+ ((ObservationThreadLocalAccessor.getInstance().getValue() != null) ? OBSERVED : "");
	}

	/**
	 * The user that is asked for, and what is in the context.
	 */
	static Mono<String> inContext(@Nullable Principal principal) {
		return Mono.deferContextual(
				(context) -> Mono.just(name(principal) + " " + context.<@Nullable String>getOrDefault(TENANT_KEY, null)
						+ " " + context.<@Nullable String>getOrDefault(ID_KEY, null)
						+ (context.hasKey(ObservationThreadLocalAccessor.KEY) ? OBSERVED : "")));
	}

	private static @Nullable String name(@Nullable Principal principal) {
		return (principal != null) ? principal.getName() : null;
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class Application {

		@Bean
		MapReactiveUserDetailsService users() {
			return new MapReactiveUserDetailsService(
					User.withUsername("user").password("{noop}secret").roles("USER").build());
		}

		@Bean
		SecurityWebFilterChain security(ServerHttpSecurity http) {
			return http.httpBasic(Customizer.withDefaults())
				.csrf(ServerHttpSecurity.CsrfSpec::disable)
				.authorizeExchange((exchange) -> exchange.anyExchange().authenticated())
				.build();
		}

		@Bean
		@Order(-50)
		WebFilter context() {
			return (exchange, chain) -> chain.filter(exchange).contextWrite((context) -> {
				String id = exchange.getRequest().getHeaders().getFirst("X-Id");
				return context.put(TENANT_KEY, "acme").putAllMap((id != null) ? Map.of(ID_KEY, id) : Map.of());
			});
		}

		@Bean
		@AsyncMiddleware(order = 1)
		Sync sync() {
			return new Sync();
		}

		@Bean
		@AsyncMiddleware(order = 2)
		Async async() {
			return new Async();
		}

		@Bean
		@AsyncMiddleware(order = 3)
		Futures future() {
			return new Futures();
		}

		@Bean
		@AsyncMiddleware(order = 4)
		Blocking blocking() {
			return new Blocking();
		}

		@Bean
		@AsyncMiddleware(order = 5, path = "/ownFails")
		OwnFails ownFails() {
			return new OwnFails();
		}

		@Bean
		@AsyncMiddleware(order = 6, path = "/skips", timeout = "20ms", onFailure = OnFailure.SKIP)
		WebFilter skipped() {
			return (exchange, chain) -> Mono.never();
		}

		@Bean
		@Order(10)
		WebFilter innerContext() {
			Principal bob = () -> "bob";
			return (exchange, chain) -> chain.filter(exchange.mutate().principal(Mono.just(bob)).build())
				.contextWrite((context) -> context.put(TENANT_KEY, "inner"));
		}

		@Bean
		@AsyncMiddleware(order = 11)
		Inner inner() {
			return new Inner();
		}

		@Bean
		@AsyncMiddleware(order = 12)
		InnerAsync innerAsync() {
			return new InnerAsync();
		}

		@Bean
		@AsyncMiddleware(order = 20, path = "/refused")
		WebFilter refuses() {
			return (exchange, chain) -> {
				exchange.getResponse().setStatusCode(HttpStatus.FORBIDDEN);
				return Mono.empty();
			};
		}

		@Bean
		@AsyncMiddleware(order = 20, path = "/refusedLater")
		WebFilter refusesLater() {
			return (exchange, chain) -> Mono.delay(Duration.ofMillis(5)).then(Mono.defer(() -> {
				exchange.getResponse().setStatusCode(HttpStatus.FORBIDDEN);
				return exchange.getResponse().setComplete();
			}));
		}

		@Bean
		@AsyncMiddleware(order = 20, path = "/breaks")
		WebFilter breaks() {
			return (exchange, chain) -> Mono.delay(Duration.ofMillis(5))
				.then(Mono.error(new IllegalStateException("breaks")));
		}

		@Bean
		@AsyncMiddleware(order = 20, path = "/slow", timeout = "50ms")
		WebFilter slow() {
			return (exchange, chain) -> Mono.never();
		}

		@Bean
		Handlers handlers() {
			return new Handlers();
		}

	}

	/**
	 * Is called where the request is.
	 */
	static class Sync {

		@OnResponse
		void out(@Nullable Principal principal, ServerHttpResponse response) {
			response.getHeaders().set("X-Sync", onThread(principal));
		}

	}

	/**
	 * Looks into the context.
	 */
	static class Async {

		@OnResponse
		Mono<Void> out(@Nullable Principal principal, ServerHttpResponse response) {
			return inContext(principal).doOnNext((seen) -> response.getHeaders().set("X-Async", seen)).then();
		}

	}

	/**
	 * Is called where the request is.
	 */
	static class Futures {

		@OnResponse
		CompletionStage<Void> out(@Nullable Principal principal, ServerHttpResponse response) {
			response.getHeaders().set("X-Future", onThread(principal));
			return CompletableFuture.completedFuture(null);
		}

	}

	/**
	 * Is called on another thread.
	 */
	static class Blocking {

		@OnResponse(blocking = true)
		void out(@Nullable Principal principal, ServerHttpResponse response) {
			response.getHeaders().set("X-Blocking", onThread(principal));
		}

	}

	/**
	 * Fails itself.
	 */
	static class OwnFails {

		@OnRequest
		void in() {
			throw new IllegalStateException("own");
		}

		@OnResponse
		void out(@Nullable Principal principal, ServerHttpResponse response) {
			response.getHeaders().set("X-Own-Fails", onThread(principal));
		}

	}

	/**
	 * Was entered with another user and tenant.
	 */
	static class Inner {

		@OnResponse
		void out(@Nullable Principal principal, ServerHttpResponse response) {
			response.getHeaders().set("X-Inner", onThread(principal));
		}

	}

	/**
	 * Was entered with another user and tenant.
	 */
	static class InnerAsync {

		@OnResponse
		Mono<Void> out(@Nullable Principal principal, ServerHttpResponse response) {
			return inContext(principal).doOnNext((seen) -> response.getHeaders().set("X-Inner-Async", seen)).then();
		}

	}

	@RestController
	static class Handlers {

		@GetMapping({ "/ok", "/skips" })
		Mono<String> ok() {
			return Mono.just("ok");
		}

		@GetMapping("/later")
		Mono<String> later() {
			return Mono.delay(Duration.ofMillis(5)).thenReturn("later");
		}

		@GetMapping("/throws")
		Mono<String> throwing() {
			throw new IllegalStateException("throws");
		}

		@GetMapping("/fails")
		Mono<String> fails() {
			return Mono.error(new IllegalStateException("fails"));
		}

		@GetMapping("/failsLater")
		Mono<String> failsLater() {
			return Mono.delay(Duration.ofMillis(5)).then(Mono.error(new IllegalStateException("fails")));
		}

		@GetMapping("/gone")
		Mono<String> gone() {
			return Mono.error(new ResponseStatusException(HttpStatus.GONE));
		}

		@GetMapping("/advice")
		Mono<String> advice() {
			return Mono.error(new UnsupportedOperationException("teapot"));
		}

		@ExceptionHandler
		@ResponseStatus(HttpStatus.I_AM_A_TEAPOT)
		String handle(UnsupportedOperationException ex) {
			return "teapot";
		}

	}

}
