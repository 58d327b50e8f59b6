package io.github.asyncmiddleware.context;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.OnResponse;
import io.github.asyncmiddleware.testsupport.boot.Answer;
import io.github.asyncmiddleware.testsupport.boot.BootServer;
import io.github.asyncmiddleware.testsupport.boot.Client;
import io.github.asyncmiddleware.testsupport.boot.LogCapture;
import io.github.asyncmiddleware.testsupport.boot.Protocol;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.publisher.Mono;

import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebSession;
import org.springframework.web.server.session.DefaultWebSessionManager;
import org.springframework.web.server.session.WebSessionManager;
import org.springframework.web.server.session.WebSessionStore;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for sessions that response hooks change: they are saved, with their cookie.
 */
@TestInstance(Lifecycle.PER_CLASS)
class SessionIntegrationTests {

	private BootServer server;

	@BeforeAll
	void start() {
		this.server = BootServer.start(Application.class);
	}

	@AfterAll
	void stop() {
		this.server.close();
	}

	static Stream<Arguments> changes() {
		List<Arguments> changes = new ArrayList<>();
		for (Protocol protocol : Protocol.values()) {
			for (String hook : List.of("inPlace", "asynchronous", "later", "blocking")) {
				for (String path : List.of("untouched", "touched", "fail", "nowhere")) {
					changes.add(Arguments.of(protocol, hook, path));
				}
			}
		}
		return changes.stream();
	}

	@ParameterizedTest
	@MethodSource("changes")
	void savesWhatAHookSets(Protocol protocol, String hook, String path) {
		Answer first = exchange(protocol, "/" + hook + "/" + path);
		assertThat(first.status()).isEqualTo(switch (path) {
			case "fail" -> 500;
			case "nowhere" -> 404;
			default -> 200;
		});
		String cookie = cookie(first);
		assertThat(cookie).startsWith("SESSION=");
		assertThat(this.server.bean(CopyingStore.class).attributes(cookie)).containsEntry("seen", 1)
			.containsKey(path.equals("touched") ? "handler" : "seen");
		Answer second = exchange(protocol, "/" + hook + "/" + path, "Cookie: " + cookie);
		assertThat(second.fields()).doesNotContainKey("set-cookie");
		assertThat(this.server.bean(CopyingStore.class).attributes(cookie)).containsEntry("seen", 2);
	}

	@ParameterizedTest
	@MethodSource("io.github.asyncmiddleware.testsupport.boot.Protocol#values")
	void endsASessionThatAHookEnds(Protocol protocol) {
		String cookie = cookie(exchange(protocol, "/inPlace/untouched"));
		Answer ended = exchange(protocol, "/ending/untouched", "Cookie: " + cookie);
		assertThat(ended.fields().get("set-cookie")).startsWith("SESSION=;").contains("Max-Age=0");
		assertThat(this.server.bean(CopyingStore.class).attributes(cookie)).isEmpty();
	}

	@Test
	void makesNoSessionForAHookThatOnlyLooks() {
		assertThat(exchange(Protocol.HTTP_1_1, "/looking/untouched").fields()).doesNotContainKey("set-cookie");
	}

	@Test
	void savesOnceWhereNoHookUsesTheSession() {
		CopyingStore store = this.server.bean(CopyingStore.class);
		int saves = store.saves;
		assertThat(cookie(exchange(Protocol.HTTP_1_1, "/none/touched"))).startsWith("SESSION=");
		assertThat(store.saves).isEqualTo(saves + 1);
	}

	@Test
	void sendsTheResponseWhereTheSessionCannotBeSaved() {
		try (LogCapture log = LogCapture.ofOurs()) {
			assertThat(exchange(Protocol.HTTP_1_1, "/inPlace/untouched", "X-Store: down").status()).isEqualTo(200);
			assertThat(log.events()).anyMatch((event) -> event.startsWith("WARN ") && event.contains("'inPlace'"));
		}
	}

	private Answer exchange(Protocol protocol, String path, String... headers) {
		return Client.exchange(protocol, this.server.port(), "GET", path, headers);
	}

	private static String cookie(Answer answer) {
		return answer.fields().getOrDefault("set-cookie", "").split(";")[0];
	}

	private static void count(WebSession session) {
		session.getAttributes().merge("seen", 1, (before, one) -> (Integer) before + 1);
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@Import(Handler.class)
	static class Application {

		@Bean
		CopyingStore store() {
			return new CopyingStore();
		}

		@Bean
		WebSessionManager webSessionManager(CopyingStore store) {
			DefaultWebSessionManager manager = new DefaultWebSessionManager();
			manager.setSessionStore(store);
			return (exchange) -> {
				store.down = "down".equals(exchange.getRequest().getHeaders().getFirst("X-Store"));
				return manager.getSession(exchange);
			};
		}

		@Bean
		@AsyncMiddleware(path = "/inPlace/**")
		InPlace inPlace() {
			return new InPlace();
		}

		@Bean
		@AsyncMiddleware(path = "/asynchronous/**")
		Asynchronous asynchronous() {
			return new Asynchronous();
		}

		@Bean
		@AsyncMiddleware(path = "/later/**")
		Later later() {
			return new Later();
		}

		@Bean
		@AsyncMiddleware(path = "/blocking/**")
		Blocking blocking() {
			return new Blocking();
		}

		@Bean
		@AsyncMiddleware(path = "/ending/**")
		Ending ending() {
			return new Ending();
		}

		@Bean
		@AsyncMiddleware(path = "/looking/**")
		Looking looking() {
			return new Looking();
		}

		@Bean
		@AsyncMiddleware(path = "/none/**")
		Nothing nothing() {
			return new Nothing();
		}

	}

	@RestController
	static class Handler {

		@RequestMapping("/{hook}/untouched")
		String untouched() {
			return "done";
		}

		@RequestMapping("/{hook}/touched")
		Mono<String> touched(ServerWebExchange exchange) {
			return exchange.getSession().map((session) -> {
				session.getAttributes().put("handler", "here");
				return "done";
			});
		}

		@RequestMapping("/{hook}/fail")
		String fail() {
			throw new IllegalStateException("planned");
		}

	}

	static class InPlace {

		@OnResponse
		void count(WebSession session) {
			SessionIntegrationTests.count(session);
		}

	}

	static class Asynchronous {

		@OnResponse
		Mono<Void> count(WebSession session) {
			return Mono.delay(Duration.ofMillis(1)).doOnNext((tick) -> SessionIntegrationTests.count(session)).then();
		}

	}

	static class Later {

		@OnResponse
		Mono<Void> count(ServerWebExchange exchange) {
			return exchange.getSession().doOnNext(SessionIntegrationTests::count).then();
		}

	}

	static class Blocking {

		@OnResponse(blocking = true)
		void count(WebSession session) {
			SessionIntegrationTests.count(session);
		}

	}

	static class Ending {

		@OnResponse
		Mono<Void> end(WebSession session) {
			return session.invalidate();
		}

	}

	static class Looking {

		@OnResponse
		void look(WebSession session) {
			session.getAttributes().get("seen");
		}

	}

	static class Nothing {

		@OnResponse
		void nothing() {
		}

	}

	/**
	 * Keeps copies, as a database does: what is not saved is lost.
	 */
	static class CopyingStore implements WebSessionStore {

		private final Map<String, Map<String, Object>> sessions = new ConcurrentHashMap<>();

		private volatile boolean down;

		private volatile int saves;

		Map<String, Object> attributes(String cookie) {
			return this.sessions.getOrDefault(cookie.replace("SESSION=", ""), Map.of());
		}

		@Override
		public Mono<WebSession> createWebSession() {
			return Mono.fromSupplier(() -> new Copy(this, UUID.randomUUID().toString(), new HashMap<>()));
		}

		@Override
		public Mono<WebSession> retrieveSession(String id) {
			return Mono.justOrEmpty(this.sessions.get(id)).map((stored) -> new Copy(this, id, new HashMap<>(stored)));
		}

		@Override
		public Mono<Void> removeSession(String id) {
			return Mono.fromRunnable(() -> this.sessions.remove(id));
		}

		@Override
		public Mono<WebSession> updateLastAccessTime(WebSession session) {
			return Mono.just(session);
		}

		private Mono<Void> save(WebSession session) {
			return Mono.fromRunnable(() -> {
				if (this.down) {
					throw new IllegalStateException("The store is down");
				}
				this.saves++;
				this.sessions.put(session.getId(), new HashMap<>(session.getAttributes()));
			});
		}

	}

	private static final class Copy implements WebSession {

		private final CopyingStore store;

		private final String id;

		private final Map<String, Object> attributes;

		private boolean expired;

		Copy(CopyingStore store, String id, Map<String, Object> attributes) {
			this.store = store;
			this.id = id;
			this.attributes = attributes;
		}

		@Override
		public String getId() {
			return this.id;
		}

		@Override
		public Map<String, Object> getAttributes() {
			return this.attributes;
		}

		@Override
		public void start() {
		}

		@Override
		public boolean isStarted() {
			return !this.attributes.isEmpty();
		}

		@Override
		public Mono<Void> changeSessionId() {
			return Mono.empty();
		}

		@Override
		public Mono<Void> invalidate() {
			this.expired = true;
			return this.store.removeSession(this.id);
		}

		@Override
		public Mono<Void> save() {
			return this.store.save(this);
		}

		@Override
		public boolean isExpired() {
			return this.expired;
		}

		@Override
		public Instant getCreationTime() {
			return Instant.EPOCH;
		}

		@Override
		public Instant getLastAccessTime() {
			return Instant.EPOCH;
		}

		@Override
		public void setMaxIdleTime(Duration maxIdleTime) {
		}

		@Override
		public Duration getMaxIdleTime() {
			return Duration.ofMinutes(1);
		}

	}

}
