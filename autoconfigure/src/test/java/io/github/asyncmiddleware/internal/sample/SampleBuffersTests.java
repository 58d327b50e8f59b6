package io.github.asyncmiddleware.internal.sample;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import java.util.function.Predicate;
import java.util.stream.IntStream;

import io.github.asyncmiddleware.internal.boundary.MiddlewareHttpHandlerFactory;
import io.github.asyncmiddleware.internal.chain.ChainEntry;
import io.github.asyncmiddleware.internal.chain.Middleware;
import io.github.asyncmiddleware.internal.record.HeadDecorator;
import io.github.asyncmiddleware.internal.record.RequestRecord;
import io.github.asyncmiddleware.internal.record.Ticker;
import io.github.asyncmiddleware.internal.run.Guards;
import io.github.asyncmiddleware.internal.sample.Sample.Kind;
import io.github.asyncmiddleware.testsupport.Allocation;
import io.github.asyncmiddleware.testsupport.TestChain;
import io.github.asyncmiddleware.testsupport.TestTicker;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.scheduler.Schedulers;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.http.server.reactive.HttpHandler;
import org.springframework.web.server.adapter.WebHttpHandlerBuilder;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link SampleBuffers}.
 */
@ExtendWith(OutputCaptureExtension.class)
class SampleBuffersTests {

	private final TestTicker ticker = new TestTicker();

	private final Counts counts = new Counts();

	@Test
	void samplesComeWithTheRequestWhereThereAreFew() {
		HttpHandler handler = chain(2);
		for (int i = 1; i <= 100; i++) {
			this.ticker.advanceMillis(1);
			TestChain.get(handler, "/");
			assertThat(this.counts.own(0)).isEqualTo(i);
			assertThat(this.counts.batches).isEqualTo(i);
		}
	}

	@Test
	void samplesOfABusyThreadComeTogether() {
		inOneBuffer((request) -> {
			request.accept(20);
			assertThat(this.counts.own(0)).isEqualTo(1);
			this.ticker.advanceMillis(1);
			request.accept(1);
			assertThat(this.counts.own(0)).isEqualTo(20);
			assertThat(this.counts.batches).isEqualTo(2);
		});
	}

	@Test
	void samplesDoNotWaitForFurtherRequests() {
		inOneBuffer((request) -> {
			request.accept(20);
			assertThat(this.counts.own(1)).isEqualTo(1);
			this.ticker.advanceMillis(20);
			Awaitility.await().untilAsserted(() -> assertThat(this.counts.own(1)).isEqualTo(20));
			assertThat(this.counts.batches).isEqualTo(2);
		});
	}

	@Test
	void samplesAreNotFetchedBeforeTheyHaveWaited() throws Exception {
		CountingTicker ticker = new CountingTicker(this.ticker);
		HttpHandler handler = new TestChain().entries(chainOf(1)).listener(this.counts).ticker(ticker).build();
		TestChain.get(handler, "/");
		TestChain.get(handler, "/");
		this.ticker.advanceNanos(19_999_999);
		ticker.awaitReads(3);
		assertThat(this.counts.own(0)).isEqualTo(1);
		this.ticker.advanceNanos(1);
		Awaitility.await().untilAsserted(() -> assertThat(this.counts.own(0)).isEqualTo(2));
	}

	@Test
	void nothingIsLookedForWhileThereIsNothing() throws Exception {
		CountingTicker ticker = new CountingTicker(this.ticker);
		HttpHandler handler = new TestChain().entries(chainOf(1)).listener(this.counts).ticker(ticker).build();
		for (int i = 1; i <= 2; i++) {
			TestChain.get(handler, "/");
			TestChain.get(handler, "/");
			this.ticker.advanceMillis(20);
			int expected = 2 * i;
			Awaitility.await().untilAsserted(() -> assertThat(this.counts.own(0)).isEqualTo(expected));
			this.ticker.advanceMillis(1);
			ticker.awaitSilence();
		}
	}

	@Test
	void noRequestSchedulesAnything() {
		List<Thread> scheduling = Collections.synchronizedList(new ArrayList<>());
		Schedulers.onScheduleHook("samples", (task) -> {
			scheduling.add(Thread.currentThread());
			return task;
		});
		try {
			HttpHandler handler = chain(2);
			for (int i = 0; i < 1000; i++) {
				TestChain.get(handler, "/");
				this.ticker.advanceNanos(300_000);
			}
			this.ticker.advanceMillis(20);
			Awaitility.await().untilAsserted(() -> assertThat(this.counts.own(1)).isEqualTo(1000));
		}
		finally {
			Schedulers.resetOnScheduleHook("samples");
		}
		assertThat(scheduling).doesNotContain(Thread.currentThread())
			.noneMatch((thread) -> thread.getName().equals(SampleFetcher.THREAD_NAME));
	}

	@Test
	void aThreadFetchesThatKeepsNothingAndEndsWithTheApplication() throws Exception {
		List<Thread> threads = new ArrayList<>();
		InheritableThreadLocal<String> ofRequest = new InheritableThreadLocal<>();
		List<String> inherited = Collections.synchronizedList(new ArrayList<>());
		SampleListener listener = (samples, from, to, time) -> inherited.add(ofRequest.get());
		SampleBuffers buffers = new SampleBuffers(
				new RequestObserver(List.of(listener, this.counts), HeadDecorator.NONE, this.ticker), 2, (task) -> {
					Thread thread = SampleFetcher.daemon(task);
					threads.add(thread);
					return thread;
				});
		ofRequest.set("secret");
		try {
			TestChain.inspect(middlewares(1), (request) -> record(buffers, request, 1));
		}
		finally {
			ofRequest.remove();
		}
		assertThat(threads).hasSize(1);
		Thread thread = threads.get(0);
		assertThat(thread.isDaemon()).isTrue();
		assertThat(thread.getContextClassLoader()).isSameAs(SampleFetcher.class.getClassLoader());
		this.ticker.advanceMillis(20);
		Awaitility.await().untilAsserted(() -> assertThat(this.counts.own(0)).isEqualTo(1));
		assertThat(inherited).containsExactly("secret", null);
		buffers.close();
		thread.join(10_000);
		assertThat(thread.isAlive()).isFalse();
		TestChain.inspect(middlewares(1), (request) -> record(buffers, request, 1));
		assertThat(this.counts.own(0)).isEqualTo(2);
		assertThat(threads).hasSize(1);
	}

	@Test
	void samplesDoNotWaitIfNoThreadCanBeStarted(CapturedOutput output) {
		AtomicBoolean possible = new AtomicBoolean();
		SampleBuffers buffers = new SampleBuffers(
				new RequestObserver(List.of(this.counts), HeadDecorator.NONE, this.ticker), 1, (task) -> {
					if (!possible.get()) {
						throw new OutOfMemoryError("unable to create native thread");
					}
					return SampleFetcher.daemon(task);
				});
		TestChain.inspect(middlewares(1), (request) -> {
			record(buffers, request, 10);
			assertThat(this.counts.own(0)).isEqualTo(10);
			possible.set(true);
			record(buffers, request, 10);
			assertThat(this.counts.own(0)).isEqualTo(10);
			this.ticker.advanceMillis(20);
			Awaitility.await().untilAsserted(() -> assertThat(this.counts.own(0)).isEqualTo(20));
		});
		buffers.close();
		assertThat(output.getOut().lines().filter((line) -> line.contains("could not note the times of a request")))
			.hasSize(1);
	}

	@Test
	void samplesHaveTheTimeOfTheFirstOfThem() {
		inOneBuffer((request) -> {
			request.accept(1);
			long second = this.ticker.read();
			request.accept(1);
			this.ticker.advance(Duration.ofMinutes(5));
			request.accept(1);
			assertThat(this.counts.times).containsExactly(second, second);
		});
	}

	@Test
	void nothingIsLeftWhenTheApplicationGoesDown() {
		MiddlewareHttpHandlerFactory factory = new MiddlewareHttpHandlerFactory((filters, context) -> chainOf(1),
				List.of(this.counts), Guards.OFF, this.ticker, HeadDecorator.NONE);
		HttpHandler handler = WebHttpHandlerBuilder.webHandler((exchange) -> exchange.getResponse().setComplete())
			.httpHandlerDecorator(factory)
			.build();
		TestChain.get(handler, "/");
		TestChain.get(handler, "/");
		assertThat(this.counts.own(0)).isEqualTo(1);
		factory.close();
		assertThat(this.counts.own(0)).isEqualTo(2);
		TestChain.get(handler, "/");
		assertThat(this.counts.own(0)).isEqualTo(3);
	}

	@Test
	void aListenerThatFailsTakesNothingFromOthers(CapturedOutput output) {
		HttpHandler handler = new TestChain().entries(chainOf(1))
			.listener((SampleListener) (samples, from, to, time) -> {
				throw new IllegalStateException("fails");
			})
			.listener(this.counts)
			.promptly()
			.build();
		TestChain.get(handler, "/");
		TestChain.get(handler, "/");
		assertThat(this.counts.own(0)).isEqualTo(2);
		assertThat(output.getOut().lines().filter((line) -> line.contains(" failed. The response is not affected")))
			.hasSize(1);
	}

	/**
	 * Such as a registry that waits for something while it counts.
	 */
	@Test
	void aListenerThatBlocksHoldsNoOtherThread() {
		whileBlocked(1, (buffers, request) -> {
			ExecutorService executor = Executors.newSingleThreadExecutor();
			join(executor.submit(() -> buffers.note(request, true, true)));
			executor.shutdown();
			assertThat(this.counts.own(0)).isEqualTo(1);
			assertThat(buffers.fetch()).isEqualTo(SampleBuffers.PATIENCE);
		});
		assertThat(this.counts.own(0)).isEqualTo(2);
	}

	@Test
	void aListenerThatBlocksHoldsNoSamplesOfOtherThreads() {
		whileBlocked(2, (buffers, request) -> {
			record(buffers, request, 10);
			assertThat(this.counts.own(0)).isLessThan(10);
			buffers.close();
			assertThat(this.counts.own(0)).isEqualTo(10);
		});
	}

	/**
	 * Do something while a request has locked the first buffer and its listener blocks.
	 */
	private void whileBlocked(int size, BiConsumer<SampleBuffers, RequestRecord> test) {
		CountDownLatch blocking = new CountDownLatch(1);
		CountDownLatch released = new CountDownLatch(1);
		SampleListener listener = (samples, from, to, time) -> {
			if (blocking.getCount() > 0) {
				blocking.countDown();
				awaitUninterrupted(released);
			}
		};
		SampleBuffers buffers = new SampleBuffers(
				new RequestObserver(List.of(listener, this.counts), HeadDecorator.NONE, this.ticker), size);
		try {
			TestChain.inspect(middlewares(1), (request) -> {
				Thread blocked;
				do {
					blocked = new Thread(() -> buffers.note(request, true, true));
				}
				while (blocked.getId() % size != 0);
				blocked.start();
				awaitUninterrupted(blocking);
				test.accept(buffers, request);
				released.countDown();
				joinUninterrupted(blocked);
			});
		}
		finally {
			released.countDown();
			buffers.close();
		}
	}

	@Test
	void leavesOutAMiddlewareWithAnImpossibleIndex() {
		HttpHandler handler = new TestChain().entry(TestChain.middleware(Sample.MAX_INDEX + 1, "impossible"))
			.entry(TestChain.middleware(0, "possible"))
			.listener(this.counts)
			.promptly()
			.build();
		TestChain.get(handler, "/");
		assertThat(this.counts.samples).isEqualTo(3);
	}

	@Test
	void takesMoreMiddlewaresThanABufferHasRoomFor() {
		int count = 5000;
		TestChain.get(new TestChain().entries(chainOf(count)).listener(this.counts).promptly().build(), "/");
		assertThat(IntStream.range(0, count))
			.allMatch((index) -> this.counts.own(index) == 1 && this.counts.ttfb(index) == 1);
		assertThat(this.counts.samples).isEqualTo(2 * count + 1);
	}

	@Test
	void losesNothingWhenManyThreadsRecordAndRead() {
		int threads = 4;
		int times = 20_000;
		SampleBuffers buffers = new SampleBuffers(
				new RequestObserver(List.of(this.counts), HeadDecorator.NONE, Ticker.SYSTEM), 2);
		TestChain.inspect(middlewares(5), (request) -> recordAndRead(buffers, request, threads, times));
		buffers.close();
		for (int index = 0; index < 5; index++) {
			assertThat(this.counts.ttfb(index)).isEqualTo(threads * times);
			assertThat(this.counts.own(index)).isEqualTo(threads * times);
		}
		assertThat(this.counts.samples).isEqualTo((2L * 5 + 1) * threads * times);
	}

	private void recordAndRead(SampleBuffers buffers, RequestRecord request, int threads, int times) {
		ExecutorService executor = Executors.newFixedThreadPool(threads + 1);
		try {
			AtomicBoolean done = new AtomicBoolean();
			Future<?> reader = executor.submit(() -> {
				while (!done.get()) {
					buffers.flush();
				}
			});
			List<Future<?>> writers = IntStream.range(0, threads)
				.<Future<?>>mapToObj((i) -> executor.submit(() -> record(buffers, request, times)))
				.toList();
			writers.forEach(SampleBuffersTests::join);
			done.set(true);
			join(reader);
		}
		finally {
			executor.shutdownNow();
		}
	}

	@Test
	void allocatesNothingPerRequest() {
		SampleBuffers buffers = new SampleBuffers(
				new RequestObserver(List.of(this.counts), HeadDecorator.NONE, new TestTicker()), 2);
		TestChain.inspect(middlewares(50), (request) -> {
			record(buffers, request, 1000);
			assertThat(Allocation.ofEach(3, () -> record(buffers, request, 1000))).isLessThan(1_000);
		});
		buffers.close();
		assertThat(this.counts.own(49)).isEqualTo(4000);
	}

	/**
	 * Do something with requests that all note their samples in the same buffer. With
	 * several, a request finds another one while the fetcher looks into that of its
	 * thread.
	 * @param test is given what handles a number of requests
	 */
	private void inOneBuffer(Consumer<IntConsumer> test) {
		SampleBuffers buffers = new SampleBuffers(
				new RequestObserver(List.of(this.counts), HeadDecorator.NONE, this.ticker), 1);
		try {
			TestChain.inspect(middlewares(2), (request) -> test
				.accept((times) -> IntStream.range(0, times).forEach((i) -> buffers.note(request, true, true))));
		}
		finally {
			buffers.close();
		}
	}

	private static void record(SampleBuffers buffers, RequestRecord request, int times) {
		for (int i = 0; i < times; i++) {
			buffers.note(request, true, false);
			buffers.note(request, false, true);
		}
	}

	private static void awaitUninterrupted(CountDownLatch latch) {
		try {
			assertThat(latch.await(60, TimeUnit.SECONDS)).isTrue();
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private static void joinUninterrupted(Thread thread) {
		try {
			thread.join(60_000);
			assertThat(thread.isAlive()).isFalse();
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private static void join(Future<?> future) {
		try {
			future.get(60, TimeUnit.SECONDS);
		}
		catch (Exception ex) {
			throw new IllegalStateException(ex);
		}
	}

	private HttpHandler chain(int count) {
		return new TestChain().entries(chainOf(count)).listener(this.counts).ticker(this.ticker).build();
	}

	private static List<ChainEntry> chainOf(int count) {
		return new ArrayList<>(middlewares(count));
	}

	private static List<Middleware> middlewares(int count) {
		return IntStream.range(0, count).mapToObj((i) -> TestChain.middleware(i, "m" + i)).toList();
	}

	/**
	 * Counts how often it is read.
	 */
	private record CountingTicker(Ticker actual, AtomicInteger reads) implements Ticker {

		CountingTicker(Ticker actual) {
			this(actual, new AtomicInteger());
		}

		@Override
		public long read() {
			this.reads.incrementAndGet();
			return this.actual.read();
		}

		void awaitReads(int count) {
			int before = this.reads.get();
			Awaitility.await().until(() -> this.reads.get() >= before + count);
		}

		/** No read for ten times as long as samples wait. */
		void awaitSilence() {
			Awaitility.await().pollInterval(Duration.ofMillis(200)).until(this.reads::get, new Predicate<>() {

				private int before = -1;

				@Override
				public boolean test(Integer reads) {
					boolean silent = reads == this.before;
					this.before = reads;
					return silent;
				}

			});
		}

	}

	/**
	 * Counts samples.
	 */
	private static final class Counts implements SampleListener {

		private final long[] ttfb = new long[Sample.MAX_INDEX + 1];

		private final long[] own = new long[Sample.MAX_INDEX + 1];

		private final List<Long> times = Collections.synchronizedList(new ArrayList<>());

		private long samples;

		private int batches;

		@Override
		public synchronized void onSamples(long[] samples, int from, int to, long time) {
			this.batches++;
			if (this.times.size() < 100) {
				this.times.add(time);
			}
			this.samples += to - from;
			for (int i = from; i < to; i++) {
				if (Sample.kind(samples[i]) == Kind.TTFB) {
					this.ttfb[Sample.index(samples[i])]++;
				}
				else if (Sample.kind(samples[i]) == Kind.OWN) {
					this.own[Sample.index(samples[i])]++;
				}
			}
		}

		synchronized long own(int index) {
			return this.own[index];
		}

		synchronized long ttfb(int index) {
			return this.ttfb[index];
		}

	}

}
