package io.github.asyncmiddleware.internal.style;

import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;

import io.github.asyncmiddleware.internal.chain.OverloadException;
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
 * Subscriber and worker meet in the {@link Phase} alone. The work is over, with all that
 * it has taken given back and no interrupt on its way, before its result is emitted on
 * the same thread. What else runs there is therefore never interrupted.
 *
 * @param <T> the type of the result
 */
final class OffloadedCall<T> implements Subscription, Runnable, Scannable {

	private static final Log logger = LogFactory.getLog(OffloadedCall.class);

	private final CoreSubscriber<? super T> actual;

	private final Offloader offloader;

	private final Admission.Ticket ticket;

	private final Callable<? extends @Nullable T> work;

	private final Predicate<? super @Nullable T> staysOffloaded;

	private final ThreadLocals.Snapshot threadLocals;

	private final AtomicReference<Phase> phase = new AtomicReference<>(Phase.NEW);

	private volatile @Nullable Thread worker;

	private volatile boolean requested;

	/** Belongs to the worker, and once it is ready, to who changes the phase next. */
	private @Nullable T value;

	/**
	 * Create a call.
	 * @param actual who waits for the result
	 * @param offloader where the work is done
	 * @param line where to wait for it
	 * @param work the work
	 * @param staysOffloaded whether what follows a result may share the hop
	 * @param threadLocals what the work has to see
	 */
	OffloadedCall(CoreSubscriber<? super T> actual, Offloader offloader, Admission.Line line,
			Callable<? extends @Nullable T> work, Predicate<? super @Nullable T> staysOffloaded,
			ThreadLocals.Snapshot threadLocals) {
		this.actual = actual;
		this.offloader = offloader;
		this.ticket = new Admission.Ticket(line, this);
		this.work = work;
		this.staysOffloaded = staysOffloaded;
		this.threadLocals = threadLocals;
	}

	/**
	 * Find a thread for the work. Called after {@code onSubscribe}, by the same thread.
	 */
	void start() {
		Hop hop = this.offloader.share(this.ticket);
		if (hop != null) {
			perform(hop);
		}
		else {
			this.offloader.start(this.ticket);
		}
	}

	/**
	 * There is no thread for the work.
	 */
	void shed() {
		if (end()) {
			this.actual.onError(new OverloadException());
		}
	}

	/**
	 * Called by the executor, once it was let in.
	 */
	@Override
	public void run() {
		perform(new Hop(this.offloader));
	}

	private void perform(Hop hop) {
		boolean stays = false;
		Throwable error = null;
		try {
			callWithThreadLocals();
			stays = this.phase.get() == Phase.ENDED && this.staysOffloaded.test(this.value);
		}
		catch (Throwable ex) {
			error = ex;
		}
		this.offloader.leave(this.ticket);
		if (stays) {
			hop.offer();
		}
		else {
			hop.end();
		}
		try {
			emit(error);
		}
		finally {
			hop.end();
		}
		if (error instanceof VirtualMachineError fatal) {
			throw fatal;
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
		if (!this.phase.compareAndSet(Phase.NEW, Phase.RUNNING)) {
			return;
		}
		try {
			this.value = this.work.call();
		}
		finally {
			settle();
		}
	}

	/**
	 * End the part that can be interrupted. An interrupt that is on its way lands first.
	 */
	private void settle() {
		if (!this.phase.compareAndSet(Phase.RUNNING, Phase.ENDED)) {
			while (this.phase.get() == Phase.INTERRUPTING) {
				Thread.yield();
			}
		}
		Thread.interrupted();
	}

	private void emit(@Nullable Throwable error) {
		if (error != null) {
			discardValue();
			emitError(error);
		}
		else if (this.value == null) {
			if (end()) {
				this.actual.onComplete();
			}
		}
		else if (this.phase.compareAndSet(Phase.ENDED, Phase.READY)) {
			emitIfRequested();
		}
		else {
			discardValue();
		}
	}

	private void emitError(Throwable error) {
		if (end()) {
			this.actual.onError(signalOf(error));
		}
		else {
			logger.debug("Blocking work failed after its request was cancelled", error);
		}
	}

	private void emitIfRequested() {
		if (this.requested && this.phase.compareAndSet(Phase.READY, Phase.DONE)) {
			T value = this.value;
			this.value = null;
			if (value != null) {
				this.actual.onNext(value);
			}
			this.actual.onComplete();
		}
	}

	/**
	 * Take the right to signal an end, where nothing has to be requested for it.
	 */
	private boolean end() {
		return this.phase.compareAndSet(Phase.ENDED, Phase.DONE) || this.phase.compareAndSet(Phase.NEW, Phase.DONE);
	}

	private void discardValue() {
		Operators.onDiscard(this.value, this.actual.currentContext());
		this.value = null;
	}

	@Override
	public void request(long n) {
		if (Operators.validate(n)) {
			this.requested = true;
			emitIfRequested();
		}
	}

	@Override
	public void cancel() {
		switch (this.phase.getAndUpdate(Phase::cancelled)) {
			case NEW -> this.offloader.abandon(this.ticket);
			case RUNNING -> interrupt();
			case READY -> discardValue();
			default -> {
				// There is nothing left to stop
			}
		}
	}

	private void interrupt() {
		try {
			this.offloader.abandon(this.ticket);
			Thread worker = this.worker;
			if (worker != null) {
				worker.interrupt();
			}
		}
		finally {
			this.phase.set(Phase.CANCELLED);
		}
	}

	@Override
	@SuppressWarnings("rawtypes")
	public @Nullable Object scanUnsafe(Attr key) {
		if (key == Attr.ACTUAL) {
			return this.actual;
		}
		if (key == Attr.CANCELLED) {
			return this.phase.get() == Phase.CANCELLED || this.phase.get() == Phase.INTERRUPTING;
		}
		if (key == Attr.TERMINATED) {
			return this.phase.get() == Phase.DONE;
		}
		return (key == Attr.RUN_STYLE) ? Attr.RunStyle.ASYNC : null;
	}

	/**
	 * The error to signal for something that was thrown.
	 * @param ex what was thrown
	 * @return the same, unless Reactor would not let it through as a signal
	 */
	static Throwable signalOf(Throwable ex) {
		if (ex instanceof LinkageError || ex instanceof VirtualMachineError) {
			return new IllegalStateException("Blocking work failed: " + ex, ex);
		}
		return ex;
	}

	/**
	 * How far a call is.
	 */
	enum Phase {

		/** Not working yet. */
		NEW,

		/** The worker can be interrupted. */
		RUNNING,

		/** Cancelled: an interrupt is on its way, and the worker has to wait for it. */
		INTERRUPTING,

		/** The work has ended, its result is still with the worker. */
		ENDED,

		/** There is a value to be requested. */
		READY,

		/** The end was signalled. */
		DONE,

		/** Nothing is signalled any more. */
		CANCELLED;

		private Phase cancelled() {
			return switch (this) {
				case RUNNING, INTERRUPTING -> INTERRUPTING;
				case DONE -> DONE;
				default -> CANCELLED;
			};
		}

	}

}
