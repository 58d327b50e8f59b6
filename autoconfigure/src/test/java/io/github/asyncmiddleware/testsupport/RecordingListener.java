package io.github.asyncmiddleware.testsupport;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import io.github.asyncmiddleware.internal.record.MiddlewareResult;
import io.github.asyncmiddleware.internal.record.RequestRecord;
import io.github.asyncmiddleware.internal.record.RequestResult;
import io.github.asyncmiddleware.internal.record.StepRecord;
import io.github.asyncmiddleware.internal.sample.RequestListener;

/**
 * Keeps what became of each request, in the order in which the requests ended.
 */
public class RecordingListener implements RequestListener {

	private final BlockingQueue<RecordedRequest> ended = new LinkedBlockingQueue<>();

	private final AtomicInteger heads = new AtomicInteger();

	@Override
	public void onHead(RequestRecord request) {
		this.heads.incrementAndGet();
	}

	@Override
	public void onEnd(RequestRecord request, RequestResult result) {
		this.ended.add(record(request, result));
	}

	/**
	 * Make the record of a request that ends.
	 */
	public static RecordedRequest record(RequestRecord request, RequestResult result) {
		List<RecordedStep> steps = new ArrayList<>();
		for (StepRecord step = request.last(); step != null; step = step.previous()) {
			steps.add(new RecordedStep(step.middleware().name(), step.result(), step.own(), request.ttfb(step)));
		}
		Collections.reverse(steps);
		return new RecordedRequest(result, request.hasHead(), request.status(), request.ttfb(), request.app(),
				List.copyOf(steps));
	}

	/**
	 * How many heads were reported.
	 * @return the number
	 */
	public int heads() {
		return this.heads.get();
	}

	/**
	 * Take the record of the next request that ended, which may still be on its way.
	 * @return the record
	 * @throws InterruptedException if interrupted
	 */
	public RecordedRequest take() throws InterruptedException {
		RecordedRequest record = this.ended.poll(Duration.ofSeconds(10).toMillis(), TimeUnit.MILLISECONDS);
		if (record == null) {
			throw new AssertionError("No request has ended");
		}
		return record;
	}

	/**
	 * Whether there is nothing left to take.
	 * @return {@code true} if there is no further record
	 */
	public boolean isEmpty() {
		return this.ended.isEmpty();
	}

	/**
	 * Forget what has not been taken.
	 */
	public void clear() {
		this.ended.clear();
	}

	/**
	 * The record of one request.
	 *
	 * @param result how it ended
	 * @param head whether it had a head
	 * @param status its status
	 * @param ttfb its time to first byte
	 * @param app the time of the application
	 * @param steps the parts of the middlewares, in the order in which they were entered
	 */
	public record RecordedRequest(RequestResult result, boolean head, int status, long ttfb, long app,
			List<RecordedStep> steps) {

		/**
		 * The parts of the middlewares without their times.
		 * @return a line for each
		 */
		public List<String> results() {
			return this.steps.stream().map((step) -> step.name() + " " + step.result()).toList();
		}

		/**
		 * The own times of all middlewares.
		 * @return nanoseconds
		 */
		public long own() {
			return this.steps.stream().mapToLong(RecordedStep::own).sum();
		}

	}

	/**
	 * The record of one middleware in one request.
	 *
	 * @param name its name
	 * @param result how its part ended
	 * @param own its own time
	 * @param ttfb the time from its turn to the head
	 */
	public record RecordedStep(String name, MiddlewareResult result, long own, long ttfb) {

	}

}
