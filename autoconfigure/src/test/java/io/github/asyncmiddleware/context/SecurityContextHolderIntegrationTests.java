package io.github.asyncmiddleware.context;

import java.time.Duration;
import java.util.Base64;
import java.util.stream.Stream;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.OnRequest;
import io.github.asyncmiddleware.OnResponse;
import io.github.asyncmiddleware.testsupport.boot.Answer;
import io.github.asyncmiddleware.testsupport.boot.BootServer;
import io.github.asyncmiddleware.testsupport.boot.Client;
import io.github.asyncmiddleware.testsupport.boot.Protocol;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.publisher.Hooks;
import reactor.core.publisher.Mono;

import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.security.config.web.server.ServerHttpSecurity;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.context.SecurityContext;
import org.springframework.security.core.context.SecurityContextHolder;
import org.springframework.security.core.userdetails.MapReactiveUserDetailsService;
import org.springframework.security.core.userdetails.User;
import org.springframework.security.web.server.SecurityWebFilterChain;
import org.springframework.security.web.server.context.ServerSecurityContextRepository;
import org.springframework.security.web.server.context.WebSessionServerSecurityContextRepository;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.server.ServerWebExchange;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for hooks that ask the {@link SecurityContextHolder} for the user, wherever they
 * run and however the user is found.
 */
@TestInstance(Lifecycle.PER_CLASS)
class SecurityContextHolderIntegrationTests {

	private static final String CREDENTIALS = "Authorization: Basic "
			+ Base64.getEncoder().encodeToString("user:secret".getBytes());

	private BootServer server;

	@BeforeAll
	void start() {
		this.server = BootServer.startSecured(Application.class);
	}

	@AfterAll
	void stop() {
		this.server.close();
	}

	@AfterEach
	void reset() {
		Hooks.resetOnOperatorDebug();
		Hooks.disableAutomaticContextPropagation();
	}

	/**
	 * How the user is found, and what is done to the operators of Reactor.
	 */
	static Stream<Arguments> users() {
		return Stream.of("nothing", "debug", "propagation")
			.flatMap((hooks) -> Stream.of("basic", "session", "slow session")
				.flatMap(
						(user) -> Stream.of(Protocol.values()).map((protocol) -> Arguments.of(hooks, user, protocol))));
	}

	@ParameterizedTest
	@MethodSource("users")
	void isFilledInPlaceAsOnAnotherThread(String hooks, String user, Protocol protocol) {
		assertFilled(hooks, user, protocol, "/");
	}

	@ParameterizedTest
	@MethodSource("users")
	void isFilledOnErrorPages(String hooks, String user, Protocol protocol) {
		assertFilled(hooks, user, protocol, "/unknown");
		assertFilled(hooks, user, protocol, "/fails");
	}

	@ParameterizedTest
	@MethodSource("users")
	void isEmptyForNobody(String hooks, String user, Protocol protocol) {
		for (int i = 0; i < 2; i++) {
			call(hooks, user, protocol, "/");
			assertThat(Client.exchange(protocol, this.server.port(), "GET", "/public").fields())
				.containsEntry("x-before", "alone null, blocking null, in place null, future null")
				.containsEntry("x-in-place", "null")
				.containsEntry("x-blocking", "null");
		}
	}

	private void assertFilled(String hooks, String user, Protocol protocol, String path) {
		assertThat(call(hooks, user, protocol, path).fields())
			.containsEntry("x-before", "alone user, blocking user, in place user, future user")
			.containsEntry("x-in-place", "user")
			.containsEntry("x-blocking", "user");
	}

	private Answer call(String hooks, String user, Protocol protocol, String path) {
		String header = user.equals("basic") ? CREDENTIALS : "Cookie: SESSION=" + logIn(protocol);
		switch (hooks) {
			case "debug" -> Hooks.onOperatorDebug();
			case "propagation" -> Hooks.enableAutomaticContextPropagation();
			default -> {
			}
		}
		return Client.exchange(protocol, this.server.port(), "GET", path, header, "X-Slow: " + user.startsWith("slow"));
	}

	private String logIn(Protocol protocol) {
		Answer answer = Client.exchange(protocol, this.server.port(), "GET", "/", CREDENTIALS);
		return answer.fields().get("set-cookie").split("[=;]")[1];
	}

	static String holder() {
		Authentication authentication = SecurityContextHolder.getContext().getAuthentication();
		return (authentication != null && authentication.isAuthenticated()) ? authentication.getName() : "null";
	}

	static void note(ServerWebExchange exchange, String who) {
		exchange.getAttributes().merge("before", who + " " + holder(), (before, now) -> before + ", " + now);
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
			Repository repository = new Repository();
			return http.securityContextRepository(repository)
				.httpBasic((basic) -> basic.securityContextRepository(repository))
				.csrf(ServerHttpSecurity.CsrfSpec::disable)
				.anonymous(ServerHttpSecurity.AnonymousSpec::disable)
				.authorizeExchange(
						(exchange) -> exchange.pathMatchers("/public").permitAll().anyExchange().authenticated())
				.build();
		}

		@Bean
		Handlers handlers() {
			return new Handlers();
		}

		@Bean
		@AsyncMiddleware(order = 1)
		InPlace alone() {
			return new InPlace("alone");
		}

		@Bean
		@AsyncMiddleware(order = 2)
		Blocking blocking() {
			return new Blocking();
		}

		@Bean
		@AsyncMiddleware(order = 3)
		InPlace inPlace() {
			return new InPlace("in place");
		}

		@Bean
		@AsyncMiddleware(order = 4)
		Futures future() {
			return new Futures();
		}

	}

	/**
	 * Keeps users in sessions, and finds them when it is asked, at once or later.
	 */
	static class Repository implements ServerSecurityContextRepository {

		private final ServerSecurityContextRepository sessions = new WebSessionServerSecurityContextRepository();

		@Override
		public Mono<Void> save(ServerWebExchange exchange, SecurityContext context) {
			return this.sessions.save(exchange, context);
		}

		@Override
		public Mono<SecurityContext> load(ServerWebExchange exchange) {
			Mono<SecurityContext> context = this.sessions.load(exchange);
			return "true".equals(exchange.getRequest().getHeaders().getFirst("X-Slow"))
					? Mono.delay(Duration.ofMillis(5)).then(context) : context;
		}

	}

	/**
	 * Is called where the request is.
	 */
	static class InPlace {

		private final String name;

		InPlace(String name) {
			this.name = name;
		}

		@OnRequest(blocking = false)
		void before(ServerWebExchange exchange) {
			note(exchange, this.name);
		}

		@OnResponse
		void after(ServerWebExchange exchange, ServerHttpResponse response) {
			response.getHeaders().set("X-In-Place", holder());
			response.getHeaders().set("X-Before", exchange.getRequiredAttribute("before"));
		}

	}

	/**
	 * Is called on another thread.
	 */
	static class Blocking {

		@OnRequest
		void before(ServerWebExchange exchange) {
			note(exchange, "blocking");
		}

		@OnResponse(blocking = true)
		void after(ServerHttpResponse response) {
			response.getHeaders().set("X-Blocking", holder());
		}

	}

	/**
	 * Is called where the request is, and may go on elsewhere.
	 */
	static class Futures {

		@OnRequest
		Mono<Void> before(ServerWebExchange exchange) {
			note(exchange, "future");
			return Mono.empty();
		}

	}

	@RestController
	static class Handlers {

		@GetMapping({ "/", "/public" })
		Mono<String> ok() {
			return Mono.just("ok");
		}

		@GetMapping("/fails")
		Mono<String> fails() {
			return Mono.error(new IllegalStateException("fails"));
		}

	}

}
