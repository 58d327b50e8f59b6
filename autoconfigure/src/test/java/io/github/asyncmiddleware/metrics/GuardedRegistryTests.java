package io.github.asyncmiddleware.metrics;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

import io.github.asyncmiddleware.internal.chain.Middleware;
import io.github.asyncmiddleware.testsupport.TestChain;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.config.MeterFilter;
import io.micrometer.core.instrument.config.MeterFilterReply;
import io.micrometer.core.instrument.cumulative.CumulativeCounter;
import io.micrometer.core.instrument.cumulative.CumulativeTimer;
import io.micrometer.core.instrument.distribution.DistributionStatisticConfig;
import io.micrometer.core.instrument.distribution.pause.PauseDetector;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.http.HttpStatus;
import org.springframework.http.server.reactive.HttpHandler;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.mock.http.server.reactive.MockServerHttpResponse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link GuardedRegistry} and those that use it: how requests and the other
 * meters fare when measuring fails.
 */
@ExtendWith(OutputCaptureExtension.class)
class GuardedRegistryTests {

	/** Nothing in these tests breaks the rules, blocks or waits. */
	private static final Set<AsyncMiddlewareMeters> USED = EnumSet.complementOf(EnumSet.of(AsyncMiddlewareMeters.MISUSE,
			AsyncMiddlewareMeters.BLOCKED, AsyncMiddlewareMeters.ACTIVE, AsyncMiddlewareMeters.ACTIVE_OLDEST));

	private static final String WARNING = "Could not record '%s'. Responses are not affected;"
			+ " further failures of this meter are not logged";

	@Test
	void survivesAMeterFilterThatAlwaysThrows(CapturedOutput output) {
		MeterRegistry registry = new SimpleMeterRegistry();
		registry.config().meterFilter(new ThrowingMeterFilter("async.middleware"));
		answersAsEver(chain(registry, 3));
		assertThat(registry.getMeters()).isEmpty();
		for (AsyncMiddlewareMeters meter : USED) {
			assertThat(output).containsOnlyOnce(WARNING.formatted(meter.meterName()));
		}
	}

	@Test
	void recordsTheOthersWhenAMeterFilterThrowsForOne(CapturedOutput output) {
		MeterRegistry registry = new SimpleMeterRegistry();
		registry.config().meterFilter(new ThrowingMeterFilter("async.middleware.ttfb"));
		answersAsEver(chain(registry, 3));
		assertThat(counts(registry)).filteredOn((count) -> !count.endsWith(" 0"))
			.containsExactly("async.middleware.app 2", "async.middleware.own 2", "async.middleware.own 2",
					"async.middleware.own 2", "async.middleware.request.ttfb 2", "async.middleware.requests 2");
		assertThat(output).containsOnlyOnce("Could not record");
	}

	@Test
	void asksOnlyOnceForAMeterThatIsRefused() {
		MeterRegistry registry = new SimpleMeterRegistry();
		CountingFilter filter = new CountingFilter(MeterFilterReply.DENY);
		registry.config().meterFilter(filter);
		HttpHandler handler = chain(registry, 3);
		answersAsEver(handler);
		int asked = filter.asked.size();
		answersAsEver(handler);
		assertThat(filter.asked).hasSize(asked);
		assertThat(registry.getMeters()).isEmpty();
	}

	@Test
	void asksOnlyOnceForAMeterThatCannotBeRegisteredLater() {
		MeterRegistry registry = new SimpleMeterRegistry();
		HttpHandler handler = chain(registry, 3, 404);
		CountingFilter filter = new CountingFilter(MeterFilterReply.NEUTRAL);
		registry.config().meterFilter(filter).meterFilter(new ThrowingMeterFilter("async.middleware"));
		IntStream.range(0, 10).forEach((i) -> TestChain.get(handler, "/"));
		assertThat(filter.asked).containsExactlyInAnyOrder("async.middleware.ttfb", "async.middleware.ttfb",
				"async.middleware.ttfb", "async.middleware.app", "async.middleware.request.ttfb");
		assertThat(counts(registry)).contains("async.middleware.own 10", "async.middleware.requests 10");
	}

	@Test
	void survivesMetersThatThrow(CapturedOutput output) {
		MeterRegistry registry = new BrokenRegistry("async.middleware");
		answersAsEver(chain(registry, 3));
		for (AsyncMiddlewareMeters meter : USED) {
			assertThat(output).containsOnlyOnce(WARNING.formatted(meter.meterName()));
		}
	}

	@Test
	void recordsTheOthersWhenOneMeterThrows(CapturedOutput output) {
		MeterRegistry registry = new BrokenRegistry("async.middleware.own");
		answersAsEver(chain(registry, 3));
		assertThat(counts(registry)).filteredOn((count) -> !count.endsWith(" 0"))
			.containsExactly("async.middleware.app 2", "async.middleware.request.ttfb 2", "async.middleware.requests 2",
					"async.middleware.ttfb 2", "async.middleware.ttfb 2", "async.middleware.ttfb 2");
		assertThat(output).containsOnlyOnce("Could not record");
	}

	@Test
	void survivesARegistryThatIsClosed(CapturedOutput output) {
		MeterRegistry registry = new SimpleMeterRegistry();
		HttpHandler handler = chain(registry, 3);
		answersAsEver(handler);
		registry.close();
		answersAsEver(handler);
		answersAsEver(chain(registry, 3));
		assertThat(output).doesNotContain("Could not record");
	}

	@Test
	void letsErrorsOfTheVirtualMachineThrough() {
		GuardedRegistry guarded = new GuardedRegistry(new SimpleMeterRegistry());
		Timer timer = Timer.builder("t").register(new BrokenRegistry("t", new OutOfMemoryError("test")));
		assertThatExceptionOfType(OutOfMemoryError.class)
			.isThrownBy(() -> guarded.record(AsyncMiddlewareMeters.OWN, timer, 1));
	}

	private static HttpHandler chain(MeterRegistry registry, int middlewares) {
		return chain(registry, middlewares, 200);
	}

	private static HttpHandler chain(MeterRegistry registry, int count, int status) {
		List<Middleware> middlewares = IntStream.range(0, count)
			.mapToObj((i) -> TestChain.middleware(i, "m" + i))
			.toList();
		return new TestChain().entries(middlewares)
			.listener(MiddlewareMetrics.listener(registry, middlewares, List.of()))
			.promptly()
			.handler((exchange) -> {
				exchange.getResponse().setRawStatusCode(status);
				return exchange.getResponse().setComplete();
			})
			.build();
	}

	private static void answersAsEver(HttpHandler handler) {
		for (int i = 0; i < 2; i++) {
			MockServerHttpResponse response = new MockServerHttpResponse();
			handler.handle(MockServerHttpRequest.get("/").build(), response).block();
			assertThat(response.getStatusCode()).isEqualTo(HttpStatus.OK);
			assertThat(response.isCommitted()).isTrue();
		}
	}

	private static List<String> counts(MeterRegistry registry) {
		return registry.getMeters()
			.stream()
			.filter((meter) -> !meter.getId().getName().endsWith("misuse")
					&& !meter.getId().getName().endsWith("blocked"))
			.map((meter) -> meter.getId().getName() + " "
					+ ((meter instanceof Timer timer) ? timer.count() : (long) ((Counter) meter).count()))
			.sorted()
			.toList();
	}

	/**
	 * Throws for the meters whose name begins with a prefix.
	 */
	private record ThrowingMeterFilter(String prefix) implements MeterFilter {

		@Override
		public MeterFilterReply accept(Meter.Id id) {
			if (id.getName().startsWith(this.prefix)) {
				throw new IllegalStateException("filter");
			}
			return MeterFilterReply.NEUTRAL;
		}

	}

	/**
	 * Gives the same reply to all, and remembers who asked.
	 */
	private static final class CountingFilter implements MeterFilter {

		private final List<String> asked = new ArrayList<>();

		private final MeterFilterReply reply;

		CountingFilter(MeterFilterReply reply) {
			this.reply = reply;
		}

		@Override
		public MeterFilterReply accept(Meter.Id id) {
			this.asked.add(id.getName());
			return this.reply;
		}

	}

	/**
	 * A registry of which the meters whose name begins with a prefix throw when they are
	 * used.
	 */
	private static final class BrokenRegistry extends SimpleMeterRegistry {

		private final String prefix;

		private final Error error;

		BrokenRegistry(String prefix) {
			this(prefix, new AssertionError("broken meter"));
		}

		BrokenRegistry(String prefix, Error error) {
			this.prefix = prefix;
			this.error = error;
		}

		@Override
		protected Timer newTimer(Meter.Id id, DistributionStatisticConfig config, PauseDetector pauseDetector) {
			if (!id.getName().startsWith(this.prefix)) {
				return super.newTimer(id, config, pauseDetector);
			}
			return new CumulativeTimer(id, this.clock, config, pauseDetector, TimeUnit.SECONDS) {

				@Override
				protected void recordNonNegative(long amount, TimeUnit unit) {
					throw BrokenRegistry.this.error;
				}

			};
		}

		@Override
		protected Counter newCounter(Meter.Id id) {
			if (!id.getName().startsWith(this.prefix)) {
				return super.newCounter(id);
			}
			return new CumulativeCounter(id) {

				@Override
				public void increment(double amount) {
					throw BrokenRegistry.this.error;
				}

			};
		}

	}

}
