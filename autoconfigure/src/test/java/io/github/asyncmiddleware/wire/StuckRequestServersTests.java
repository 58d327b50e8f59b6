package io.github.asyncmiddleware.wire;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

import io.github.asyncmiddleware.testsupport.boot.BootServer;
import io.github.asyncmiddleware.testsupport.boot.Client;
import io.github.asyncmiddleware.testsupport.boot.Http1Client;
import io.github.asyncmiddleware.wire.Deeds.Deed;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.TimeGauge;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for who is named for requests that wait, on each server that Spring Boot starts
 * for WebFlux.
 * <p>
 * All of them wait until those that are to be named were counted for twice the time after
 * which that is said. What must not be named begins to wait before them, and a look
 * counts all.
 */
@Tag("servers")
class StuckRequestServersTests {

	private static final Duration STUCK_AFTER = Duration.ofSeconds(1);

	private static final int TIMES = 3;

	private static final List<String> MIDDLEWARES = List.of("filter", "await", "awaitBehind", "hook", "hookBehind",
			"blocking", "member");

	private static final List<String> READING = List.of("filter", "await", "hook", "blocking", "member", "handler");

	private static final List<String> ANSWERING = List.of("filter", "handler");

	/** The handler, and a middleware whose request has its head. */
	private static final List<String> OTHERS = List.of("handler", "filterBehind");

	private final List<Http1Client> clients = new ArrayList<>();

	private BootServer server;

	@AfterEach
	void stop() {
		// A server that stops waits for its requests
		this.server.bean(Deeds.class).end();
		this.clients.forEach(Client::close);
		this.server.close();
	}

	@ParameterizedTest
	@EnumSource
	void nameEachMiddlewareThatKeepsThemWaiting(Server kind) {
		start(kind);
		Map<String, Integer> expected = new TreeMap<>();
		for (String place : MIDDLEWARES) {
			for (int i = 0; i < TIMES; i++) {
				open(place, Deed.WAIT);
			}
			expected.put(place, TIMES);
		}
		deeds().awaitBegun(MIDDLEWARES.size() * TIMES);
		assertNamed(expected);
		deeds().end();
		this.clients.forEach((client) -> assertThat(client.answer().status()).isEqualTo(200));
		await().until(() -> active().isEmpty());
	}

	@ParameterizedTest
	@EnumSource
	void nameNoMiddlewareThatWaitsForAClientOrAHandler(Server kind) {
		start(kind);
		READING.forEach((place) -> open(place, Deed.READ));
		OTHERS.forEach((place) -> open(place, Deed.WAIT));
		deeds().awaitBegun(READING.size() + OTHERS.size());
		for (String place : ANSWERING) {
			assertThat(open(place, Deed.ANSWER).readUntil("\r\n\r\n")).startsWith("HTTP/1.1 200");
		}
		assertThat(this.clients).hasSize(10);
		open("awaitBehind", Deed.WAIT);
		assertNamed(Map.of("awaitBehind", 1));
		assertThat(deeds().made()).isLessThan((long) ANSWERING.size() * Deeds.LARGE);
	}

	private Deeds deeds() {
		return this.server.bean(Deeds.class);
	}

	private Http1Client open(String place, Deed deed) {
		Http1Client client = Deeds.open(this.server, place, deed);
		this.clients.add(client);
		return client;
	}

	/**
	 * Wait until all that are expected were counted for long enough.
	 */
	private void assertNamed(Map<String, Integer> expected) {
		await().until(() -> expected.keySet().stream().allMatch((name) -> oldest(name) >= 2 * STUCK_AFTER.toMillis()));
		assertThat(active()).isEqualTo(expected);
		assertThat(this.server.bean(NamedThreads.class).names()).hasSameElementsAs(expected.keySet());
	}

	/**
	 * For how long the oldest request has been waiting, in milliseconds.
	 */
	private double oldest(String middleware) {
		TimeGauge gauge = this.server.bean(SimpleMeterRegistry.class)
			.get("async.middleware.active.oldest")
			.tag("middleware", middleware)
			.timeGauge();
		return gauge.value(TimeUnit.MILLISECONDS);
	}

	/**
	 * How many requests wait, for each middleware that keeps some waiting.
	 */
	private Map<String, Integer> active() {
		Map<String, Integer> active = new TreeMap<>();
		for (Gauge gauge : this.server.bean(SimpleMeterRegistry.class).get("async.middleware.active").gauges()) {
			active.put(gauge.getId().getTag("middleware"), (int) gauge.value());
		}
		active.values().removeIf((count) -> count == 0);
		return active;
	}

	private static ConditionFactory await() {
		return Awaitility.await().atMost(Duration.ofMinutes(1));
	}

	private void start(Server kind) {
		this.server = BootServer.start(List.of(BlameApplication.class), kind.property(),
				"server.http2.enabled=" + kind.speaksHttp2(), "async-middleware.blocking-watch.enabled=false",
				"async-middleware.stuck-after=" + STUCK_AFTER.toMillis() + "ms");
	}

}
