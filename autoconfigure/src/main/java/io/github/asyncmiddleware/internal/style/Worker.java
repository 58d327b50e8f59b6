package io.github.asyncmiddleware.internal.style;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

import org.jspecify.annotations.Nullable;

/**
 * Runs blocking calls on one thread and with one permit: the call that it was made for,
 * then the call that the emission of this one subscribes to, and so on.
 * <p>
 * A call that follows waits until the emission before it has returned. No call is on the
 * stack of another one, so an interrupt or an error of one cannot hit the other. The rest
 * of the chain goes on in the last emission; what it leaves in thread-locals is taken
 * away as well.
 */
final class Worker implements Runnable {

	private static final VarHandle TAKEN;

	static {
		try {
			TAKEN = MethodHandles.lookup().findVarHandle(Worker.class, "taken", boolean.class);
		}
		catch (ReflectiveOperationException ex) {
			throw new ExceptionInInitializerError(ex);
		}
	}

	private final Offloader offloader;

	/** Whether it was run, or is not to be run any more. */
	private volatile boolean taken;

	/**
	 * The call to run next. Published by the executor that is given the worker; touched
	 * by the thread that has {@link #taken} it alone from then on, as
	 * {@link #holdsPermit} is.
	 */
	private @Nullable BoundedCall next;

	private boolean holdsPermit = true;

	Worker(Offloader offloader, BoundedCall first) {
		this.offloader = offloader;
		this.next = first;
	}

	/**
	 * Run a call on the permit of this worker. Called by the thread of the worker, while
	 * it emits.
	 */
	void follow(BoundedCall call) {
		this.next = call;
	}

	/**
	 * The permit is of no use any more, since the call that could have followed cannot.
	 * Called by the thread of the worker, while it emits.
	 */
	void giveBack() {
		this.holdsPermit = false;
		this.offloader.release();
	}

	/**
	 * The executor will not run it any more.
	 */
	void expire() {
		if (take() && this.next != null) {
			ThreadLocals.Scope scope = this.offloader.keepThreadLocals();
			try {
				this.offloader.notRun(this.next);
			}
			finally {
				scope.close();
			}
		}
	}

	private boolean take() {
		return TAKEN.compareAndSet(this, false, true);
	}

	@Override
	public void run() {
		if (!take()) {
			return;
		}
		ThreadLocals.Scope scope = this.offloader.keepThreadLocals();
		try {
			runAll();
		}
		finally {
			scope.close();
		}
	}

	private void runAll() {
		BoundedCall call = this.next;
		try {
			while (call != null) {
				this.next = null;
				run(call);
				call = this.next;
			}
		}
		finally {
			if (this.next != null) {
				// What one emission throws must not keep the call behind it from running
				runAll();
			}
		}
	}

	private void run(BoundedCall call) {
		boolean shared = call.work();
		this.holdsPermit &= shared;
		this.offloader.finished(call, this.holdsPermit);
		if (!this.holdsPermit) {
			call.emit();
			return;
		}
		this.offloader.offer(this);
		try {
			call.emit();
		}
		finally {
			this.offloader.withdraw();
			if (this.next == null && this.holdsPermit) {
				giveBack();
			}
		}
	}

}
