package io.github.asyncmiddleware.test;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.OnFailure;
import io.github.asyncmiddleware.OnRequest;
import io.github.asyncmiddleware.OnResponse;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.test.scheduler.VirtualTimeScheduler;

import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebSession;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link BlockingCheck}.
 */
class BlockingCheckTests {

	@Test
	void namesAHookThatSleepsInPlace() {
		assertThatExceptionOfType(AssertionError.class)
			.isThrownBy(() -> MiddlewareTester.of(new Sleepy()).exchange(get("/")))
			.withMessageStartingWith("[blocked_event_loop] The middleware 'blockingCheckTests.Sleepy' ("
					+ Sleepy.class.getName()
					+ ", order 0) blocks the thread that it is called on, which serves other requests too. Wait without"
					+ " blocking, or move the code to a hook with blocking = true. See "
					+ "https://github.com/asyncmiddleware/async-middleware-spring-boot/blob/main/docs/blocking.md#blocked_event_loop\n\tat java.lang.Thread.sleep")
			.withMessageContaining("BlockingCheckTests$Sleepy.load(BlockingCheckTests.java:")
			.satisfies((error) -> assertThat(error.getMessage()).doesNotContain("ThreadPoolExecutor"));
	}

	@Test
	void namesAHookThatBlocksOnAMono() {
		MiddlewareTester tester = MiddlewareTester.of(new Impatient());
		assertThatExceptionOfType(AssertionError.class).isThrownBy(() -> tester.exchange(get("/")))
			.withMessageStartingWith("[blocked_event_loop] The middleware 'blockingCheckTests.Impatient' (")
			.withMessageContaining("at reactor.core.publisher.Mono.block(")
			.withMessageContaining("BlockingCheckTests$Impatient.load(BlockingCheckTests.java:");
		// Also where the request goes on without it
		assertThatExceptionOfType(AssertionError.class).isThrownBy(
				() -> tester.withAttributes((attributes) -> attributes.onFailure(OnFailure.SKIP)).exchange(get("/")))
			.withMessageContaining("BlockingCheckTests$Impatient.load(BlockingCheckTests.java:");
	}

	@Test
	void namesAHookThatBlocksBeforeTheHead() {
		assertThatExceptionOfType(AssertionError.class)
			.isThrownBy(() -> MiddlewareTester.of(new SleepyStamp()).exchange(get("/")))
			.withMessageContaining("BlockingCheckTests$SleepyStamp.stamp(BlockingCheckTests.java:");
	}

	@Test
	void looksForABlockInCausesThatFormACircle() {
		IllegalStateException failure = new IllegalStateException("first", new IllegalArgumentException("second"));
		failure.getCause().initCause(failure);
		WebFilter filter = (exchange, chain) -> Mono.error(failure);
		assertThat(MiddlewareTester.of(filter).exchange(get("/")).getFailure()).isSameAs(failure);
	}

	@Test
	void namesAFilterThatWaitsForAFuture() {
		WebFilter filter = (exchange, chain) -> {
			new CompletableFuture<>().join();
			return chain.filter(exchange);
		};
		assertThatExceptionOfType(AssertionError.class).isThrownBy(() -> MiddlewareTester.of(filter).exchange(get("/")))
			.withMessageStartingWith("[blocked_event_loop] The middleware 'webFilter' (")
			.withMessageContaining("CompletableFuture.join(");
	}

	@Test
	void namesAFilterThatReadsFromASocket() throws IOException {
		try (ServerSocket silent = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
			WebFilter filter = (exchange, chain) -> {
				try (Socket socket = new Socket(silent.getInetAddress(), silent.getLocalPort())) {
					socket.getInputStream().read();
				}
				catch (IOException ex) {
					throw new UncheckedIOException(ex);
				}
				return chain.filter(exchange);
			};
			assertThatExceptionOfType(AssertionError.class)
				.isThrownBy(() -> MiddlewareTester.of(filter).exchange(get("/")))
				.withMessageStartingWith("[blocked_event_loop] The middleware 'webFilter' (")
				.withMessageContaining("java.net.Socket");
		}
	}

	@Test
	void namesWhatBlocksOnAThreadOfReactor() {
		WebFilter filter = (exchange, chain) -> Mono.delay(Duration.ofMillis(1)).flatMap((tick) -> {
			Mono.never().block();
			return chain.filter(exchange);
		});
		assertThatExceptionOfType(AssertionError.class).isThrownBy(() -> MiddlewareTester.of(filter).exchange(get("/")))
			.withMessageStartingWith("[blocked_event_loop] The middleware 'webFilter' (");
	}

	@Test
	void namesAFilterThatSleepsBehindAnAsynchronousStep() {
		WebFilter filter = (exchange, chain) -> Mono.delay(Duration.ofMillis(1)).flatMap((tick) -> {
			sleep(500);
			return chain.filter(exchange);
		});
		assertThatExceptionOfType(AssertionError.class).isThrownBy(() -> MiddlewareTester.of(filter).exchange(get("/")))
			.withMessageStartingWith("[blocked_event_loop] The middleware 'webFilter' (")
			.withMessageContaining("BlockingCheckTests.sleep(");
		// The thread still sleeps, and all tests share it
		assertThat(MiddlewareTester
			.of((WebFilter) (exchange, chain) -> Mono.delay(Duration.ofMillis(50)).then(chain.filter(exchange)))
			.exchange(get("/"))).passed();
	}

	@Test
	void namesAHookThatWaitsBehindAnAsynchronousStep() {
		assertThatExceptionOfType(AssertionError.class)
			.isThrownBy(() -> MiddlewareTester.of(new Remote()).exchange(get("/")))
			.withMessageStartingWith("[blocked_event_loop] The middleware 'blockingCheckTests.Remote' (")
			.withMessageContaining("BlockingCheckTests$Remote.");
	}

	@Test
	void namesAHookThatIsCalledOnAnotherThread() {
		assertThatExceptionOfType(AssertionError.class)
			.isThrownBy(() -> MiddlewareTester.of(new SleepyBasket()).exchange(get("/")))
			.withMessageStartingWith("[blocked_event_loop] The middleware 'blockingCheckTests.SleepyBasket' (")
			.withMessageContaining("BlockingCheckTests$SleepyBasket.open(");
	}

	@Test
	void namesAHookThatSleepsAfterADelayInVirtualTime() {
		VirtualTimeScheduler.getOrSet();
		try {
			RunningExchange exchange = MiddlewareTester.of(new Remote()).start(get("/"));
			assertThatExceptionOfType(AssertionError.class)
				.isThrownBy(() -> exchange.advance(Duration.ofMillis(1)).await())
				.withMessageContaining("BlockingCheckTests$Remote.");
		}
		finally {
			VirtualTimeScheduler.reset();
		}
	}

	@Test
	void doesNotMindAHandlerThatBlocksBehindAnAsynchronousStep() {
		WebFilter filter = (exchange, chain) -> Mono.delay(Duration.ofMillis(1)).then(chain.filter(exchange));
		assertThat(MiddlewareTester.of(filter)
			.withHandler((exchange) -> Mono.delay(Duration.ofMillis(1)).flatMap((tick) -> {
				sleep(50);
				return exchange.getResponse().setComplete();
			}))
			.exchange(get("/"))).passed();
	}

	@Test
	void goesOnAfterwards() {
		Switch middleware = new Switch();
		MiddlewareTester tester = MiddlewareTester.of(middleware);
		assertThatExceptionOfType(AssertionError.class).isThrownBy(() -> tester.exchange(get("/")));
		middleware.blocks = false;
		assertThat(tester.exchange(get("/"))).passed();
	}

	@Test
	void doesNotMindAHandlerThatBlocks() {
		assertThat(MiddlewareTester.of(new Switch(false)).withHandler((exchange) -> {
			sleep(50);
			return exchange.getResponse().setComplete();
		}).exchange(get("/"))).passed();
	}

	@Test
	void doesNotMindWaitingWithoutBlocking() {
		WebFilter filter = (exchange, chain) -> Mono.delay(Duration.ofMillis(50)).then(chain.filter(exchange));
		assertThat(MiddlewareTester.of(filter).exchange(get("/"))).passed();
	}

	@Test
	void doesNotMindComputing() {
		WebFilter filter = (exchange, chain) -> {
			long end = System.nanoTime() + Duration.ofMillis(50).toNanos();
			while (System.nanoTime() < end) {
				Thread.onSpinWait();
			}
			return chain.filter(exchange);
		};
		assertThat(MiddlewareTester.of(filter).exchange(get("/"))).passed();
	}

	@Test
	void doesNotMindWhatIsAllowed() {
		WebFilter filter = (exchange, chain) -> {
			Mono.delay(Duration.ofMillis(1)).block();
			sleep(50);
			return chain.filter(exchange);
		};
		assertThat(MiddlewareTester.of(filter).withBlockingAllowed().exchange(get("/"))).passed();
	}

	@Test
	void namesAFilterThatWaitsForALock() throws Exception {
		ReentrantLock lock = new ReentrantLock();
		CountDownLatch done = new CountDownLatch(1);
		CountDownLatch locked = new CountDownLatch(1);
		Thread holder = new Thread(() -> {
			lock.lock();
			locked.countDown();
			try {
				done.await();
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
			}
		});
		holder.start();
		locked.await();
		WebFilter filter = (exchange, chain) -> {
			lock.lock();
			return chain.filter(exchange);
		};
		assertThatExceptionOfType(AssertionError.class).isThrownBy(() -> MiddlewareTester.of(filter).exchange(get("/")))
			.withMessageContaining("ReentrantLock.lock(");
		done.countDown();
		holder.join();
	}

	private static void sleep(long milliseconds) {
		try {
			Thread.sleep(milliseconds);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	private static MockServerHttpRequest.BaseBuilder<?> get(String path) {
		return MockServerHttpRequest.get(path);
	}

	@AsyncMiddleware
	static class Sleepy {

		@OnRequest(blocking = false)
		void load() throws InterruptedException {
			Thread.sleep(30_000);
		}

	}

	@AsyncMiddleware
	static class SleepyStamp {

		@OnResponse
		void stamp() throws InterruptedException {
			Thread.sleep(30_000);
		}

	}

	@AsyncMiddleware
	static class SleepyBasket {

		@OnRequest(blocking = false)
		void open(WebSession session) throws InterruptedException {
			Thread.sleep(500);
		}

	}

	@AsyncMiddleware
	static class Remote {

		@OnRequest
		Mono<Void> load() {
			return Mono.delay(Duration.ofMillis(1))
				.map((tick) -> new CompletableFuture<>().completeOnTimeout(tick, 500, TimeUnit.MILLISECONDS).join())
				.then();
		}

	}

	@AsyncMiddleware
	static class Impatient {

		@OnRequest(blocking = false)
		void load() {
			Mono.never().block();
		}

	}

	@AsyncMiddleware
	static class Switch {

		private volatile boolean blocks;

		Switch() {
			this(true);
		}

		Switch(boolean blocks) {
			this.blocks = blocks;
		}

		@OnRequest(blocking = false)
		void load() throws InterruptedException {
			if (this.blocks) {
				new CountDownLatch(1).await();
			}
		}

	}

}
