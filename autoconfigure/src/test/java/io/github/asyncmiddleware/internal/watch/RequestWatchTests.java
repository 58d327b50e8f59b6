package io.github.asyncmiddleware.internal.watch;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.turbo.TurboFilter;
import ch.qos.logback.core.spi.FilterReply;
import io.github.asyncmiddleware.internal.chain.Middleware;
import io.github.asyncmiddleware.internal.guard.LogNames;
import io.github.asyncmiddleware.internal.record.Ticker;
import io.github.asyncmiddleware.testsupport.TestChain;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.LoggerFactory;
import org.slf4j.Marker;

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
			int before = this.looks.get();
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
			assertThat(this.looks.get() - before).isLessThanOrEqualTo(20 + 6 * (int) (time.toMillis() / period));
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

	/**
	 * An appender can throw what it meets.
	 */
	@Test
	void goesOnAfterFailuresThatCannotBeLogged() {
		AtomicInteger failures = new AtomicInteger();
		Ticker ticker = () -> {
			// The first is read before the loop
			int look = this.looks.incrementAndGet();
			if (look > 1 && look <= 10) {
				failures.incrementAndGet();
				throw new IllegalStateException("test");
			}
			return Ticker.SYSTEM.read();
		};
		LoggerContext logging = (LoggerContext) LoggerFactory.getILoggerFactory();
		logging.addTurboFilter(new ThrowingFilter());
		RequestWatch watch = RequestWatch.create(List.of(TestChain.middleware(0, "passes")), List.of(),
				Duration.ofMillis(20), Duration.ofMillis(100), new ActiveRequests(), ticker);
		watch.start();
		try {
			Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> this.looks.get() > 20);
			assertThat(failures).hasValue(9);
		}
		finally {
			watch.close();
			logging.resetTurboFilterList();
		}
	}

	private long look() {
		this.looks.incrementAndGet();
		return Ticker.SYSTEM.read();
	}

	/**
	 * Throws for each line of the log about the watch.
	 */
	private static final class ThrowingFilter extends TurboFilter {

		@Override
		public FilterReply decide(Marker marker, Logger logger, Level level, String format, Object[] params,
				Throwable failure) {
			if (logger.getName().equals(LogNames.BLOCKING) && level == Level.WARN) {
				throw new IllegalStateException("no place for logs");
			}
			return FilterReply.NEUTRAL;
		}

	}

}
