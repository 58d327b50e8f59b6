package io.github.asyncmiddleware.internal.guard;

import java.util.concurrent.atomic.AtomicBoolean;

import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;

/**
 * One timer of a {@link DeadlineWheel}. Its links belong to the bucket that it is in, and
 * to the thread of the wheel once it is due. It is set when its task has been called: a
 * scheduler can throw although it has taken the task.
 */
final class WheelTimer extends AtomicBoolean implements Disposable, Runnable {

	private final DeadlineWheel wheel;

	private final Runnable task;

	long tick;

	@Nullable WheelTimer previous;

	@Nullable WheelTimer next;

	/** The bucket that it is in, until it rings or is taken back. */
	volatile @Nullable WheelBucket bucket;

	/** Belongs to the thread of the wheel. */
	boolean isOfferedAgain;

	WheelTimer(DeadlineWheel wheel, Runnable task, long tick) {
		this.wheel = wheel;
		this.task = task;
		this.tick = tick;
	}

	@Override
	public void run() {
		if (compareAndSet(false, true)) {
			this.task.run();
		}
	}

	@Override
	public void dispose() {
		WheelBucket bucket = this.bucket;
		if (bucket != null && bucket.tryRemove(this)) {
			this.wheel.removed();
		}
	}

	@Override
	public boolean isDisposed() {
		return this.bucket == null;
	}

}
