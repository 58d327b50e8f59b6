package io.github.asyncmiddleware.internal.sample;

import java.util.ArrayList;
import java.util.List;

import io.github.asyncmiddleware.internal.chain.ChainEntry;
import io.github.asyncmiddleware.internal.record.HeadDecorator;
import io.github.asyncmiddleware.internal.record.RequestRecord;
import io.github.asyncmiddleware.internal.record.RequestResult;
import io.github.asyncmiddleware.internal.record.Ticker;
import io.github.asyncmiddleware.testsupport.RecordingListener;
import io.github.asyncmiddleware.testsupport.TestChain;
import io.github.asyncmiddleware.testsupport.TestTicker;
import io.github.asyncmiddleware.testsupport.WireServer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.http.server.reactive.HttpHandler;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link RequestObserver}: whatever is thrown by those it tells, the client
 * gets its response, and all others are told.
 */
@ExtendWith(OutputCaptureExtension.class)
@Timeout(60)
class RequestObserverTests {

	private static final int REQUESTS = 200;

	private final TestTicker ticker = new TestTicker();

	private final RecordingListener listener = new RecordingListener();

	private final Samples samples = new Samples();

	static List<Throwable> failures() {
		return List.of(new IllegalStateException("test"), new AssertionError("test"), new LinkageError("test"),
				new InternalError("test"), new StackOverflowError("test"), new OutOfMemoryError("test"));
	}

	@ParameterizedTest
	@MethodSource("failures")
	void aListenerThatThrowsFromEverything(Throwable failure, CapturedOutput output) throws Exception {
		Throwing throwing = new Throwing(failure);
		assertAnswers(chain().listener(throwing).listener(this.samples).build());
		assertThat(throwing.heads).isEqualTo(REQUESTS);
		assertThat(throwing.ends).isEqualTo(REQUESTS);
		assertWarnedOnce(output, "Throwing failed. The response is not affected");
	}

	@ParameterizedTest
	@MethodSource("failures")
	void aListenerOfSamplesThatThrows(Throwable failure, CapturedOutput output) throws Exception {
		SampleListener throwing = new SampleListener() {

			@Override
			public void onSamples(long[] samples, int from, int to, long time) {
				sneakyThrow(failure);
			}

		};
		assertAnswers(chain().listener(throwing).listener(this.samples).build());
		assertWarnedOnce(output, " failed. The response is not affected");
	}

	@ParameterizedTest
	@MethodSource("failures")
	void aDecoratorThatThrows(Throwable failure, CapturedOutput output) throws Exception {
		HeadDecorator throwing = (request, status, response) -> sneakyThrow(failure);
		assertAnswers(chain().headDecorator(throwing).listener(this.samples).build());
		assertWarnedOnce(output, " failed. The response goes out without what it adds");
	}

	@ParameterizedTest
	@MethodSource("failures")
	void aClockThatThrowsWhereSamplesAreNoted(Throwable failure, CapturedOutput output) throws Exception {
		Ticker throwing = () -> {
			if (StackWalker.getInstance()
				.walk((frames) -> frames.anyMatch((frame) -> frame.getClassName().equals(SampleBuffers.class.getName())
						&& frame.getMethodName().equals("note")))) {
				sneakyThrow(failure);
			}
			return this.ticker.read();
		};
		HttpHandler handler = chain().ticker(throwing).listener(this.samples).build();
		assertAnswers(handler, 0);
		assertWarnedOnce(output, "could not note the times of a request");
	}

	@ParameterizedTest
	@MethodSource("failures")
	void aScheduleHookThatThrows(Throwable failure, CapturedOutput output) throws Exception {
		Schedulers.onScheduleHook("observer", (task) -> {
			if (Thread.currentThread().getName().startsWith("reactor-http-")) {
				sneakyThrow(failure);
			}
			return task;
		});
		try {
			assertAnswers(chain().listener(this.samples).build());
		}
		finally {
			Schedulers.resetOnScheduleHook("observer");
		}
		assertThat(output.getOut()).doesNotContain(" WARN ");
	}

	private TestChain chain() {
		return new TestChain().entries(List.<ChainEntry>of(TestChain.middleware(0, "a"), TestChain.middleware(1, "b")))
			.listener(this.listener)
			.ticker(this.ticker)
			.handler((exchange) -> exchange.getResponse()
				.writeWith(Mono.fromSupplier(() -> exchange.getResponse().bufferFactory().wrap("fine".getBytes()))));
	}

	private void assertAnswers(HttpHandler handler) throws Exception {
		assertAnswers(handler, REQUESTS);
	}

	/**
	 * Send requests, the samples of some of which have to wait.
	 */
	private void assertAnswers(HttpHandler handler, int noted) throws Exception {
		try (WireServer server = new WireServer(handler)) {
			for (int i = 0; i < REQUESTS; i++) {
				assertThat(server.exchange("GET /")).startsWith("HTTP/1.1 200 ").endsWith("fine");
				RecordingListener.RecordedRequest record = this.listener.take();
				assertThat(record.result()).isEqualTo(RequestResult.OK);
				assertThat(record.results()).containsExactly("a PASSED", "b PASSED");
				this.ticker.advanceNanos(300_000);
			}
		}
		if (noted > 0) {
			this.samples.awaitAll(5 * noted, this.ticker);
		}
	}

	private static void assertWarnedOnce(CapturedOutput output, String text) {
		assertThat(output.getOut().lines().filter((line) -> line.contains(" WARN "))).singleElement()
			.asString()
			.contains(text);
	}

	@SuppressWarnings("unchecked")
	private static <E extends Throwable> void sneakyThrow(Throwable failure) throws E {
		throw (E) failure;
	}

	/**
	 * Throws from whatever is called.
	 */
	private static final class Throwing implements RequestListener {

		private final Throwable failure;

		private int heads;

		private int ends;

		Throwing(Throwable failure) {
			this.failure = failure;
		}

		@Override
		public void onHead(RequestRecord request) {
			this.heads++;
			sneakyThrow(this.failure);
		}

		@Override
		public void onEnd(RequestRecord request, RequestResult result) {
			this.ends++;
			sneakyThrow(this.failure);
		}

	}

	/**
	 * Keeps samples.
	 */
	private static final class Samples implements SampleListener {

		private final List<Long> samples = new ArrayList<>();

		@Override
		public synchronized void onSamples(long[] samples, int from, int to, long time) {
			for (int i = from; i < to; i++) {
				this.samples.add(samples[i]);
			}
		}

		void awaitAll(int count, TestTicker ticker) {
			Awaitility.await().untilAsserted(() -> {
				// The last samples are noted after its record is there
				ticker.advanceMillis(20);
				assertThat(count()).isEqualTo(count);
			});
		}

		private synchronized int count() {
			return this.samples.size();
		}

	}

}
