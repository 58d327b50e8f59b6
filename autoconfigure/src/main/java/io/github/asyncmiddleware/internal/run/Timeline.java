package io.github.asyncmiddleware.internal.run;

import java.util.List;

import io.github.asyncmiddleware.internal.record.RequestRecord;
import io.github.asyncmiddleware.internal.watch.ThreadActivity;
import org.jspecify.annotations.Nullable;
import reactor.core.CoreSubscriber;

import org.springframework.web.server.ServerWebExchange;

/**
 * What the engine tells about a request while it runs it.
 * <p>
 * The methods are called in the order in which the request gets there, by one thread at a
 * time; only {@link #ended} may come from another one at any moment.
 */
abstract class Timeline {

	/**
	 * A timeline that nobody wants to see: keeps nothing and reads no clock.
	 */
	static final Timeline NONE = new NoTimeline();

	/**
	 * The request has reached a segment.
	 * @param segment the position of the segment in the chain
	 */
	abstract void started(int segment);

	/**
	 * Announce that middlewares are about to run. While they do, the request is not
	 * reported as ended.
	 * @return {@code false} if it has ended already; then nothing may run
	 */
	abstract boolean tryAcquire();

	/**
	 * The counterpart of every {@link #tryAcquire()} that returned {@code true}.
	 */
	abstract void release();

	/**
	 * Whether the request has ended, for those who need not announce anything.
	 * @return {@code true} if nothing may run any more
	 */
	abstract boolean isEnded();

	/**
	 * Where to note that the current thread goes on with the request.
	 * @return what the thread is doing
	 */
	abstract ThreadActivity activity();

	/**
	 * What is known of the request.
	 * @return the record, or {@code null} if nothing is kept
	 */
	abstract @Nullable RequestRecord record();

	/**
	 * The turn of a middleware has come: from now on the time is its own.
	 * @param step its part in the request
	 */
	abstract void entered(Step step);

	/**
	 * Somebody begins to wait for middlewares that are about to run.
	 * @param actual who waits
	 */
	abstract void subscribing(CoreSubscriber<? super Void> actual);

	/**
	 * The turn of some middlewares has come at the same time. The time is that of the
	 * next of them that finishes.
	 * @param steps their parts in the request, in order
	 */
	abstract void enteredTogether(List<Step> steps);

	/**
	 * One of several that are to be at work at the same time is called, or the last one
	 * has returned.
	 * @param step its part in the request, or {@code null}
	 */
	abstract void calling(@Nullable Step step);

	/**
	 * One of several that are at work at the same time has finished.
	 * @param step its part in the request
	 */
	abstract void finishedTogether(Step step);

	/**
	 * The last middleware of a segment has handed over: from now on the time is the
	 * application's.
	 */
	abstract void handed();

	/**
	 * The response is on its way out and has reached a middleware, or somebody else.
	 * @param step whose time it is from now on, or {@code null} for the application
	 */
	abstract void returned(@Nullable Step step);

	/**
	 * A response is on its way out, so that whoever has made it has nothing to do with
	 * what happens until the head; or it goes no further, and another one may follow.
	 * @param leaves whether a response is on its way out
	 */
	abstract void leaves(boolean leaves);

	/**
	 * How often somebody has done something to the response, or at least looked at what
	 * can be changed: the status and the body in the upper half, headers and cookies in
	 * the lower.
	 * @return a number that differs if anything was touched in between
	 */
	abstract int touches();

	/**
	 * A middleware runs the rest of the chain once more.
	 */
	abstract void restarted();

	/**
	 * Whether the head of the response is out.
	 * @param exchange the exchange
	 * @return {@code true} if nothing can change it any more
	 */
	abstract boolean isCommitted(ServerWebExchange exchange);

	/**
	 * The request is over. Only the first call counts.
	 * @param ending how
	 * @param error the error, if it was one
	 */
	abstract void ended(Ending ending, @Nullable Throwable error);

	private static final class NoTimeline extends Timeline {

		@Override
		void started(int segment) {
		}

		@Override
		boolean tryAcquire() {
			return true;
		}

		@Override
		void release() {
		}

		@Override
		boolean isEnded() {
			return false;
		}

		@Override
		ThreadActivity activity() {
			return ThreadActivity.UNWATCHED;
		}

		@Override
		@Nullable RequestRecord record() {
			return null;
		}

		@Override
		void entered(Step step) {
		}

		@Override
		void subscribing(CoreSubscriber<? super Void> actual) {
		}

		@Override
		void enteredTogether(List<Step> steps) {
		}

		@Override
		void calling(@Nullable Step step) {
		}

		@Override
		void finishedTogether(Step step) {
		}

		@Override
		void handed() {
		}

		@Override
		void returned(@Nullable Step step) {
		}

		@Override
		void leaves(boolean leaves) {
		}

		@Override
		int touches() {
			return 0;
		}

		@Override
		void restarted() {
		}

		@Override
		boolean isCommitted(ServerWebExchange exchange) {
			return exchange.getResponse().isCommitted();
		}

		@Override
		void ended(Ending ending, @Nullable Throwable error) {
		}

	}

}
