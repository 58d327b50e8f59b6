package io.github.asyncmiddleware.internal.watch;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

import io.github.asyncmiddleware.internal.chain.Middleware;
import io.github.asyncmiddleware.internal.record.Ticker;
import io.github.asyncmiddleware.testsupport.TestChain;
import org.awaitility.Awaitility;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.http.server.reactive.HttpHandler;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link RequestWatch}.
 */
class RequestWatchTests {

	private static final int REQUESTS = 500;

	private final AtomicInteger looks = new AtomicInteger();

	@ParameterizedTest
	@CsvSource({ "true, true", "true, false", "false, true" })
	void isNotWokenByEachRequest(boolean blocking, boolean stuck) {
		Middleware passes = TestChain.middleware(0, "passes");
		RequestWatch watch = RequestWatch.create(List.of(passes), List.of(), blocking ? Duration.ofMillis(100) : null,
				stuck ? Duration.ofMinutes(1) : null, new ActiveRequests(), this::look);
		HttpHandler handler = new TestChain().entry(passes).activities(watch.activities()).build();
		watch.start();
		try {
			Awaitility.await().until(() -> this.looks.get() > 0);
			long begun = System.nanoTime();
			for (int i = 0; i < REQUESTS; i++) {
				TestChain.get(handler, "/");
				// Enough for the watch to fall asleep in between, if it wants to
				LockSupport.parkNanos(Duration.ofMillis(1).toNanos() / 2);
			}
			Duration time = Duration.ofNanos(System.nanoTime() - begun);
			// It reads the clock twice each time that it looks or goes to sleep, at most
			// every 20 ms where it is after threads, every second where it is not
			int period = blocking ? 20 : 1000;
			assertThat(this.looks.get()).isLessThanOrEqualTo(20 + 6 * (int) (time.toMillis() / period));
		}
		finally {
			watch.close();
		}
	}

	@ParameterizedTest
	@CsvSource({ "true, true", "true, false", "false, true" })
	void forgetsThreadsThatHaveEnded(boolean blocking, boolean stuck) throws InterruptedException {
		Middleware passes = TestChain.middleware(0, "passes");
		RequestWatch watch = RequestWatch.create(List.of(passes), List.of(), blocking ? Duration.ofMillis(100) : null,
				stuck ? Duration.ofMinutes(1) : null, new ActiveRequests(), Ticker.SYSTEM);
		HttpHandler handler = new TestChain().entry(passes).activities(watch.activities()).build();
		watch.start();
		try {
			for (int i = 0; i < 10; i++) {
				Thread thread = new Thread(() -> TestChain.get(handler, "/"));
				thread.start();
				thread.join();
			}
			// Threads of Reactor are watched too, where there are any
			Awaitility.await()
				.atMost(Duration.ofSeconds(30))
				.untilAsserted(() -> assertThat(watch.activities().watched()).extracting(ThreadActivity::thread)
					.allMatch(Thread::isAlive));
		}
		finally {
			watch.close();
		}
	}

	private long look() {
		this.looks.incrementAndGet();
		return Ticker.SYSTEM.read();
	}

}
