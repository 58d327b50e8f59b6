package io.github.asyncmiddleware.wire;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

import io.github.asyncmiddleware.internal.record.Ticker;
import io.github.asyncmiddleware.testsupport.boot.BootServer;
import io.github.asyncmiddleware.testsupport.boot.Client;
import io.github.asyncmiddleware.testsupport.boot.Http1Client;
import io.github.asyncmiddleware.testsupport.boot.MeterChanges;
import io.github.asyncmiddleware.wire.Deeds.Deed;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Primary;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for a process that stands still for an hour, on each server that Spring Boot
 * starts for WebFlux: for the watch the clock jumps.
 */
@Tag("servers")
class StoppedProcessServersTests {

	private static final Duration LIMIT = Duration.ofSeconds(10);

	/** The longest that there is. */
	private static final Duration PERIOD = Duration.ofMillis(200);

	private static final Duration STOP = Duration.ofHours(1);

	private static final int STOPS = 2;

	/** A fifth of the limit, before the stops and after them. */
	private static final int LOOKS = 10;

	private static final List<String> ON_THREAD = List.of("filter", "await", "awaitBehind", "hook", "hookInPlace",
			"hookBehind", "handler");

	private static final List<String> WAITING = List.of("filter", "await", "awaitBehind", "hook", "hookBehind",
			"blocking", "member");

	@ParameterizedTest
	@EnumSource
	void blameNoCodeThatIsOnAThread(Server kind) {
		try (BootServer server = start(kind)) {
			Clock clock = server.bean(Clock.class);
			MeterChanges changes = server.changes();
			for (String place : ON_THREAD) {
				hold(server, place, clock::stop);
			}
			clock.look(1);
			assertThat(changes.blocked()).isEmpty();
			assertThat(server.bean(NamedThreads.class).names()).isEmpty();
			// Only the stops are no reason
			for (String place : ON_THREAD) {
				hold(server, place, () -> {
					clock.stop();
					clock.look((int) LIMIT.dividedBy(PERIOD));
				});
			}
			clock.look(1);
			assertThat(changes.blocked()).containsExactlyInAnyOrder(
					ON_THREAD.stream().map(StoppedProcessServersTests::culprit).toArray(String[]::new));
			assertThat(longest(server)).isLessThan(2 * LIMIT.toMillis());
		}
	}

	@ParameterizedTest
	@EnumSource
	void blameNoMiddlewareThatKeepsRequestsWaiting(Server kind) throws Exception {
		List<Http1Client> clients = new ArrayList<>();
		try (BootServer server = start(kind); AutoCloseable end = () -> end(server, clients)) {
			Clock clock = server.bean(Clock.class);
			WAITING.forEach((place) -> clients.add(Deeds.open(server, place, Deed.WAIT)));
			server.bean(Deeds.class).awaitBegun(WAITING.size());
			clock.stop();
			assertThat(server.bean(NamedThreads.class).names()).isEmpty();
			clock.look((int) LIMIT.dividedBy(PERIOD));
			assertThat(server.bean(NamedThreads.class).names()).containsExactlyInAnyOrderElementsOf(WAITING);
			server.bean(Deeds.class).end();
			clients.forEach((client) -> assertThat(client.answer().status()).isEqualTo(200));
		}
	}

	/**
	 * A server that stops waits for its requests.
	 */
	private static void end(BootServer server, List<Http1Client> clients) {
		server.bean(Deeds.class).end();
		clients.forEach(Client::close);
	}

	private static String culprit(String place) {
		return place.equals("handler") ? "app" : place;
	}

	/**
	 * Do something while code is on a thread of the server.
	 */
	private static void hold(BootServer server, String place, Runnable action) {
		try (Http1Client client = Deeds.open(server, place, Deed.HOLD)) {
			server.bean(Deeds.class).awaitBegun(1);
			action.run();
			server.bean(Deeds.class).end();
			assertThat(client.answer().status()).isEqualTo(200);
		}
	}

	/**
	 * For how long a thread was blocked at most, in milliseconds.
	 */
	private static double longest(BootServer server) {
		return server.bean(SimpleMeterRegistry.class)
			.get("async.middleware.blocked")
			.timers()
			.stream()
			.mapToDouble((Timer timer) -> timer.max(TimeUnit.MILLISECONDS))
			.max()
			.orElseThrow();
	}

	private static BootServer start(Server kind) {
		return BootServer.start(List.of(BlameApplication.class, Clocks.class), kind.property(),
				"server.http2.enabled=" + kind.speaksHttp2(),
				"async-middleware.blocking-watch.threshold=" + LIMIT.toMillis() + "ms",
				"async-middleware.stuck-after=" + LIMIT.toMillis() + "ms");
	}

	@Configuration(proxyBeanMethods = false)
	static class Clocks {

		@Bean
		@Primary
		Clock clock() {
			return new Clock();
		}

	}

	/**
	 * A clock that the test turns, and with each turn the watch looks.
	 */
	static final class Clock implements Ticker {

		/** How often the watch reads the clock until a look is over that says nothing. */
		private static final int READS = 4;

		private final AtomicLong now = new AtomicLong();

		private final AtomicInteger reads = new AtomicInteger();

		private volatile Thread watch = Thread.currentThread();

		@Override
		public long read() {
			if (Thread.currentThread().getName().equals("async-middleware-watch")) {
				this.watch = Thread.currentThread();
				this.reads.incrementAndGet();
			}
			return this.now.get();
		}

		/**
		 * The process stands still, more than once, and runs in between and around that.
		 */
		void stop() {
			look(LOOKS);
			for (int i = 0; i < STOPS; i++) {
				turn(STOP);
			}
			look(LOOKS);
		}

		void look(int times) {
			for (int i = 0; i < times; i++) {
				turn(PERIOD);
			}
		}

		private void turn(Duration duration) {
			this.now.addAndGet(duration.toNanos());
			int before = this.reads.get();
			Awaitility.await()
				.atMost(Duration.ofMinutes(1))
				.pollDelay(Duration.ZERO)
				.pollInterval(Duration.ofMillis(1))
				.until(() -> {
					LockSupport.unpark(this.watch);
					return this.reads.get() - before >= READS;
				});
		}

	}

}
