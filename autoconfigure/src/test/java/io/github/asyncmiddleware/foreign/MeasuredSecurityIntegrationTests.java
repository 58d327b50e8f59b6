package io.github.asyncmiddleware.foreign;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.OnRequest;
import io.github.asyncmiddleware.testsupport.TimingHeader;
import io.github.asyncmiddleware.testsupport.boot.Answer;
import io.github.asyncmiddleware.testsupport.boot.BootServer;
import io.github.asyncmiddleware.testsupport.boot.Client;
import io.github.asyncmiddleware.testsupport.boot.MeterChanges;
import io.github.asyncmiddleware.testsupport.boot.Protocol;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.publisher.Mono;

import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.annotation.Order;
import org.springframework.http.HttpHeaders;
import org.springframework.security.config.Customizer;
import org.springframework.security.config.web.server.ServerHttpSecurity;
import org.springframework.security.core.userdetails.MapReactiveUserDetailsService;
import org.springframework.security.core.userdetails.User;
import org.springframework.security.web.server.SecurityWebFilterChain;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebSession;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for the filters of Spring Security, measured: its answers stay what they are, and
 * its numbers tell what it has done.
 */
class MeasuredSecurityIntegrationTests {

	private static final String SECURITY = "WebFilterChainProxy";

	private static final String USER = "Authorization: Basic "
			+ Base64.getEncoder().encodeToString("user:secret".getBytes(StandardCharsets.UTF_8));

	@ParameterizedTest
	@EnumSource
	void answersAsWithoutMeasuring(Protocol protocol) {
		List<Answer> measured = answers(protocol, "async-middleware.foreign-filters=measured");
		assertThat(measured).isEqualTo(answers(protocol, "async-middleware.foreign-filters=off"))
			.extracting(Answer::status)
			.containsExactly(401, 401, 403, 200, 200, 200, 404, 500, 403);
	}

	private static List<Answer> answers(Protocol protocol, String property) {
		List<Answer> answers = new ArrayList<>();
		try (BootServer server = BootServer.startSecured(Application.class, property)) {
			answers.add(get(protocol, server, "/"));
			answers.add(get(protocol, server, "/", "Authorization: Basic bm9ib2R5Om5vdGhpbmc="));
			answers.add(get(protocol, server, "/admin", USER));
			answers.add(get(protocol, server, "/", USER));
			answers.add(get(protocol, server, "/open"));
			answers.add(get(protocol, server, "/session", USER));
			answers.add(get(protocol, server, "/nowhere", USER));
			answers.add(get(protocol, server, "/fails", USER));
			answers.add(comparable(Client.post(protocol, server.port(), "/form", "a=b")));
		}
		return answers;
	}

	private static Answer get(Protocol protocol, BootServer server, String path, String... headers) {
		return comparable(Client.exchange(protocol, server.port(), "GET", path, headers));
	}

	/**
	 * Without what is another one in each answer.
	 */
	private static Answer comparable(Answer answer) {
		Map<String, String> headers = new TreeMap<>(answer.fields());
		headers.remove("date");
		headers.computeIfPresent("set-cookie", (name, value) -> value.replaceAll("=[^;]*", "=..."));
		String body = answer.body()
			.replaceAll("\"timestamp\":\"[^\"]*\"", "")
			.replaceAll("\"requestId\":\"[^\"]*\"", "");
		headers.computeIfPresent("content-length", (name, value) -> answer.body().equals(body) ? value : "...");
		HttpHeaders comparable = new HttpHeaders();
		headers.forEach(comparable::set);
		return new Answer(answer.status(), comparable, body, answer.complete());
	}

	@ParameterizedTest
	@EnumSource
	void tellsWhatSecurityHasDone(Protocol protocol) {
		try (BootServer server = BootServer.startSecured(Application.class,
				"async-middleware.foreign-filters=measured")) {
			assertThat(after(server, () -> get(protocol, server, "/"))).containsExactly("own first passed",
					"own outer passed", "own security answered", "request.ttfb 401", "requests ok",
					"ttfb first CLIENT_ERROR", "ttfb outer CLIENT_ERROR", "ttfb security CLIENT_ERROR");
			assertThat(after(server, () -> get(protocol, server, "/admin", USER))).contains("own security answered",
					"request.ttfb 403");
			assertThat(after(server, () -> get(protocol, server, "/", USER))).containsExactly("own first passed",
					"own inner passed", "own last passed", "own outer passed", "own security passed",
					"request.ttfb 200", "requests ok", "ttfb first SUCCESS", "ttfb inner SUCCESS", "ttfb last SUCCESS",
					"ttfb outer SUCCESS", "ttfb security SUCCESS");
			assertThat(after(server, () -> get(protocol, server, "/fails", USER))).contains("own security passed",
					"own last passed", "request.ttfb 500", "requests error_page");
			assertThat(server.records().sum("misuse ")).isZero();
		}
	}

	@Test
	void hasOneShortNameEverywhere() {
		try (BootServer server = BootServer.startSecured(Application.class, "async-middleware.foreign-filters=measured",
				"async-middleware.server-timing=detailed",
				"management.endpoints.web.exposure.include=asyncmiddleware")) {
			Answer answer = Client.exchange(Protocol.HTTP_1_1, server.port(), "GET",
					"/actuator/asyncmiddleware/" + SECURITY, USER);
			assertThat(answer.body()).contains("\"name\":\"" + SECURITY + "\"");
			assertThat(TimingHeader.parse(answer.fields().get("server-timing")).names()).containsExactly("first",
					"outer", SECURITY, "inner", "last", "app", "total");
		}
	}

	private static List<String> after(BootServer server, Runnable request) {
		MeterChanges changes = server.changes();
		request.run();
		return changes.after(1).stream().map((sample) -> sample.replace(SECURITY, "security")).sorted().toList();
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class Application {

		@Bean
		SecurityWebFilterChain security(ServerHttpSecurity http) {
			return http
				.authorizeExchange((exchange) -> exchange.pathMatchers("/open")
					.permitAll()
					.pathMatchers("/admin")
					.hasRole("ADMIN")
					.anyExchange()
					.authenticated())
				.httpBasic(Customizer.withDefaults())
				.build();
		}

		@Bean
		MapReactiveUserDetailsService users() {
			return new MapReactiveUserDetailsService(
					User.withUsername("user").password("{noop}secret").roles("USER").build());
		}

		@Bean
		@Order(-300)
		WebFilter first() {
			return (exchange, chain) -> chain.filter(exchange).doFinally((signal) -> {
			});
		}

		@Bean
		@AsyncMiddleware(order = -200)
		Outer outer() {
			return new Outer();
		}

		@Bean
		@AsyncMiddleware(order = 10)
		WebFilter inner() {
			return (exchange, chain) -> chain.filter(exchange);
		}

		@Bean
		WebFilter last() {
			return (exchange, chain) -> chain.filter(exchange);
		}

		@Bean
		Controller controller() {
			return new Controller();
		}

	}

	static class Outer {

		@OnRequest
		Mono<Void> look() {
			return Mono.empty();
		}

	}

	@RestController
	static class Controller {

		@GetMapping({ "/", "/open", "/admin" })
		String hello() {
			return "hello";
		}

		@GetMapping("/session")
		String session(WebSession session) {
			session.getAttributes().put("seen", true);
			return "session";
		}

		@GetMapping("/fails")
		String fails() {
			throw new IllegalStateException("on purpose");
		}

		@PostMapping("/form")
		String form() {
			return "never reached without a CSRF token";
		}

	}

}
