package io.github.asyncmiddleware.context;

import java.security.Principal;
import java.util.List;
import java.util.stream.Stream;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.OnFailure;
import io.github.asyncmiddleware.OnRequest;
import io.github.asyncmiddleware.OnResponse;
import io.github.asyncmiddleware.testsupport.boot.Answer;
import io.github.asyncmiddleware.testsupport.boot.BootServer;
import io.github.asyncmiddleware.testsupport.boot.Client;
import io.github.asyncmiddleware.testsupport.boot.Protocol;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;

import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.security.authentication.CredentialsExpiredException;
import org.springframework.security.config.web.server.ServerHttpSecurity;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.security.core.context.SecurityContext;
import org.springframework.security.core.userdetails.MapReactiveUserDetailsService;
import org.springframework.security.core.userdetails.User;
import org.springframework.security.web.server.SecurityWebFilterChain;
import org.springframework.security.web.server.context.ServerSecurityContextRepository;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebSession;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for hooks on a page that is open to all, asked for with a token that has expired:
 * Spring Security does not look at the token, and no hook fails of it that has not asked
 * for the user.
 */
@TestInstance(Lifecycle.PER_CLASS)
class LostSecurityContextIntegrationTests {

	private static final List<String> HOOKS = List.of("in-place", "session", "mono", "blocking", "response",
			"blocking-response");

	private BootServer closed;

	private BootServer open;

	@BeforeAll
	void start() {
		this.closed = BootServer.startSecured(Application.class);
		this.open = BootServer.startSecured(Application.class,
				Stream.concat(HOOKS.stream(), Stream.of("principal", "user"))
					.map((name) -> "async-middleware.middleware." + name + ".on-failure=skip")
					.toArray(String[]::new));
	}

	@AfterAll
	void stop() {
		this.closed.close();
		this.open.close();
	}

	static Stream<Arguments> hooks() {
		return Stream.of(OnFailure.values())
			.flatMap((onFailure) -> HOOKS.stream().map((hook) -> Arguments.of(onFailure, hook)));
	}

	@ParameterizedTest
	@EnumSource(OnFailure.class)
	void theTokenMattersWhereSecurityAsksForTheUser(OnFailure onFailure) {
		assertThat(get(onFailure, "/public/none").text()).isEqualTo("200 none");
		assertThat(get(onFailure, "/secret").status()).isEqualTo(500);
	}

	@ParameterizedTest
	@MethodSource("hooks")
	void aHookThatDoesNotAskForTheUserRuns(OnFailure onFailure, String hook) {
		Answer answer = get(onFailure, "/public/" + hook);
		assertThat(answer.text()).isEqualTo("200 " + hook);
		assertThat(answer.header("X-Ran")).isEqualTo(hook);
	}

	@ParameterizedTest
	@ValueSource(strings = { "principal", "user" })
	void aHookThatAsksForTheUserFailsAsAControllerDoes(String hook) {
		assertThat(get(OnFailure.FAIL, "/controller/" + hook).status()).isEqualTo(500);
		assertThat(get(OnFailure.FAIL, "/public/" + hook).status()).isEqualTo(500);
		Answer skipped = get(OnFailure.SKIP, "/public/" + hook);
		assertThat(skipped.text()).isEqualTo("200 " + hook);
		assertThat(skipped.header("X-Ran")).isNull();
	}

	private Answer get(OnFailure onFailure, String path) {
		BootServer server = (onFailure == OnFailure.FAIL) ? this.closed : this.open;
		return Client.exchange(Protocol.HTTP_1_1, server.port(), "GET", path);
	}

	static void ran(ServerHttpResponse response, String hook) {
		response.getHeaders().set("X-Ran", hook);
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
			return http.securityContextRepository(new Tokens())
				.authorizeExchange(
						(exchange) -> exchange.pathMatchers("/secret").authenticated().anyExchange().permitAll())
				.build();
		}

		@Bean
		Handlers handlers() {
			return new Handlers();
		}

		@Bean("in-place")
		@AsyncMiddleware(path = "/public/in-place")
		InPlace inPlace() {
			return new InPlace();
		}

		@Bean("session")
		@AsyncMiddleware(path = "/public/session")
		InPlaceSession session() {
			return new InPlaceSession();
		}

		@Bean("mono")
		@AsyncMiddleware(path = "/public/mono")
		Later mono() {
			return new Later();
		}

		@Bean("blocking")
		@AsyncMiddleware(path = "/public/blocking")
		Blocking blocking() {
			return new Blocking();
		}

		@Bean("response")
		@AsyncMiddleware(path = "/public/response")
		Response response() {
			return new Response();
		}

		@Bean("blocking-response")
		@AsyncMiddleware(path = "/public/blocking-response")
		BlockingResponse blockingResponse() {
			return new BlockingResponse();
		}

		@Bean("principal")
		@AsyncMiddleware(path = "/public/principal")
		WithPrincipal principal() {
			return new WithPrincipal();
		}

		@Bean("user")
		@AsyncMiddleware(path = "/public/user")
		WithUser user() {
			return new WithUser();
		}

	}

	/**
	 * Finds out that the token has expired when the user is asked for.
	 */
	static class Tokens implements ServerSecurityContextRepository {

		@Override
		public Mono<Void> save(ServerWebExchange exchange, SecurityContext context) {
			return Mono.empty();
		}

		@Override
		public Mono<SecurityContext> load(ServerWebExchange exchange) {
			return Mono.defer(() -> Mono.error(new CredentialsExpiredException("The token has expired")));
		}

	}

	static class InPlace {

		@OnRequest(blocking = false)
		void run(ServerHttpResponse response) {
			ran(response, "in-place");
		}

	}

	/**
	 * Has an argument that is waited for.
	 */
	static class InPlaceSession {

		@OnRequest(blocking = false)
		void run(ServerHttpResponse response, WebSession session) {
			ran(response, "session");
		}

	}

	static class Later {

		@OnRequest
		Mono<Void> run(ServerHttpResponse response) {
			return Mono.fromRunnable(() -> ran(response, "mono"));
		}

	}

	static class Blocking {

		@OnRequest
		void run(ServerHttpResponse response) {
			ran(response, "blocking");
		}

	}

	static class Response {

		@OnResponse
		void run(ServerHttpResponse response) {
			ran(response, "response");
		}

	}

	static class BlockingResponse {

		@OnResponse(blocking = true)
		void run(ServerHttpResponse response) {
			ran(response, "blocking-response");
		}

	}

	static class WithPrincipal {

		@OnRequest(blocking = false)
		void run(ServerHttpResponse response, Principal principal) {
			ran(response, "principal");
		}

	}

	static class WithUser {

		@OnRequest(blocking = false)
		void run(ServerHttpResponse response, @AuthenticationPrincipal User user) {
			ran(response, "user");
		}

	}

	@RestController
	static class Handlers {

		@GetMapping("/public/{name}")
		Mono<String> open(@PathVariable("name") String name) {
			return Mono.just(name);
		}

		@GetMapping("/controller/principal")
		Mono<String> principal(Principal principal) {
			return Mono.just("principal");
		}

		@GetMapping("/controller/user")
		Mono<String> user(@AuthenticationPrincipal User user) {
			return Mono.just("user");
		}

		@GetMapping("/secret")
		Mono<String> secret() {
			return Mono.just("secret");
		}

	}

}
