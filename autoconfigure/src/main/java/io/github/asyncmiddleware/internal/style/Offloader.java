package io.github.asyncmiddleware.internal.style;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import reactor.util.context.Context;

import org.springframework.util.Assert;

/**
 * Runs blocking work off the event loop, so much at a time and no more.
 * <p>
 * The bound is kept here and not by the executor, which has to start every task at once.
 * A permit is taken for as long as the work takes, also after its request has gone. Work
 * that follows other work in the same request can share its {@link Worker}: the thread
 * and the permit.
 */
public final class Offloader implements AutoCloseable {

	private static final Log logger = LogFactory.getLog(Offloader.class);

	private final Executor executor;

	private final Admission admission;

	private final ThreadLocals threadLocals = ThreadLocals.detect();

	/**
	 * The workers whose permit can be shared, by their threads. A {@link ThreadLocal}
	 * would leave an entry on every event loop that merely looks for one.
	 */
	private final Map<Thread, Worker> offers = new ConcurrentHashMap<>();

	/**
	 * Create an offloader.
	 * @param executor where work runs, never on the thread that calls it; belongs to the
	 * caller
	 * @param maxConcurrent how much work may run at a time
	 * @param maxQueued how much may wait for it
	 */
	public Offloader(Executor executor, int maxConcurrent, int maxQueued) {
		Assert.notNull(executor, "'executor' must not be null");
		Assert.isTrue(maxConcurrent > 0, "'maxConcurrent' must be positive");
		Assert.isTrue(maxQueued >= 0, "'maxQueued' must not be negative");
		this.executor = executor;
		this.admission = new Admission(maxConcurrent, maxQueued);
	}

	/**
	 * Create a limit. There is one for each middleware.
	 * @param maxConcurrent how much work within this limit may run at a time,
	 * {@link Integer#MAX_VALUE} for no other bound than that of all
	 * @return a limit
	 */
	Limit limit(int maxConcurrent) {
		Assert.isTrue(maxConcurrent > 0, "'maxConcurrent' must be positive");
		return new Limit(this, maxConcurrent);
	}

	/**
	 * Turn away what comes from now on, and what waits. What runs is left to the owner of
	 * the executor.
	 */
	@Override
	public void close() {
		this.admission.close().forEach(this::shed);
	}

	/**
	 * The executor has done with a task. If it did not run the task, for example because
	 * a decorator has failed, it never will: the permit is given back, and the request
	 * sees a lack of permits, as if the executor had rejected the task.
	 * @param task what the executor was given
	 */
	public static void done(Runnable task) {
		if (task instanceof Worker worker) {
			worker.expire();
		}
	}

	/**
	 * How many permits are taken.
	 * @return how many workers have one
	 */
	public int active() {
		return this.admission.active();
	}

	/**
	 * How much work waits for a permit.
	 * @return how many calls wait
	 */
	public int queued() {
		return this.admission.queued();
	}

	/**
	 * How much of the work that was started is of no use any more.
	 * @return how many calls were cancelled and have not returned yet
	 */
	public int abandoned() {
		return this.admission.abandoned();
	}

	public int maxConcurrent() {
		return this.admission.maxConcurrent();
	}

	public int maxQueued() {
		return this.admission.maxQueued();
	}

	ThreadLocals threadLocals() {
		return this.threadLocals;
	}

	/**
	 * Note the thread-locals of the current thread, to restore them when the scope ends.
	 */
	ThreadLocals.Scope keepThreadLocals() {
		return setThreadLocals(() -> this.threadLocals.set(Context.empty()));
	}

	private static ThreadLocals.Scope setThreadLocals(ThreadLocals.Snapshot snapshot) {
		try {
			return snapshot.set();
		}
		catch (Throwable ex) {
			logger.debug("Could not read or set the thread-locals of a thread", ex);
			return ThreadLocals.NONE.set(Context.empty());
		}
	}

	/**
	 * Start a call at once, or later, or not at all.
	 */
	void start(BoundedCall call) {
		Worker worker = this.offers.get(Thread.currentThread());
		if (worker != null) {
			withdraw();
			if (this.admission.enterSharing(call)) {
				worker.follow(call);
				return;
			}
			worker.giveBack();
		}
		switch (this.admission.enter(call)) {
			case ADMITTED -> executeOrShed(call);
			case GONE -> call.shed();
			default -> {
				// Waits
			}
		}
	}

	private void executeOrShed(BoundedCall call) {
		if (!execute(call)) {
			startWaiting();
			call.shed();
		}
	}

	/**
	 * The executor accepted a call and did not run it.
	 */
	void notRun(BoundedCall call) {
		logger.warn("The executor accepted blocking work and did not run it: does a TaskDecorator fail?");
		finished(call, false);
		shed(call);
	}

	/**
	 * See {@link Admission#abandon}.
	 */
	void abandon(BoundedCall call) {
		this.admission.abandon(call);
	}

	/**
	 * The work of a call has ended.
	 * @param call the call
	 * @param keepsPermit whether its permit is still in use
	 */
	void finished(BoundedCall call, boolean keepsPermit) {
		this.admission.leave(call, keepsPermit);
		startWaiting();
	}

	/**
	 * A permit is not needed any more.
	 */
	void release() {
		this.admission.release();
		startWaiting();
	}

	/**
	 * Let the next call that is subscribed to on the current thread share its permit.
	 */
	void offer(Worker worker) {
		this.offers.put(Thread.currentThread(), worker);
	}

	/**
	 * The permit of the current thread cannot be shared any more.
	 */
	void withdraw() {
		this.offers.remove(Thread.currentThread());
	}

	int offers() {
		return this.offers.size();
	}

	private void startWaiting() {
		BoundedCall call = this.admission.next();
		while (call != null) {
			if (!executeForOther(call)) {
				shed(call);
			}
			call = this.admission.next();
		}
	}

	/**
	 * Hand over a call of another request. An executor can take the thread-locals of the
	 * thread that calls it along, which have to be those of that request.
	 */
	private boolean executeForOther(BoundedCall call) {
		// Also where one of them cannot be set, nothing of that request stays here
		ThreadLocals.Scope before = keepThreadLocals();
		ThreadLocals.Scope scope = setThreadLocals(call.threadLocals());
		try {
			return execute(call);
		}
		finally {
			close(scope);
			close(before);
		}
	}

	private static void close(ThreadLocals.Scope scope) {
		try {
			scope.close();
		}
		catch (Throwable ex) {
			logger.debug("Could not restore the thread-locals of a thread", ex);
		}
	}

	/**
	 * Hand an admitted call to the executor.
	 * @return whether the executor has accepted it; if not, its permit was given back
	 */
	private boolean execute(BoundedCall call) {
		try {
			this.executor.execute(new Worker(this, call));
			return true;
		}
		catch (RejectedExecutionException ex) {
			logger.debug("The executor does not accept blocking work", ex);
		}
		catch (Throwable ex) {
			// Also that there is no memory for a thread is a reason to shed load
			logger.warn("The executor could not start blocking work", ex);
		}
		this.admission.leave(call, false);
		return false;
	}

	/**
	 * Shed a call of another request, which must not be a problem of this one.
	 */
	private void shed(BoundedCall call) {
		try {
			call.shed();
		}
		catch (Throwable ex) {
			logger.warn("Could not tell a request that there is too much blocking work", ex);
		}
	}

}
