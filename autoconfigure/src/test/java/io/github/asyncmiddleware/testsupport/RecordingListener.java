package io.github.asyncmiddleware.testsupport;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import io.github.asyncmiddleware.internal.chain.MiddlewareResult;
import io.github.asyncmiddleware.internal.chain.RequestListener;
import io.github.asyncmiddleware.internal.chain.RequestResult;
import io.github.asyncmiddleware.internal.chain.RequestTimeline;
import io.github.asyncmiddleware.internal.chain.Step;

/**
 * Keeps what became of each request, in the order in which the requests ended.
 */
public class RecordingListener implements RequestListener {

	private final BlockingQueue<RequestRecord> ended = new LinkedBlockingQueue<>();

	private final AtomicInteger heads = new AtomicInteger();

	@Override
	public void onHead(RequestTimeline request) {
		this.heads.incrementAndGet();
	}

	@Override
	public void onEnd(RequestTimeline request, RequestResult result) {
		this.ended.add(record(request, result));
	}

	/**
	 * Make the record of a request that ends.
	 */
	public static RequestRecord record(RequestTimeline request, RequestResult result) {
		List<StepRecord> steps = new ArrayList<>();
		for (Step step = request.last(); step != null; step = step.previous()) {
			steps.add(new StepRecord(step.middleware().name(), step.result(), step.own(), request.ttfb(step)));
		}
		Collections.reverse(steps);
		return new RequestRecord(result, request.hasHead(), request.status(), request.ttfb(), request.app(),
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
	public RequestRecord take() throws InterruptedException {
		RequestRecord record = this.ended.poll(Duration.ofSeconds(10).toMillis(), TimeUnit.MILLISECONDS);
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
	public record RequestRecord(RequestResult result, boolean head, int status, long ttfb, long app,
			List<StepRecord> steps) {

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
			return this.steps.stream().mapToLong(StepRecord::own).sum();
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
	public record StepRecord(String name, MiddlewareResult result, long own, long ttfb) {

	}

}
