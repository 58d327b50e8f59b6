package io.github.asyncmiddleware.internal.watch;

import java.time.Duration;

import io.github.asyncmiddleware.internal.chain.Middleware;
import io.github.asyncmiddleware.internal.record.RequestRecord;
import io.github.asyncmiddleware.internal.record.StepRecord;
import org.jspecify.annotations.Nullable;

/**
 * What is known of one thread from looking at it now and then, and whether that means
 * that some code blocks it. Belongs to the thread that looks.
 * <p>
 * A thread that is found in the same place on two looks in a row has been there in
 * between. The time counts if it waited, or if it was running and used the processor; one
 * that is ready to run and does not get a processor is not blocked. Where the engine has
 * left no mark, since what runs was called by other code, the place is told by the stack,
 * if there is code of a middleware on it.
 */
final class WatchedThread {

	/** What it costs a thread to be woken and to wait again. */
	private static final long STILL = 20_000;

	/** How long a thread may be blocked before that is reported while it goes on. */
	private static final long LONG = Duration.ofMinutes(1).toNanos();

	private final ThreadActivity activity;

	private final BlockingWatch watch;

	private long visits = -1;

	private @Nullable RequestRecord request;

	private @Nullable StepRecord holder;

	private boolean afterHead;

	/** Time on a processor at the last look, or negative if it was not looked at. */
	private long processorTime = -1;

	/** How long it was blocked in the same place, without what is in the other two. */
	private long waited;

	/** How long it was ready to run in the same place. */
	private long ready;

	/** How much of that it was on a processor. */
	private long used;

	/** How much of that it did not move at all, while others got a processor at once. */
	private long still;

	/** It is accused, and what does not move at all is a wait in native code. */
	private boolean reading;

	/** The middleware on the stack, where there is no mark. */
	private @Nullable Middleware suspect;

	/** There is no middleware on the stack, as long as the thread does not move. */
	private boolean cleared;

	private @Nullable Accusation accusation;

	/** How much of the time was reported. */
	private long reported;

	WatchedThread(ThreadActivity activity, BlockingWatch watch) {
		this.activity = activity;
		this.watch = watch;
	}

	ThreadActivity activity() {
		return this.activity;
	}

	/**
	 * Look at the thread.
	 * @param time the time since the last look, as far as it counts
	 * @param busy whether there are requests about
	 * @return whether it has entered a request since the last look, or is in one
	 */
	boolean look(long time, boolean busy) {
		long visits = this.activity.visits();
		RequestRecord request = this.activity.request();
		// Afterwards the time belongs to no middleware
		boolean afterHead = request != null && request.hasHead();
		StepRecord holder = (request != null && !afterHead) ? this.activity.place() : null;
		boolean active = visits != this.visits || request != null;
		if (visits != this.visits || request != this.request || holder != this.holder || afterHead != this.afterHead) {
			end();
			this.visits = visits;
			this.request = request;
			this.holder = holder;
			this.afterHead = afterHead;
			begin();
		}
		else if (request != null) {
			goOn(time);
		}
		else if (this.activity.isToldByStack() && (busy || this.suspect != null)) {
			lookForMiddleware(time);
		}
		else {
			end();
			this.processorTime = -1;
			this.cleared = false;
		}
		reportSoFar();
		return active;
	}

	/** Whether the thread has entered a request since the last look. */
	boolean hasMoved() {
		return this.activity.visits() != this.visits;
	}

	/**
	 * Whether the thread was found in the same place more than once.
	 */
	boolean isInOnePlace() {
		return this.waited + this.ready > 0 || this.suspect != null;
	}

	/**
	 * Whether something is going on that has to be seen to its end.
	 */
	boolean isSuspicious() {
		return this.accusation != null || this.suspect != null;
	}

	private Thread thread() {
		return this.activity.thread();
	}

	private void begin() {
		this.cleared = false;
		boolean matters = (this.request != null) ? isReady() : this.activity.isToldByStack();
		this.processorTime = matters ? this.watch.probe().processorTime(thread()) : -1;
	}

	private boolean isReady() {
		return this.watch.probe().state(thread()) == Thread.State.RUNNABLE;
	}

	/**
	 * The thread is in the same place as before, by its marks.
	 */
	private void goOn(long time) {
		if (isReady()) {
			ran(time);
		}
		else {
			this.waited += time;
		}
		if (this.accusation == null && this.waited + this.ready >= this.watch.threshold()) {
			judge();
		}
	}

	private void ran(long time) {
		long before = this.processorTime;
		this.processorTime = this.watch.probe().processorTime(thread());
		if (this.watch.isLoadingClasses() || (before < 0 && this.processorTime >= 0)) {
			return;
		}
		long used = (this.processorTime >= 0) ? this.processorTime - before : time;
		this.ready += time;
		this.used += used;
		if (used <= STILL && this.watch.isPunctual()) {
			this.still += time;
			if (this.accusation != null && !this.reading) {
				this.reading = isInNativeCode();
			}
		}
	}

	/**
	 * How long the thread has been blocked, without the time it was waiting for a
	 * processor.
	 */
	private long blocked() {
		long used = this.reading ? this.used + this.still : this.used;
		return this.waited + ((used >= this.ready * 3 / 4) ? this.ready : used);
	}

	/**
	 * In native code it can wait for a disk; elsewhere it waits for a processor.
	 */
	private boolean isInNativeCode() {
		StackTraceElement[] stack = this.watch.probe().stack(thread());
		return stack.length > 0 && stack[0].isNativeMethod();
	}

	private void judge() {
		if (blocked() < this.watch.threshold()) {
			this.waited += isInNativeCode() ? Math.max(this.still, this.used) : this.used;
			this.ready = 0;
			this.used = 0;
			this.still = 0;
			if (blocked() < this.watch.threshold()) {
				return;
			}
		}
		StackTraceElement[] stack = this.watch.probe().stack(thread());
		boolean current = isUnchanged();
		if (this.afterHead) {
			if (current) {
				accuse(this.watch.frames().find(stack), stack);
			}
			return;
		}
		// If it has just ended, this is the stack of something else
		stack = current ? stack : new StackTraceElement[0];
		// Without a mark it can still be in a commit action of a middleware
		accuse((this.holder != null) ? this.holder.middleware() : this.watch.frames().find(stack), stack);
	}

	private boolean isUnchanged() {
		RequestRecord request = this.request;
		return this.activity.visits() == this.visits && this.activity.request() == request && (request == null
				|| (request.hasHead() == this.afterHead && (this.afterHead || this.activity.place() == this.holder)));
	}

	/**
	 * The thread is not known to be in a request, and has not been since the last look.
	 */
	private void lookForMiddleware(long time) {
		long before = this.processorTime;
		this.processorTime = this.watch.probe().processorTime(thread());
		if (before < 0 || this.processorTime < 0) {
			return;
		}
		long used = this.processorTime - before;
		if (used >= time / 2) {
			this.cleared = false;
			if (this.watch.isLoadingClasses()) {
				return;
			}
			// Busy all the time, perhaps with the same
			suspect(find(), 0, time);
		}
		else if (used > STILL) {
			this.cleared = false;
			// If the same is still there, it did not get more of a processor
			suspect((this.suspect != null) ? find() : null, 0, used);
		}
		else if (this.suspect != null) {
			this.waited += time;
		}
		else {
			this.cleared &= used == 0;
			if (!this.cleared && this.watch.mayLookAtStack()) {
				suspect(onStack(), (used == 0) ? time : 0, time);
				this.cleared = this.suspect == null;
			}
		}
		if (this.suspect != null && this.accusation == null && this.waited >= this.watch.threshold()) {
			judgeSuspect(this.suspect);
		}
	}

	private @Nullable Middleware find() {
		return (this.suspect != null || this.watch.mayLookAtStack()) ? onStack() : null;
	}

	private @Nullable Middleware onStack() {
		return this.watch.frames().find(this.watch.probe().stack(thread()));
	}

	private void suspect(@Nullable Middleware middleware, long first, long time) {
		if (middleware != null && middleware == this.suspect) {
			this.waited += time;
			return;
		}
		end();
		this.suspect = middleware;
		this.waited = (middleware != null) ? first : 0;
	}

	private void judgeSuspect(Middleware suspect) {
		StackTraceElement[] stack = this.watch.probe().stack(thread());
		if (this.watch.frames().find(stack) == suspect && isUnchanged() && !this.watch.isElsewhere(thread())) {
			accuse(suspect, stack);
		}
		else {
			end();
		}
	}

	private void accuse(@Nullable Middleware middleware, StackTraceElement[] stack) {
		if (ClassLoadingFrames.areOnTop(stack)) {
			// Begins anew, in case that it blocks once it has the class
			end();
			return;
		}
		this.accusation = new Accusation(middleware);
		this.watch.accuse(middleware, thread(), blocked(), stack);
	}

	/**
	 * What never ends is reported too, a part at a time.
	 */
	private void reportSoFar() {
		if (this.accusation != null && blocked() - this.reported >= LONG) {
			this.watch.goesOn(this.accusation.middleware, blocked() - this.reported, this.reported > 0);
			this.reported = blocked();
		}
	}

	/**
	 * The thread has moved on. On average it began half a look before the first that
	 * counts, and ended half a look after the last.
	 */
	void end() {
		Accusation accusation = this.accusation;
		if (accusation != null) {
			endAccusation(accusation.middleware, blocked() - this.reported);
		}
		this.accusation = null;
		this.reported = 0;
		this.suspect = null;
		this.waited = 0;
		this.ready = 0;
		this.used = 0;
		this.still = 0;
		this.reading = false;
	}

	private void endAccusation(@Nullable Middleware middleware, long unreported) {
		if (this.reported == 0) {
			this.watch.ended(middleware, unreported);
		}
		else if (unreported > 0) {
			this.watch.goesOn(middleware, unreported, true);
		}
	}

	/**
	 * What has been accused of what goes on.
	 *
	 * @param middleware the middleware, or {@code null} for the rest of the application
	 */
	private record Accusation(@Nullable Middleware middleware) {

	}

}
