package io.github.asyncmiddleware.internal.watch;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import io.github.asyncmiddleware.internal.chain.Middleware;
import io.github.asyncmiddleware.internal.chain.MiddlewareScope;
import io.github.asyncmiddleware.internal.guard.Documentation;
import io.github.asyncmiddleware.internal.record.RequestRecord;
import io.github.asyncmiddleware.internal.record.RequestResult;
import io.github.asyncmiddleware.internal.sample.RequestListener;
import io.github.asyncmiddleware.testsupport.TestChain;
import io.github.asyncmiddleware.testsupport.TestTicker;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.NonBlocking;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.http.server.reactive.HttpHandler;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link BlockingWatch}: a real thread that stands still in a middleware, and
 * what is said about it while the clock is turned.
 */
@ExtendWith(OutputCaptureExtension.class)
class BlockingWatchTests {

	private static final StackTraceElement[] WAITING = { new StackTraceElement("sun.nio.ch.EPoll", "wait", null, -2) };

	private static final long PERIOD = Duration.ofMillis(20).toNanos();

	private final TestTicker ticker = new TestTicker();

	private final FakeProbe probe = new FakeProbe();

	private final ThreadActivities activities = new ThreadActivities();

	private final Held held = new Held();

	private final Middleware middleware = new Middleware(0, "held", Held.class, 0, MiddlewareScope.ALL, this.held);

	private final List<String> blocked = new ArrayList<>();

	private final BlockingWatch watch = new BlockingWatch(this.activities, this.probe, List.of(this.middleware),
			new BlockingReporter(List.of(new Failing(), new Listening()), this.ticker), Duration.ofMillis(100));

	private final List<Thread> threads = new ArrayList<>();

	@AfterEach
	void letGo() {
		this.threads.forEach(Thread::interrupt);
	}

	@Test
	void looksFiveTimesPerThreshold() {
		assertThat(this.watch.period()).isEqualTo(PERIOD);
	}

	@ParameterizedTest
	@EnumSource(value = Thread.State.class, names = { "WAITING", "TIMED_WAITING", "BLOCKED" })
	void accusesAThreadThatWaitsForAsLongAsTheThreshold(Thread.State state, CapturedOutput output) throws Exception {
		this.probe.state = state;
		begin();
		look(4);
		assertThat(lines(output)).isEmpty();
		look(1);
		assertThat(lines(output)).singleElement()
			.asString()
			.endsWith("[blocked_event_loop] The middleware 'held' (" + Held.class.getName()
					+ ", order 0) has been blocking the thread event-loop, which serves other requests too, for 100 ms."
					+ " Wait without blocking, or move the code to a hook with blocking = true."
					+ Documentation.see("blocking", "blocked_event_loop"));
		assertThat(output.getOut()).contains("\n\tat " + Held.class.getName() + ".filter(BlockingWatchTests.java:1)");
		look(5);
		assertThat(this.blocked).isEmpty();
		end();
		look(1);
		assertThat(this.blocked).containsExactly("held 220");
		assertThat(lines(output)).hasSize(1);
		assertThat(output).contains("Listener " + Failing.class.getName() + " failed to take note");
	}

	@Test
	void accusesNobodyWhenTheProcessStoodStill(CapturedOutput output) throws Exception {
		begin();
		for (int i = 0; i < 2; i++) {
			this.ticker.advance(Duration.ofSeconds(3));
			this.watch.look(this.ticker.read());
		}
		end();
		look(10);
		assertThat(lines(output)).isEmpty();
		assertThat(this.blocked).isEmpty();
	}

	@Test
	void countsTheTimeAroundAPauseOnly() throws Exception {
		begin();
		look(4);
		this.ticker.advance(Duration.ofHours(1));
		this.watch.look(this.ticker.read());
		look(5);
		end();
		look(1);
		// 4 before, 2 for the hour, 5 after, and half a look at both ends
		assertThat(this.blocked).containsExactly("held 240");
	}

	@Test
	void countsTheTimeInWhichTheMachineHadTooMuchToDo() throws Exception {
		this.probe.processorDelay = 0;
		begin();
		look(2);
		for (int i = 0; i < 2; i++) {
			this.ticker.advanceMillis(60);
			this.probe.processorDelay += Duration.ofMillis(40).toNanos();
			this.watch.look(this.ticker.read());
		}
		end();
		look(1);
		assertThat(this.blocked).containsExactly("held 180");
	}

	@Test
	void accusesAThreadThatComputes() throws Exception {
		this.probe.state = Thread.State.RUNNABLE;
		this.probe.processorShare = 0.8;
		begin();
		look(5);
		end();
		look(1);
		assertThat(this.blocked).containsExactly("held 120");
	}

	@Test
	void accusesNobodyWhoIsWaitingForAProcessor(CapturedOutput output) throws Exception {
		this.probe.state = Thread.State.RUNNABLE;
		this.probe.processorShare = 0.1;
		begin();
		look(30);
		end();
		look(1);
		assertThat(lines(output)).isEmpty();
		assertThat(this.blocked).isEmpty();
	}

	@Test
	void countsTheProcessorTimeOfAThreadThatDoesNotGetMore() throws Exception {
		this.probe.state = Thread.State.RUNNABLE;
		this.probe.processorShare = 0.25;
		begin();
		look(25);
		end();
		look(1);
		assertThat(this.blocked).containsExactly("held 145");
	}

	@Test
	void accusesAThreadThatReadsWhatIsNotThere() throws Exception {
		this.probe.state = Thread.State.RUNNABLE;
		this.probe.processorShare = 0;
		this.probe.nativeMethod = true;
		begin();
		look(5);
		end();
		look(1);
		assertThat(this.blocked).containsExactly("held 120");
	}

	@Test
	void countsAllTheTimeOfAThreadThatReads() throws Exception {
		this.probe.state = Thread.State.RUNNABLE;
		this.probe.processorShare = 0;
		this.probe.nativeMethod = true;
		begin();
		look(250);
		end();
		look(1);
		assertThat(this.blocked).containsExactly("held 5020");
	}

	@Test
	void countsEachMinuteOfAReadThatDoesNotEnd() throws Exception {
		this.probe.state = Thread.State.RUNNABLE;
		this.probe.processorShare = 0;
		this.probe.nativeMethod = true;
		begin();
		int minute = (int) (Duration.ofMinutes(1).toNanos() / PERIOD);
		look(2 * minute + 5);
		assertThat(this.blocked).containsExactly("held 60000", "held further 60000");
	}

	/**
	 * What it does when it is accused need not be what it does then.
	 */
	@ParameterizedTest
	@CsvSource({ "true, held 1120", "false, held 120" })
	void countsAReadBehindWhatComputes(boolean reads, String expected) throws Exception {
		this.probe.state = Thread.State.RUNNABLE;
		this.probe.processorShare = 1;
		begin();
		look(5);
		this.probe.processorShare = 0;
		this.probe.nativeMethod = reads;
		look(50);
		end();
		look(1);
		assertThat(this.blocked).containsExactly(expected);
	}

	@Test
	void accusesNobodyForWhatRunsForTheFirstTime() throws Exception {
		this.probe.state = Thread.State.RUNNABLE;
		this.probe.processorShare = 1;
		this.probe.loadsClasses = true;
		begin();
		look(20);
		assertThat(this.blocked).isEmpty();
		this.probe.loadsClasses = false;
		look(5);
		end();
		look(1);
		assertThat(this.blocked).containsExactly("held 120");
	}

	@Test
	void accusesNobodyWhoComesAndGoes() throws Exception {
		for (int i = 0; i < 20; i++) {
			begin();
			look(4);
			end();
			this.held.reset();
		}
		look(1);
		assertThat(this.blocked).isEmpty();
	}

	@Test
	void countsEachBlockAndLogsOnceAMinute(CapturedOutput output) throws Exception {
		for (int i = 0; i < 3; i++) {
			begin();
			look(6);
			end();
			look(1);
			this.held.reset();
		}
		assertThat(this.blocked).containsExactly("held 140", "held 140", "held 140");
		assertThat(lines(output)).hasSize(1);
		this.ticker.advance(Duration.ofMinutes(1));
		begin();
		look(7);
		assertThat(lines(output)).hasSize(2).last().asString().contains("(3 times since it was last reported)");
	}

	@Test
	void reportsWhatIsNotOverWhenItStops() throws Exception {
		begin();
		look(7);
		this.watch.end();
		assertThat(this.blocked).containsExactly("held 160");
	}

	@Test
	void countsEachMinuteOfWhatDoesNotEnd(CapturedOutput output) throws Exception {
		begin();
		int minute = (int) (Duration.ofMinutes(1).toNanos() / PERIOD);
		look(minute - 1);
		assertThat(this.blocked).isEmpty();
		look(1);
		assertThat(this.blocked).containsExactly("held 60000");
		look(minute + 5);
		assertThat(this.blocked).containsExactly("held 60000", "held further 60000");
		end();
		look(1);
		assertThat(this.blocked).containsExactly("held 60000", "held further 60000", "held further 100");
		assertThat(lines(output)).hasSize(1);
	}

	@Test
	void survivesAThreadThatHasEnded() throws Exception {
		begin();
		look(2);
		end();
		this.probe.state = Thread.State.TERMINATED;
		look(60);
		assertThat(this.activities.watched()).isEmpty();
	}

	@Test
	void sleepsWhenThereIsNothingToSee() throws Exception {
		begin();
		look(2);
		end();
		assertThat(this.watch.isIdle(this.ticker.read())).isFalse();
		look(60);
		assertThat(this.watch.isIdle(this.ticker.read())).isTrue();
		this.held.reset();
		begin();
		assertThat(this.watch.isIdle(this.ticker.read())).isFalse();
	}

	@Test
	void findsOneThatOtherCodeHasCalled() throws Exception {
		EventLoop thread = callback();
		look(6);
		thread.end();
		this.probe.move();
		look(1);
		assertThat(this.blocked).containsExactly("held 140");
	}

	/**
	 * As a commit action is, which the engine does not run for a middleware.
	 */
	@Test
	void findsOneThatTheRestOfTheRequestHasCalled() throws Exception {
		HttpHandler handler = new TestChain().activities(this.activities)
			.middleware("other", (exchange, chain) -> chain.filter(exchange))
			.handler((exchange) -> this.held.filter(exchange, (same) -> Mono.empty()))
			.build();
		begin(() -> TestChain.get(handler, "/"));
		look(5);
		end();
		look(1);
		assertThat(this.blocked).containsExactly("held 120");
	}

	/**
	 * On a thread that may be blocked otherwise, as those of servlet containers.
	 */
	@Test
	void findsOneThatABodyHasSetOff() {
		ThreadActivity thread = this.activities.beginning();
		thread.beginDelivery();
		look(7);
		thread.endDelivery();
		look(1);
		assertThat(this.blocked).singleElement().asString().startsWith("held ");
	}

	@Test
	void accusesNobodyBehindADelivery(CapturedOutput output) {
		ThreadActivity thread = this.activities.beginning();
		thread.beginDelivery();
		look(3);
		thread.endDelivery();
		look(100);
		thread.beginDelivery();
		look(3);
		thread.endDelivery();
		look(1);
		assertThat(lines(output)).isEmpty();
		assertThat(this.blocked).isEmpty();
	}

	/**
	 * There are not as many looks at a stack as threads.
	 */
	@Test
	void findsOneOfManyThreads() throws Exception {
		EventLoop last = eventLoops(40);
		this.probe.held = last;
		look(20);
		assertIsFound(last);
	}

	/**
	 * Each has moved for a moment, so each wants a look at its stack, and the last ones
	 * get none at first.
	 */
	@Test
	void findsOneOfManyThreadsThatHaveAllMovedALittle() throws Exception {
		EventLoop last = eventLoops(40);
		this.probe.stack = WAITING;
		look(20);
		this.probe.processorTime += Duration.ofNanos(10_000).toNanos();
		this.probe.stack = null;
		this.probe.held = last;
		look(20);
		assertIsFound(last);
	}

	/**
	 * All the others ask for a look at each time, and there are fewer than threads.
	 */
	@Test
	void findsOneOfManyThreadsThatKeepMovingALittle() throws Exception {
		EventLoop last = eventLoops(200);
		this.probe.held = last;
		this.probe.restless = true;
		look(100);
		assertIsFound(last);
	}

	/**
	 * What the thread has done since is not known, as it was not looked at.
	 */
	@Test
	void findsOneThatHasMovedWhileThereWasNothingToSee() throws Exception {
		this.probe.stack = WAITING;
		EventLoop thread = callback();
		look(60);
		this.probe.processorTime += Duration.ofMillis(10).toNanos();
		this.probe.stack = null;
		this.probe.held = thread;
		eventLoop().end();
		look(10);
		assertIsFound(thread);
	}

	/**
	 * Applications of one process can share threads, and have the same middlewares.
	 */
	@Test
	void accusesNobodyForARequestOfAnotherApplication(CapturedOutput output) throws Exception {
		HttpHandler other = new TestChain().activities(new ThreadActivities()).entry(this.middleware).build();
		EventLoop thread = new EventLoop(
				() -> TestChain.exchange(other, MockServerHttpRequest.get("/").build()).subscribe());
		this.threads.add(thread);
		thread.start();
		assertThat(this.held.entered.await(10, TimeUnit.SECONDS)).isTrue();
		this.activities.add(thread);
		look(20);
		this.held.open.countDown();
		thread.end();
		this.probe.move();
		look(1);
		assertThat(lines(output)).isEmpty();
		assertThat(this.blocked).isEmpty();
	}

	@Test
	void accusesNobodyWhoseCodeIsNotOnTheStack(CapturedOutput output) throws Exception {
		this.probe.stack = WAITING;
		EventLoop thread = callback();
		look(100);
		thread.end();
		look(1);
		assertThat(lines(output)).isEmpty();
		assertThat(this.blocked).isEmpty();
		assertThat(this.probe.stacks).as("looks at a stack that stays the same").isEqualTo(1);
	}

	/**
	 * Which it can wait for, where another thread loads the same one.
	 */
	@Test
	void accusesNobodyForAClassThatIsBeingLoaded(CapturedOutput output) throws Exception {
		this.probe.stack = new StackTraceElement[] {
				new StackTraceElement("java.lang.ClassLoader", "defineClass1", null, -2),
				new StackTraceElement("java.security.SecureClassLoader", "defineClass", null, 1),
				new StackTraceElement(Held.class.getName(), "filter", "BlockingWatchTests.java", 1) };
		begin();
		look(20);
		assertThat(lines(output)).isEmpty();
		this.probe.stack = null;
		look(6);
		end();
		look(1);
		assertThat(this.blocked).hasSize(1);
	}

	@Test
	void accusesNobodyWhoseCodeHasLeftTheStack(CapturedOutput output) throws Exception {
		callback();
		look(3);
		// Without a look at its stack it seems to be where it was
		this.probe.stack = WAITING;
		look(100);
		assertThat(lines(output)).isEmpty();
		assertThat(this.blocked).isEmpty();
	}

	@ParameterizedTest
	@EnumSource(value = Thread.State.class, mode = Mode.MATCH_ALL, names = ".*WAITING")
	void countsFromTheMomentTheThreadDoesNotMove(Thread.State state) throws Exception {
		this.probe.state = state;
		EventLoop thread = callback();
		this.probe.processorShare = 0.2;
		look(10);
		this.probe.processorShare = 0;
		look(5);
		assertThat(this.blocked).isEmpty();
		thread.end();
		this.probe.move();
		look(1);
		assertThat(this.blocked).containsExactly("held 120");
	}

	@Test
	void countsOnceWhatComputesWhileClassesAreLoaded() throws Exception {
		this.probe.state = Thread.State.RUNNABLE;
		this.probe.processorShare = 1;
		EventLoop thread = callback();
		look(8);
		this.probe.loadsClasses = true;
		look(2);
		this.probe.loadsClasses = false;
		look(8);
		thread.end();
		this.probe.move();
		look(1);
		assertThat(this.blocked).hasSize(1);
	}

	/**
	 * A thread of Reactor's that was in a request before and is in a callback now.
	 */
	private EventLoop callback() throws Exception {
		EventLoop thread = eventLoop();
		look(1);
		return thread;
	}

	/**
	 * The middleware was found on a thread, which goes on now.
	 */
	private void assertIsFound(EventLoop thread) throws Exception {
		thread.end();
		this.probe.move();
		look(1);
		assertThat(this.blocked).singleElement().asString().startsWith("held ");
	}

	/**
	 * Several of them.
	 * @return the last one
	 */
	private EventLoop eventLoops(int threads) throws Exception {
		EventLoop last = eventLoop();
		for (int i = 1; i < threads; i++) {
			last = eventLoop();
		}
		return last;
	}

	private EventLoop eventLoop() throws Exception {
		HttpHandler handler = new TestChain().activities(this.activities)
			.middleware("other", (exchange, chain) -> chain.filter(exchange))
			.build();
		EventLoop thread = new EventLoop(
				() -> TestChain.exchange(handler, MockServerHttpRequest.get("/").build()).subscribe());
		this.threads.add(thread);
		thread.start();
		assertThat(thread.visited.await(10, TimeUnit.SECONDS)).isTrue();
		return thread;
	}

	/**
	 * A thread enters the middleware and stays there.
	 */
	private void begin() throws InterruptedException {
		HttpHandler handler = new TestChain().activities(this.activities).entry(this.middleware).build();
		begin(() -> TestChain.get(handler, "/"));
	}

	private void begin(Runnable visit) throws InterruptedException {
		Thread thread = new Thread(visit, "event-loop");
		this.threads.add(thread);
		thread.start();
		assertThat(this.held.entered.await(10, TimeUnit.SECONDS)).isTrue();
		look(1);
	}

	private void end() throws InterruptedException {
		this.held.open.countDown();
		for (Thread thread : this.threads) {
			thread.join(10_000);
			assertThat(thread.isAlive()).isFalse();
		}
	}

	private void look(int times) {
		for (int i = 0; i < times; i++) {
			this.ticker.advanceNanos(PERIOD);
			this.probe.advance();
			this.watch.look(this.ticker.read());
		}
	}

	private static List<String> lines(CapturedOutput output) {
		return output.getOut().lines().filter((line) -> line.contains("[blocked_event_loop]")).toList();
	}

	/**
	 * Stays where it is until it is let go.
	 */
	static final class Held implements WebFilter {

		private volatile CountDownLatch entered;

		private volatile CountDownLatch open;

		Held() {
			reset();
		}

		void reset() {
			this.entered = new CountDownLatch(1);
			this.open = new CountDownLatch(1);
		}

		@Override
		public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
			CountDownLatch open = this.open;
			this.entered.countDown();
			try {
				open.await();
			}
			catch (InterruptedException ex) {
				return Mono.error(ex);
			}
			return chain.filter(exchange);
		}

	}

	private static final class EventLoop extends Thread implements NonBlocking {

		private final Runnable visit;

		private final CountDownLatch visited = new CountDownLatch(1);

		private final CountDownLatch over = new CountDownLatch(1);

		EventLoop(Runnable visit) {
			this.visit = visit;
		}

		@Override
		public void run() {
			this.visit.run();
			this.visited.countDown();
			try {
				this.over.await();
			}
			catch (InterruptedException ex) {
				interrupt();
			}
		}

		void end() throws InterruptedException {
			this.over.countDown();
			join(10_000);
		}

	}

	private final class Listening implements RequestListener {

		@Override
		public void onHead(RequestRecord request) {
		}

		@Override
		public void onEnd(RequestRecord request, RequestResult result) {
		}

		@Override
		public void onBlocked(@Nullable Middleware middleware, long nanoseconds) {
			BlockingWatchTests.this.blocked.add(((middleware != null) ? middleware.name() : "app") + " "
					+ Duration.ofNanos(nanoseconds).toMillis());
		}

		@Override
		public void onBlockedFurther(@Nullable Middleware middleware, long nanoseconds) {
			BlockingWatchTests.this.blocked.add(((middleware != null) ? middleware.name() : "app") + " further "
					+ Duration.ofNanos(nanoseconds).toMillis());
		}

	}

	private static final class Failing implements RequestListener {

		@Override
		public void onHead(RequestRecord request) {
		}

		@Override
		public void onEnd(RequestRecord request, RequestResult result) {
		}

		@Override
		public void onBlocked(@Nullable Middleware middleware, long nanoseconds) {
			throw new IllegalStateException("fails");
		}

	}

	/**
	 * Says of all threads what a test wants it to say.
	 */
	private static final class FakeProbe implements ThreadProbe {

		private Thread.State state = Thread.State.WAITING;

		private double processorShare;

		private boolean loadsClasses;

		private boolean nativeMethod;

		private StackTraceElement @Nullable [] stack;

		/** All threads but the one in the middleware move a little between two looks. */
		private boolean restless;

		/** The only thread in the middleware, if it is not all of them. */
		private @Nullable Thread held;

		private long processorTime;

		private long moves;

		private long processorDelay = -1;

		private long classes;

		private int stacks;

		void advance() {
			this.processorTime += (long) (PERIOD * this.processorShare);
			this.moves += 10_000;
			this.classes += this.loadsClasses ? 1 : 0;
		}

		/**
		 * The thread does something else for a moment.
		 */
		void move() {
			this.processorTime += Duration.ofMillis(1).toNanos();
			this.stack = new StackTraceElement[0];
		}

		@Override
		public Thread.State state(Thread thread) {
			return this.state;
		}

		@Override
		public long processorTime(Thread thread) {
			if (this.restless && thread != this.held) {
				return this.processorTime + this.moves;
			}
			return this.processorTime;
		}

		@Override
		public StackTraceElement[] stack(Thread thread) {
			this.stacks++;
			if (this.held != null && thread != this.held) {
				return WAITING;
			}
			StackTraceElement top = new StackTraceElement("java.lang.Thing", "wait", "Thing.java",
					this.nativeMethod ? -2 : 1);
			StackTraceElement[] stack = this.stack;
			return (stack != null) ? stack : new StackTraceElement[] { top,
					new StackTraceElement(Held.class.getName(), "filter", "BlockingWatchTests.java", 1) };
		}

		@Override
		public long processorDelay() {
			return this.processorDelay;
		}

		@Override
		public List<Thread> threads() {
			return Arrays.asList();
		}

		@Override
		public long loadedClasses() {
			return this.classes;
		}

	}

}
