package io.github.asyncmiddleware.wire;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.LiveResponse;
import io.github.asyncmiddleware.OnRequest;
import io.github.asyncmiddleware.testsupport.boot.Answer;
import io.github.asyncmiddleware.testsupport.boot.BootServer;
import io.github.asyncmiddleware.testsupport.boot.Client;
import io.github.asyncmiddleware.testsupport.boot.Protocol;
import io.github.asyncmiddleware.wire.PassThroughs.Style;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.publisher.Mono;

import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.http.HttpHeaders;
import org.springframework.security.access.prepost.PreAuthorize;
import org.springframework.security.config.Customizer;
import org.springframework.security.config.annotation.method.configuration.EnableReactiveMethodSecurity;
import org.springframework.security.config.web.server.ServerHttpSecurity;
import org.springframework.security.core.userdetails.MapReactiveUserDetailsService;
import org.springframework.security.core.userdetails.User;
import org.springframework.security.web.server.SecurityWebFilterChain;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.reactive.function.server.HandlerFilterFunction;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.server.ServerWebExchange;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests with Spring Security on real connections: method security that throws in a
 * handler, its firewall, and tricks with paths that must not lead past a middleware for
 * those paths.
 */
class SecuredWireTests {

	private static final List<String> USERS = List.of("", "user", "admin");

	private static final List<String> METHODS = List.of("GET", "HEAD", "POST", "TRACE", "PROPFIND");

	private static final List<String> PATHS = List.of("/admin", "/admin/", "/admin/x", "/admin/x/", "/admin//x",
			"//admin/x", "/admin;v=1/x", "/admin/x;v=1", "/;/admin/x", "/open/../admin/x", "/open/..;/admin/x",
			"/open/%2e%2e/admin/x", "/open/%2E%2E%2Fadmin/x", "/admin/../open/x", "/admin/%2e%2e/open/x", "/./admin/x",
			"/%61dmin/x", "/%2561dmin/x", "/admin%2Fx", "/admin%5Cx", "/admin\\x", "/ADMIN/x", "/admin/%00",
			"/admin/x%0d%0aX-Forged:%20yes", "/admin/%C3%A4", "/admin%3Bv=1/x", "/admin?next=/open", "/admin/x#open",
			"/open/x", "/open/x?path=/admin/x");

	@ParameterizedTest
	@EnumSource
	void methodSecurityAnswersAsWithoutMiddlewares(Style style) {
		List<String> bare;
		try (BootServer server = BootServer.startSecured(App.class, "async-middleware.enabled=false")) {
			bare = callTheSecuredMethod(server);
		}
		assertThat(bare).contains("HTTP_1_1 GET  401", "H2C GET user 403 Access Denied",
				"HTTP_1_1 GET admin 200 method", "H2C HEAD admin 200");
		try (BootServer server = BootServer.startSecured(App.class, "wire.style=" + style, "wire.count=2")) {
			assertThat(callTheSecuredMethod(server)).isEqualTo(bare);
			Patience.await().untilAsserted(() -> {
				assertThat(server.records().sum("requests ")).isEqualTo(bare.size());
				assertThat(server.records().count("own passThrough0 passed")).isEqualTo(bare.size());
				assertThat(server.records().count("own passThrough1 passed")).isEqualTo(bare.size());
				assertThat(server.records().sum("own passThrough")).isEqualTo(2 * bare.size());
			});
		}
	}

	private static List<String> callTheSecuredMethod(BootServer server) {
		List<String> answers = new ArrayList<>();
		for (Protocol protocol : List.of(Protocol.HTTP_1_1, Protocol.H2C)) {
			for (String method : List.of("GET", "HEAD")) {
				for (String user : USERS) {
					Answer answer = Client.exchange(protocol, server.port(), method, "/method", credentials(user));
					answers.add((protocol + " " + method + " " + user + " " + answer.text()).strip());
				}
			}
		}
		return answers;
	}

	/**
	 * Every path is judged as without middlewares, and a request that reaches the handler
	 * of a path has passed all middlewares for it.
	 */
	@Test
	void noPathLeadsPastAMiddleware() {
		Map<String, String> bare;
		try (BootServer server = BootServer.startSecured(App.class, "async-middleware.enabled=false")) {
			bare = callAllPaths(server);
			Reached reached = server.bean(Reached.class);
			assertThat(reached.all).hasPositiveValue();
			assertThat(reached.unguarded).hasValue(reached.all.get());
		}
		assertThat(bare.values()).contains("200 admin", "200 open", "401", "404", "400");
		try (BootServer server = BootServer.startSecured(App.class)) {
			assertThat(callAllPaths(server)).isEqualTo(bare);
			Reached reached = server.bean(Reached.class);
			assertThat(reached.all).hasPositiveValue();
			assertThat(reached.unguarded).hasValue(0);
			Patience.await()
				.untilAsserted(
						() -> assertThat(server.records().sum("own guard ")).isGreaterThanOrEqualTo(reached.all.get()));
			assertThat(server.records().sum("own guard failed") + server.records().sum("own checks failed")).isZero();
		}
	}

	private static Map<String, String> callAllPaths(BootServer server) {
		Map<String, String> answers = new LinkedHashMap<>();
		for (String path : PATHS) {
			for (String method : METHODS) {
				for (String user : List.of("", "admin")) {
					Answer answer = Client.exchange(Protocol.HTTP_1_1, server.port(), method, path, credentials(user));
					assertThat(answer.headers().headerNames()).doesNotContain("X-Forged");
					String text = (answer.status() < 300) ? answer.text() : Integer.toString(answer.status());
					answers.put(method + " " + path + " " + user, text.strip());
				}
			}
		}
		return answers;
	}

	private static String[] credentials(String user) {
		return user.isEmpty() ? new String[0]
				: new String[] { "Authorization: Basic " + HttpHeaders.encodeBasicAuth(user, "secret", null) };
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@EnableReactiveMethodSecurity
	@Import(PassThroughs.class)
	static class App {

		@Bean
		SecurityWebFilterChain security(ServerHttpSecurity http) {
			return http.csrf(ServerHttpSecurity.CsrfSpec::disable)
				.authorizeExchange(
						(exchange) -> exchange.pathMatchers("/admin/**").hasRole("ADMIN").anyExchange().permitAll())
				.httpBasic(Customizer.withDefaults())
				.build();
		}

		@Bean
		MapReactiveUserDetailsService users() {
			return new MapReactiveUserDetailsService(
					User.withUsername("user").password("{noop}secret").roles("USER").build(),
					User.withUsername("admin").password("{noop}secret").roles("ADMIN").build());
		}

		@Bean
		Reached reached() {
			return new Reached();
		}

		@Bean
		Endpoints endpoints(Reached reached) {
			return new Endpoints(reached);
		}

		@Bean
		@AsyncMiddleware(order = 10, path = "/admin/**")
		HandlerFilterFunction<LiveResponse, ServerResponse> guard() {
			return (request, next) -> {
				request.attributes().put("guard", true);
				return next.handle(request).cast(ServerResponse.class);
			};
		}

		@Bean
		@AsyncMiddleware(order = 20, path = "/admin/**")
		Checks checks() {
			return new Checks();
		}

	}

	static class Checks {

		@OnRequest
		void check(ServerWebExchange exchange) {
			exchange.getAttributes().put("checks", true);
		}

	}

	/**
	 * How often the handler for admins was reached.
	 */
	static final class Reached {

		final AtomicInteger all = new AtomicInteger();

		/** Without the middlewares for its path. */
		final AtomicInteger unguarded = new AtomicInteger();

	}

	@RestController
	static class Endpoints {

		private final Reached reached;

		Endpoints(Reached reached) {
			this.reached = reached;
		}

		@RequestMapping("/admin/**")
		String admin(ServerWebExchange exchange) {
			this.reached.all.incrementAndGet();
			if (exchange.getAttribute("guard") == null || exchange.getAttribute("checks") == null) {
				this.reached.unguarded.incrementAndGet();
			}
			return "admin";
		}

		@RequestMapping("/open/**")
		String open() {
			return "open";
		}

		@PreAuthorize("hasRole('ADMIN')")
		@RequestMapping("/method")
		Mono<String> method() {
			return Mono.just("method");
		}

	}

}
