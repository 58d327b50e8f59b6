package io.github.asyncmiddleware.ecosystem;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.OnResponse;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.session.MapSession;
import org.springframework.session.ReactiveMapSessionRepository;
import org.springframework.session.ReactiveSessionRepository;
import org.springframework.session.Session;
import org.springframework.session.config.annotation.web.server.EnableSpringWebSession;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.server.WebSession;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that sessions of Spring Session are the same with middlewares, and take what a
 * response hook sets.
 */
class SessionTests {

	@Test
	void isTheSameWithMiddlewares() {
		Comparison.of(Application.class, Library.SESSION).isSame(8, SessionTests::visit);
	}

	@Test
	void isTheSameWhereItsFiltersAreMeasured() {
		Comparison.of(Application.class, Library.SESSION).with(Comparison.MEASURED).isSame(8, SessionTests::visit);
	}

	private static void visit(Browser browser) {
		assertThat(browser.get("/plain").header("Set-Cookie")).isEmpty();
		assertThat(browser.get("/count").body()).isEqualTo("1");
		assertThat(browser.get("/count").body()).isEqualTo("2");
		assertThat(browser.get("/rotate").header("Set-Cookie")).contains("SESSION=");
		assertThat(browser.get("/count").body()).isEqualTo("3");
		assertThat(browser.get("/fails").status()).isEqualTo(500);
		assertThat(browser.get("/invalidate").header("Set-Cookie")).contains("Max-Age=0");
		assertThat(browser.get("/count").body()).isEqualTo("1");
	}

	@Test
	void takesWhatAResponseHookSets() {
		try (RunningApplication running = RunningApplication.start(Library.SESSION, WithMark.class)) {
			Browser browser = new Browser(running.port());
			assertThat(browser.get("/mark").body()).isEqualTo("none");
			assertThat(browser.get("/mark").body()).isEqualTo("seen");
			assertThat(running.bean(Sessions.class).map).hasSize(1);
		}
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@EnableSpringWebSession
	@Import(Counter.class)
	static class Application {

		@Bean
		Sessions sessions() {
			return new Sessions(new ConcurrentHashMap<>());
		}

		@Bean
		ReactiveSessionRepository<MapSession> repository(Sessions sessions) {
			return new ReactiveMapSessionRepository(sessions.map);
		}

	}

	@Configuration(proxyBeanMethods = false)
	@Import({ Application.class, Mark.class })
	static class WithMark {

	}

	record Sessions(Map<String, Session> map) {

	}

	@RestController
	static class Counter {

		@GetMapping("/plain")
		Mono<String> plain() {
			return Mono.just("no session");
		}

		@GetMapping("/count")
		Mono<String> count(WebSession session) {
			int count = session.getAttributeOrDefault("count", 0) + 1;
			session.getAttributes().put("count", count);
			return Mono.just(String.valueOf(count));
		}

		@GetMapping("/rotate")
		Mono<String> rotate(WebSession session) {
			return session.changeSessionId().thenReturn("rotated");
		}

		@GetMapping("/fails")
		Mono<String> fails(WebSession session) {
			session.getAttributes().put("count", 100);
			return Mono.error(new IllegalStateException("on purpose"));
		}

		@GetMapping("/invalidate")
		Mono<String> invalidate(WebSession session) {
			return session.invalidate().thenReturn("gone");
		}

		@GetMapping("/mark")
		Mono<String> mark(WebSession session) {
			return Mono.just(session.getAttributeOrDefault("mark", "none"));
		}

	}

	@AsyncMiddleware("mark")
	static class Mark {

		@OnResponse
		void mark(WebSession session) {
			session.getAttributes().put("mark", "seen");
		}

	}

}
