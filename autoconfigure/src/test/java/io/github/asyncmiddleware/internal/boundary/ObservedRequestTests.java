package io.github.asyncmiddleware.internal.boundary;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;

import io.github.asyncmiddleware.internal.record.RequestReporter;
import io.github.asyncmiddleware.internal.record.Ticker;
import io.github.asyncmiddleware.internal.run.RequestRun;
import io.github.asyncmiddleware.internal.run.WaitTime;
import io.github.asyncmiddleware.internal.watch.ThreadActivities;
import io.github.asyncmiddleware.testsupport.TestDeadlines;
import org.junit.jupiter.api.Test;
import org.mockito.Mockito;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.scheduler.Schedulers;
import reactor.test.publisher.TestPublisher;

import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DefaultDataBufferFactory;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ObservedRequest}.
 */
class ObservedRequestTests {

	private final TestDeadlines clock = new TestDeadlines();

	private final TestPublisher<DataBuffer> client = TestPublisher.create();

	private final ThreadActivities activities = new ThreadActivities();

	private final RequestRun run = RequestRun.begin(reporter(), this.activities, this.clock,
			MockServerHttpRequest.post("/").build());

	private final WaitTime wait = this.run.clientWait();

	private final ObservedRequest request = observed(this.client.flux());

	private final Reader reader = new Reader();

	@Test
	void nobodyWaitsBeforeSomethingIsAskedFor() {
		pass(1);
		this.request.getBody().subscribe(this.reader);
		pass(2);
		assertWaited(0, false);
	}

	@Test
	void countsFromTheQuestionToTheAnswer() {
		read();
		pass(1);
		assertWaited(0, false);
		this.reader.request(1);
		pass(2);
		assertWaited(2, true);
		send();
		pass(4);
		assertWaited(2, false);
		this.reader.request(1);
		pass(8);
		assertWaited(10, true);
	}

	@Test
	void waitsForTheNextPartIfThatWasAskedForAsWell() {
		read();
		this.reader.request(2);
		pass(1);
		send();
		assertWaited(1, true);
		pass(2);
		send();
		pass(4);
		assertWaited(3, false);
	}

	@Test
	void workOnAPartIsNoWaiting() {
		read();
		this.reader.work = () -> {
			assertThat(this.wait.isWaiting()).isFalse();
			pass(1);
		};
		this.reader.request(2);
		send();
		assertWaited(0, true);
	}

	@Test
	void anEndIsAnAnswer() {
		read();
		this.reader.request(1);
		pass(1);
		this.client.complete();
		pass(2);
		assertWaited(1, false);
		this.reader.subscription.request(1);
		assertWaited(1, false);
	}

	@Test
	void anErrorIsAnAnswer() {
		read();
		this.reader.request(1);
		pass(1);
		this.client.error(new IllegalStateException("gone"));
		pass(2);
		assertWaited(1, false);
	}

	@Test
	void aReaderThatHasStoppedDoesNotWait() {
		read();
		this.reader.request(1);
		pass(1);
		this.reader.cancel();
		pass(2);
		assertWaited(1, false);
	}

	@Test
	void aThreadOfTheServerDeliversTheBody() {
		read();
		this.reader.request(2);
		send();
		assertThat(this.activities.watched()).singleElement().satisfies((activity) -> {
			assertThat(activity.thread()).isSameAs(Thread.currentThread());
			assertThat(activity.visits()).isEqualTo(1);
		});
		send();
		this.client.complete();
		assertThat(this.activities.watched().get(0).visits()).isEqualTo(3);
	}

	@Test
	void anotherThreadOfTheServerDeliversTheBody() throws Exception {
		read();
		this.reader.request(1);
		Thread thread = new Thread(this::send, Thread.currentThread().getName().replaceAll("\\d+$", "") + 77);
		thread.start();
		thread.join(10_000);
		assertThat(this.activities.watched()).singleElement()
			.satisfies((activity) -> assertThat(activity.thread()).isSameAs(thread));
	}

	/**
	 * One that is there to be blocked, and can have the body from a server that has it
	 * delivered there.
	 */
	@Test
	void aThreadOfAnotherKindIsNoneOfTheServer() {
		read();
		this.reader.request(1);
		CompletableFuture.runAsync(this::send, (task) -> Schedulers.boundedElastic().schedule(task)).join();
		assertThat(this.activities.watched()).isEmpty();
	}

	@Test
	void aThreadThatAsksIsNoneOfTheServer() {
		observed(Flux.just(part())).getBody().subscribe(this.reader);
		this.reader.request(1);
		observed(Flux.empty()).getBody().subscribe();
		observed(Flux.error(new IllegalStateException("gone"))).getBody().subscribe(new Reader());
		assertThat(this.activities.watched()).isEmpty();
	}

	@Test
	void noThreadIsTakenForOneOfTheServerWhereSeveralAsk() {
		observed(Flux.from((actual) -> actual.onSubscribe(new ServesWhoAsks(actual)))).getBody().subscribe(this.reader);
		AtomicInteger parts = new AtomicInteger();
		this.reader.work = () -> {
			if (parts.incrementAndGet() == 1) {
				CompletableFuture.runAsync(() -> this.reader.request(1)).join();
			}
		};
		this.reader.request(1);
		assertThat(parts).hasValue(2);
		assertThat(this.activities.watched()).isEmpty();
	}

	private ObservedRequest observed(Flux<DataBuffer> body) {
		return new ObservedRequest(MockServerHttpRequest.post("/").body(body), this.run);
	}

	private static RequestReporter reporter() {
		RequestReporter reporter = Mockito.mock();
		Mockito.when(reporter.ticker()).thenReturn(Ticker.STOPPED);
		return reporter;
	}

	private static DataBuffer part() {
		return DefaultDataBufferFactory.sharedInstance.wrap(new byte[1]);
	}

	private void read() {
		this.request.getBody().subscribe(this.reader);
	}

	private void pass(int milliseconds) {
		this.clock.advance(Duration.ofMillis(milliseconds));
	}

	private void send() {
		this.client.next(part());
	}

	private void assertWaited(int milliseconds, boolean still) {
		assertThat(Duration.ofNanos(this.wait.waited()).toMillis()).isEqualTo(milliseconds);
		assertThat(this.wait.isWaiting()).isEqualTo(still);
	}

	/**
	 * Asks for nothing by itself.
	 */
	private static final class Reader extends BaseSubscriber<DataBuffer> {

		private Runnable work = () -> {
		};

		@SuppressWarnings("NullAway.Init")
		private Subscription subscription;

		@Override
		protected void hookOnSubscribe(Subscription subscription) {
			this.subscription = subscription;
		}

		@Override
		protected void hookOnNext(DataBuffer part) {
			this.work.run();
		}

		@Override
		protected void hookOnError(Throwable ex) {
		}

	}

	/**
	 * Signals on each thread that asks.
	 *
	 * @param actual who reads
	 */
	private record ServesWhoAsks(Subscriber<? super DataBuffer> actual) implements Subscription {

		@Override
		public void request(long n) {
			this.actual.onNext(part());
		}

		@Override
		public void cancel() {
		}

	}

}
