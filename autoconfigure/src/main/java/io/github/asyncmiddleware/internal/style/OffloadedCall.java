package io.github.asyncmiddleware.internal.style;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.Callable;
import java.util.function.Predicate;

import io.github.asyncmiddleware.internal.chain.OverloadException;
import io.github.asyncmiddleware.internal.guard.LogNames;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.Scannable;
import reactor.core.publisher.Operators;

/**
 * Blocking work of one request.
 * <p>
 * The subscriber and the {@link Worker} meet in one word of state. Bits are only ever
 * added to it, and what is to be done follows from the bits before. The work is over,
 * with all that it has taken given back and no interrupt on its way, before its result is
 * emitted on the same thread. An interrupt therefore hits the work and nothing else.
 *
 * @param <T> the type of the result
 */
final class OffloadedCall<T> extends BoundedCall implements Subscription, Scannable {

	private static final Log logger = LogFactory.getLog(LogNames.FAILURE);

	private static final VarHandle STATE;

	static {
		try {
			STATE = MethodHandles.lookup().findVarHandle(OffloadedCall.class, "state", int.class);
		}
		catch (ReflectiveOperationException ex) {
			throw new ExceptionInInitializerError(ex);
		}
	}

	/** The subscriber takes a value. */
	private static final int REQUESTED = 1;

	/** The work has begun. */
	private static final int WORKING = 1 << 1;

	/** The work has ended, and cannot be interrupted any more. */
	private static final int WORKED = 1 << 2;

	/** There is a value, which is emitted once it is requested too. */
	private static final int READY = 1 << 3;

	/** An error, or an end without a value, was signalled. */
	private static final int ENDED = 1 << 4;

	/** The subscriber takes no signal any more. */
	private static final int CANCELLED = 1 << 5;

	/** The interrupt that a cancellation sends has arrived, if it sends one. */
	private static final int INTERRUPTED = 1 << 6;

	private final CoreSubscriber<? super T> actual;

	private final Offloader offloader;

	private final Callable<? extends @Nullable T> work;

	private final Predicate<? super @Nullable T> staysOffloaded;

	private final ThreadLocals.Snapshot threadLocals;

	private volatile int state;

	/** Published by {@link #WORKING}. */
	private @Nullable Thread worker;

	/**
	 * Published by {@link #READY}. Belongs to the worker before, then to the thread that
	 * adds the last bit that emits or discards it.
	 */
	private @Nullable T value;

	/** Belongs to the worker. */
	private @Nullable Throwable error;

	/**
	 * Create a call.
	 * @param actual the subscriber to the result
	 * @param offloader where the work is done
	 * @param limit the limit of the middleware
	 * @param work the work
	 * @param staysOffloaded whether the call after this result may share the permit
	 * @param threadLocals what the work has to see
	 */
	OffloadedCall(CoreSubscriber<? super T> actual, Offloader offloader, Limit limit,
			Callable<? extends @Nullable T> work, Predicate<? super @Nullable T> staysOffloaded,
			ThreadLocals.Snapshot threadLocals) {
		super(limit);
		this.actual = actual;
		this.offloader = offloader;
		this.work = work;
		this.staysOffloaded = staysOffloaded;
		this.threadLocals = threadLocals;
	}

	/**
	 * Add a bit.
	 * @return the state before
	 */
	private int mark(int bit) {
		return (int) STATE.getAndBitwiseOr(this, bit);
	}

	@Override
	void shed() {
		if (!isOver(mark(ENDED))) {
			this.actual.onError(new OverloadException());
		}
	}

	@Override
	ThreadLocals.Snapshot threadLocals() {
		return this.threadLocals;
	}

	@Override
	boolean work() {
		try {
			callWithThreadLocals();
			return !isOver(this.state) && this.staysOffloaded.test(this.value);
		}
		catch (Throwable ex) {
			this.error = ex;
			return false;
		}
	}

	private void callWithThreadLocals() throws Exception {
		ThreadLocals.Scope scope = this.threadLocals.set();
		try {
			call();
		}
		finally {
			scope.close();
		}
	}

	private void call() throws Exception {
		this.worker = Thread.currentThread();
		if (isOver(mark(WORKING))) {
			return;
		}
		try {
			this.value = this.work.call();
		}
		finally {
			if (isOver(mark(WORKED))) {
				awaitInterrupt();
			}
			Thread.interrupted();
		}
	}

	private void awaitInterrupt() {
		while ((this.state & INTERRUPTED) == 0) {
			Thread.yield();
		}
	}

	@Override
	void emit() {
		if (this.error != null) {
			discardValue();
			emitError(this.error);
		}
		else if (this.value == null) {
			if (!isOver(mark(ENDED))) {
				this.actual.onComplete();
			}
		}
		else {
			int before = mark(READY);
			if (isOver(before)) {
				discardValue();
			}
			else if ((before & REQUESTED) != 0) {
				emitValue();
			}
		}
	}

	private void emitError(Throwable error) {
		if (!isOver(mark(ENDED))) {
			this.actual.onError(Thrown.toSignal(error));
		}
		else if (error instanceof VirtualMachineError) {
			logger.warn("Blocking work failed after its request was cancelled", error);
		}
		else {
			logger.debug("Blocking work failed after its request was cancelled", error);
		}
	}

	private void emitValue() {
		T value = this.value;
		this.value = null;
		if (value != null) {
			this.actual.onNext(value);
		}
		this.actual.onComplete();
	}

	private void discardValue() {
		Operators.onDiscard(this.value, this.actual.currentContext());
		this.value = null;
	}

	@Override
	public void request(long n) {
		if (Operators.validate(n) && (mark(REQUESTED) & (READY | REQUESTED | CANCELLED)) == READY) {
			emitValue();
		}
	}

	@Override
	public void cancel() {
		int before = mark(CANCELLED);
		if (isOver(before)) {
			return;
		}
		if ((before & READY) != 0) {
			if ((before & REQUESTED) == 0) {
				discardValue();
			}
		}
		else if ((before & WORKED) == 0) {
			abandon((before & WORKING) != 0);
		}
	}

	private void abandon(boolean working) {
		try {
			this.offloader.abandon(this);
			Thread worker = this.worker;
			if (working && worker != null) {
				worker.interrupt();
			}
		}
		finally {
			mark(INTERRUPTED);
		}
	}

	private static boolean isOver(int state) {
		return (state & (ENDED | CANCELLED)) != 0;
	}

	@Override
	@SuppressWarnings("rawtypes")
	public @Nullable Object scanUnsafe(Attr key) {
		if (key == Attr.ACTUAL) {
			return this.actual;
		}
		if (key == Attr.CANCELLED) {
			return (this.state & CANCELLED) != 0;
		}
		if (key == Attr.TERMINATED) {
			int state = this.state & (READY | REQUESTED | ENDED | CANCELLED);
			return (state & ENDED) != 0 || state == (READY | REQUESTED);
		}
		return (key == Attr.RUN_STYLE) ? Attr.RunStyle.ASYNC : null;
	}

}
