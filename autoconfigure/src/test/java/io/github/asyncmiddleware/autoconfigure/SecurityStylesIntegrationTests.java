package io.github.asyncmiddleware.autoconfigure;

import java.security.Principal;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.LiveResponse;
import io.github.asyncmiddleware.OnRequest;
import io.github.asyncmiddleware.OnResponse;
import io.github.asyncmiddleware.internal.chain.Middleware;
import io.github.asyncmiddleware.internal.chain.Misuse;
import io.github.asyncmiddleware.internal.record.RequestRecord;
import io.github.asyncmiddleware.internal.record.RequestResult;
import io.github.asyncmiddleware.internal.sample.RequestListener;
import io.github.asyncmiddleware.testsupport.PatientClient;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.security.config.Customizer;
import org.springframework.security.config.web.server.ServerHttpSecurity;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.security.core.context.ReactiveSecurityContextHolder;
import org.springframework.security.core.context.SecurityContextHolder;
import org.springframework.security.core.userdetails.MapReactiveUserDetailsService;
import org.springframework.security.core.userdetails.User;
import org.springframework.security.core.userdetails.UserDetails;
import org.springframework.security.web.server.SecurityWebFilterChain;
import org.springframework.test.web.reactive.server.EntityExchangeResult;
import org.springframework.test.web.reactive.server.WebTestClient;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.reactive.function.server.HandlerFilterFunction;
import org.springframework.web.reactive.function.server.ServerResponse;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for middlewares of every style together with the filters of Spring Security, on a
 * server.
 */
@SpringBootTest(webEnvironment = WebEnvironment.RANDOM_PORT, properties = "spring.main.web-application-type=reactive")
class SecurityStylesIntegrationTests {

	@LocalServerPort
	private int port;

	@Autowired
	private Seen seen;

	private WebTestClient client;

	@BeforeEach
	void connect() {
		this.seen.all.clear();
		this.client = PatientClient.of(this.port);
	}

	@Test
	void responseHooksSeeWhatSecurityAnswers() {
		assertThat(get(null, "/")).containsEntry("status", "401").containsEntry("X-Outer", "401");
		assertThat(get("user", "/admin")).containsEntry("status", "403").containsEntry("X-Outer", "403");
		// What stands behind Spring Security was not reached
		assertThat(this.seen.all).isEmpty();
	}

	@Test
	void everyStyleSeesWhoItIs() {
		assertThat(get("user", "/")).containsEntry("X-Outer", "200").containsEntry("body", "user");
		assertThat(this.seen.all).containsExactly("blocking user", "blocking principal user", "later user",
				"await user", "handler user", "await after user", "response user");
	}

	@Test
	void theHeadersOfSecurityAreThere() {
		assertThat(get("user", "/")).containsEntry("X-Content-Type-Options", "nosniff");
	}

	@Test
	void nothingIsTakenForMisuse() {
		assertThat(get("user", "/")).containsEntry("status", "200");
		assertThat(get(null, "/")).containsEntry("status", "401");
		assertThat(this.seen.misuse).isEmpty();
	}

	/**
	 * Status, headers and body of an answer.
	 */
	private Map<String, String> get(String user, String uri) {
		EntityExchangeResult<String> result = this.client.get().uri(uri).headers((headers) -> {
			if (user != null) {
				headers.setBasicAuth(user, "secret");
			}
		}).exchange().expectBody(String.class).returnResult();
		Map<String, String> answer = new HashMap<>(result.getResponseHeaders().toSingleValueMap());
		answer.put("status", Integer.toString(result.getStatus().value()));
		answer.put("body", result.getResponseBody());
		return answer;
	}

	static class Seen implements RequestListener {

		final List<String> all = new CopyOnWriteArrayList<>();

		final Set<String> misuse = ConcurrentHashMap.newKeySet();

		Mono<Void> look(String where) {
			return ReactiveSecurityContextHolder.getContext()
				.doOnNext((context) -> this.all.add(where + " " + context.getAuthentication().getName()))
				.then();
		}

		@Override
		public void onHead(RequestRecord request) {
		}

		@Override
		public void onEnd(RequestRecord request, RequestResult result) {
		}

		@Override
		public void onMisuse(Middleware middleware, Misuse misuse) {
			this.misuse.add(middleware.name() + " " + misuse);
		}

	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class Application {

		@Bean
		SecurityWebFilterChain security(ServerHttpSecurity http) {
			return http
				.authorizeExchange(
						(exchange) -> exchange.pathMatchers("/admin").hasRole("ADMIN").anyExchange().authenticated())
				.httpBasic(Customizer.withDefaults())
				.build();
		}

		@Bean
		MapReactiveUserDetailsService users() {
			return new MapReactiveUserDetailsService(
					User.withUsername("user").password("{noop}secret").roles("USER").build());
		}

		@Bean
		Seen seen() {
			return new Seen();
		}

		@Bean
		Endpoint endpoint(Seen seen) {
			return new Endpoint(seen);
		}

		@Bean
		@AsyncMiddleware(order = -200)
		Outer outer() {
			return new Outer();
		}

		@Bean
		@AsyncMiddleware(order = 10)
		Blocking blocking(Seen seen) {
			return new Blocking(seen);
		}

		@Bean
		@AsyncMiddleware(order = 20)
		Later later(Seen seen) {
			return new Later(seen);
		}

		@Bean
		@AsyncMiddleware(order = 30)
		HandlerFilterFunction<LiveResponse, ServerResponse> await(Seen seen) {
			return (request, next) -> seen.look("await")
				.then(next.handle(request))
				.flatMap((response) -> seen.look("await after").thenReturn(response));
		}

	}

	@RestController
	static class Endpoint {

		private final Seen seen;

		Endpoint(Seen seen) {
			this.seen = seen;
		}

		@GetMapping("/")
		Mono<String> hello(Principal principal) {
			return this.seen.look("handler").thenReturn(principal.getName());
		}

	}

	static class Outer {

		@OnResponse
		void stamp(ServerHttpResponse response, HttpStatusCode status) {
			response.getHeaders().set("X-Outer", Integer.toString(status.value()));
		}

	}

	static class Blocking {

		private final Seen seen;

		Blocking(Seen seen) {
			this.seen = seen;
		}

		@OnRequest
		void run(@AuthenticationPrincipal UserDetails user) {
			this.seen.all.add("blocking " + SecurityContextHolder.getContext().getAuthentication().getName());
			this.seen.all.add("blocking principal " + user.getUsername());
		}

		@OnResponse
		Mono<Void> after() {
			return this.seen.look("response");
		}

	}

	static class Later {

		private final Seen seen;

		Later(Seen seen) {
			this.seen = seen;
		}

		@OnRequest
		Mono<Void> run() {
			return this.seen.look("later");
		}

	}

}
