package io.github.asyncmiddleware.internal.run;

import java.lang.invoke.VarHandle;

import io.github.asyncmiddleware.internal.response.Waiting;
import org.jspecify.annotations.Nullable;

/**
 * The deadline on the own time of one middleware in one request. It stands while the rest
 * of the chain runs, and while a response is on its way that the middleware cannot do
 * anything about.
 */
final class OwnTime extends Deadline<Void> {

	private final Step step;

	private final Relay relay;

	/** How the response waits for the middleware, once it is shown to it. */
	private volatile @Nullable Waiting waiting;

	private OwnTime(Step step, Relay relay) {
		super(relay, step.link().guards.deadlines(), step.run(), step.link().timeout);
		this.step = step;
		this.relay = relay;
	}

	/**
	 * Limit a middleware that has a timeout.
	 */
	static @Nullable OwnTime of(Step step, Relay relay) {
		return (step.link().timeout > 0 && step.run().isObserved()) ? new OwnTime(step, relay) : null;
	}

	private static @Nullable OwnTime of(Step step) {
		Relay relay = step.relay();
		return (relay != null) ? relay.ownTime : null;
	}

	/**
	 * The middleware leaves the next move to others.
	 * @return {@code false} if it was given up
	 */
	static boolean stop(Step step) {
		OwnTime ownTime = of(step);
		return ownTime == null || ownTime.stopClock();
	}

	/**
	 * Time counts against the middleware again, unless the rest of the chain runs.
	 */
	static void start(Step step) {
		OwnTime ownTime = of(step);
		if (ownTime != null) {
			ownTime.startOwn();
		}
	}

	/**
	 * The response is shown to the middleware.
	 */
	static void shown(Step step, Waiting waiting) {
		OwnTime ownTime = of(step);
		if (ownTime != null) {
			ownTime.waiting = waiting;
			ownTime.startClock();
		}
	}

	static boolean isGivenUp(Step step) {
		OwnTime ownTime = of(step);
		return ownTime != null && ownTime.hasPassed();
	}

	/**
	 * What the middleware has left.
	 * @return nanoseconds, or the whole timeout if the clock was never started
	 */
	static long left(Step step) {
		OwnTime ownTime = of(step);
		return (ownTime != null) ? ownTime.left() : step.link().timeout;
	}

	/**
	 * It is not while the rest of the chain runs, which a filter can subscribe to before
	 * anything subscribes to the filter.
	 */
	@Override
	boolean isOwn() {
		// Either this thread sees that the rest has ended, or the one on which it ends
		// sees the relay
		VarHandle.fullFence();
		return StepState.phase(this.step.word()) != StepState.HANDED && !isPointless();
	}

	/**
	 * From the moment in which the middleware lets it go it is not, also where the rest
	 * of the chain ends only then, on another thread, and starts the clock once more.
	 */
	@Override
	boolean isShown() {
		Waiting waiting = this.waiting;
		return waiting != null && !waiting.hasLetGo() && (this.step.word() & StepState.REPLACED) == 0;
	}

	/**
	 * Send the response that was shown, and wait for that.
	 */
	void letGo() {
		Waiting waiting = this.waiting;
		// Before the middleware is listened to again, which may decide in this moment
		boolean decided = waiting != null && waiting.tryDecide();
		if (!tryWait()) {
			cancelWork();
		}
		if (waiting != null && decided) {
			// Also where it was cancelled: what was decided waits for nothing else
			waiting.letGo();
		}
	}

	@Override
	boolean isPointless() {
		return this.step.run().isSent(this.step.exchange);
	}

	/**
	 * Those further out may answer at once, so what the middleware holds must not stand
	 * in their way.
	 */
	@Override
	void cancelledLate() {
		if (!this.step.run().isEnded()) {
			Handover.discardOwn(this.step);
		}
	}

	@Override
	void passed() {
		this.relay.timedOut(this.step, this);
	}

}
