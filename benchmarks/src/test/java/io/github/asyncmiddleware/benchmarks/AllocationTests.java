package io.github.asyncmiddleware.benchmarks;

import java.lang.management.ManagementFactory;

import com.sun.management.HotSpotDiagnosticMXBean;
import com.sun.management.ThreadMXBean;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

import org.springframework.http.server.reactive.HttpHandler;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for how much memory a request takes, which tells whether a change has made
 * middlewares more expensive, and other than time is the same on every machine.
 * <p>
 * Without the optimizing compiler, that is: {@code -XX:TieredStopAtLevel=1}. What that
 * one finds out depends on what has run before, and it leaves out objects, so that in
 * production it is less than here. All objects are counted here.
 * <p>
 * The bounds are one or two fields above what it is, and leave no room for one more
 * object for each middleware. A commit that raises one gives the reason.
 */
class AllocationTests {

	private static final int FEW = 10;

	private static final int MANY = 50;

	private static final int WARM_UP = 1000;

	private static final int BATCHES = 5;

	private static final int REQUESTS = 100;

	private static final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

	@BeforeAll
	static void countsAllObjects() {
		HotSpotDiagnosticMXBean machine = ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
		assertThat(machine.getVMOption("TieredStopAtLevel").getValue())
			.as("Run this with -XX:TieredStopAtLevel=1, as the build does")
			.isEqualTo("1");
	}

	/**
	 * In bytes: a middleware, and what a request takes for there to be one at all.
	 */
	@ParameterizedTest
	@CsvSource(textBlock = """
			FUSED_ALONE,       72, 896
			FUSED,             72, 896
			FUSED_WATCHED,     72, 896
			FUSED_FULL,        72, 896
			FUSED_PROMETHEUS,  72, 896
			FOREIGN_MEASURED,  72, 896
			FUSED_WAITING,    248, 928
			FOREIGN_MEASURED_WAITING, 216, 896
			ON_REQUEST,       304, 896
			ON_REQUEST_MONO,  704, 896
			ON_RESPONSE,      248, 984
			CONCURRENT,       320, 1040
			CONCURRENT_MONO,  480, 1336
			AWAIT_PASS,       192, 984
			AWAIT,            392, 1008
			""")
	void takesNoMoreThan(Variant variant, double perMiddleware, double fixed) {
		double few = bytes(variant, FEW);
		double slope = (bytes(variant, MANY) - few) / (MANY - FEW);
		assertThat(slope).as("bytes per middleware").isBetween(1.0, perMiddleware);
		// No object is smaller than 8 bytes: less is something that happened once
		assertThat(few - FEW * slope - bytes(Variant.BARE, 0)).as("bytes per request").isLessThan(fixed + 4);
	}

	@ParameterizedTest
	@EnumSource(names = { "BARE", "BARE_NAMED" })
	void takesLessThanTheChainOfSpring(Variant bare) {
		assertThat(slope(Variant.FUSED_FULL)).isLessThan(slope(bare));
	}

	@Test
	void takesLessThanTheChainOfSpringWithOperatorsToo() {
		assertThat(slope(Variant.FUSED_WAITING)).isLessThan(slope(Variant.WAITING));
	}

	@Test
	void takesNothingToMeasureOneMore() {
		assertThat(slope(Variant.FUSED_FULL)).isLessThan(slope(Variant.FUSED) + 1);
		assertThat(slope(Variant.FUSED_WATCHED)).isLessThan(slope(Variant.FUSED_ALONE) + 1);
	}

	@Test
	void takesNothingWithoutMiddlewares() {
		assertThat(bytes(Variant.FUSED_FULL, 0)).isLessThan(bytes(Variant.BARE, 0) + 1);
	}

	private static double slope(Variant variant) {
		return (bytes(variant, MANY) - bytes(variant, FEW)) / (MANY - FEW);
	}

	/**
	 * Per request. The smallest of several batches, as now and then there is more to do.
	 */
	private static double bytes(Variant variant, int count) {
		HttpHandler handler = variant.handler(count);
		handle(handler, WARM_UP);
		double smallest = Double.MAX_VALUE;
		for (int batch = 0; batch < BATCHES; batch++) {
			long before = threads.getCurrentThreadAllocatedBytes();
			handle(handler, REQUESTS);
			smallest = Math.min(smallest, threads.getCurrentThreadAllocatedBytes() - before);
		}
		return smallest / REQUESTS;
	}

	private static void handle(HttpHandler handler, int requests) {
		for (int i = 0; i < requests; i++) {
			LeanSubscriber subscriber = new LeanSubscriber();
			handler.handle(new LeanRequest(), new LeanResponse()).subscribe(subscriber);
			assertThat(subscriber.isComplete()).isTrue();
		}
	}

}
