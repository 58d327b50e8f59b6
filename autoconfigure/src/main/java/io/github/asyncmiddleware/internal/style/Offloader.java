package io.github.asyncmiddleware.internal.style;

import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Predicate;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

import org.springframework.util.Assert;

/**
 * Runs blocking work off the event loop, so much at a time and no more.
 * <p>
 * The bound is kept here and not by the executor, which has to have a thread for each
 * permit. A permit is taken for as long as the work takes, also when nobody waits for its
 * result any more. Work that follows other work in the same request can share its
 * {@link Hop}: it then runs on the same thread, with the same permit.
 */
public final class Offloader implements AutoCloseable {

	private static final Log logger = LogFactory.getLog(Offloader.class);

	private final Executor executor;

	private final Admission admission;

	private final ThreadLocals threadLocals = ThreadLocals.detect();

	/**
	 * The hops on offer, by their threads. A {@link ThreadLocal} would leave an entry on
	 * every event loop that merely looks for one.
	 */
	private final Map<Thread, Hop> offered = new ConcurrentHashMap<>();

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
	 * Open a lane. There is one for each middleware.
	 * @param maxConcurrent how much work of this lane may run at a time,
	 * {@link Integer#MAX_VALUE} for no other bound than that of all
	 * @return a lane
	 */
	public Lane lane(int maxConcurrent) {
		Assert.isTrue(maxConcurrent > 0, "'maxConcurrent' must be positive");
		return new Lane(new Admission.Line(maxConcurrent));
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
	 * How many permits are taken.
	 * @return how many chains of work run
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

	Map<Thread, Hop> offered() {
		return this.offered;
	}

	/**
	 * Take over what the current thread offers, if it does and there is room in the lane.
	 */
	@Nullable Hop share(Admission.Ticket ticket) {
		Hop hop = this.offered.get(Thread.currentThread());
		if (hop == null || !this.admission.enterSharing(ticket)) {
			return null;
		}
		hop.take();
		return hop;
	}

	/**
	 * Start a call at once, or later, or not at all.
	 */
	void start(Admission.Ticket ticket) {
		Admission.Place place = this.admission.enter(ticket);
		if (place == Admission.Place.INSIDE && !execute(ticket)) {
			place = Admission.Place.GONE;
			startWaiting();
		}
		if (place == Admission.Place.GONE) {
			ticket.call().shed();
		}
	}

	/**
	 * See {@link Admission#abandon}.
	 */
	void abandon(Admission.Ticket ticket) {
		this.admission.abandon(ticket);
	}

	/**
	 * The work of a call has ended, which may be what others of its lane wait for.
	 */
	void leave(Admission.Ticket ticket) {
		this.admission.leave(ticket);
		startWaiting();
	}

	/**
	 * A permit is not needed any more.
	 */
	void giveBack() {
		this.admission.giveBack();
		startWaiting();
	}

	private void startWaiting() {
		Admission.Ticket ticket = this.admission.next();
		while (ticket != null) {
			if (!execute(ticket)) {
				shed(ticket);
			}
			ticket = this.admission.next();
		}
	}

	/**
	 * Hand a call that was let in to the executor.
	 * @return whether the executor has accepted it; if not, all was given back
	 */
	private boolean execute(Admission.Ticket ticket) {
		try {
			this.executor.execute(ticket.call());
			return true;
		}
		catch (RejectedExecutionException ex) {
			logger.debug("The executor does not accept blocking work", ex);
		}
		catch (Throwable ex) {
			// Also that there is no memory for a thread is a reason to shed load
			logger.warn("The executor could not start blocking work", ex);
		}
		this.admission.leave(ticket);
		this.admission.giveBack();
		return false;
	}

	/**
	 * Turn away a call of another request, which must not be a problem of this one.
	 */
	private void shed(Admission.Ticket ticket) {
		try {
			ticket.call().shed();
		}
		catch (RuntimeException ex) {
			logger.warn("Could not tell a request that there is too much blocking work", ex);
		}
	}

	/**
	 * Where the work of one middleware enters.
	 */
	public final class Lane {

		private final Admission.Line line;

		private Lane(Admission.Line line) {
			this.line = line;
		}

		/**
		 * Call something that blocks, for each subscription.
		 * <p>
		 * The result is emitted by the thread that has worked for it, after the work has
		 * ended in every respect; nothing, for {@code null}. An exception becomes an
		 * error signal, and so does a lack of permits:
		 * {@link io.github.asyncmiddleware.internal.chain.OverloadException}. Cancelling
		 * takes waiting work out of the queue and interrupts running work, once; what
		 * comes of it is discarded.
		 * @param work what blocks
		 * @param staysOffloaded whether the next call that is subscribed to while this
		 * result is emitted, by the emitting thread, may go on with its permit; asked
		 * after the work, on its thread, and not if it has failed
		 * @param <T> the type of the result
		 * @return the result
		 */
		public <T> Mono<T> call(Callable<? extends @Nullable T> work, Predicate<? super @Nullable T> staysOffloaded) {
			return OffloadedMono.create(Offloader.this, this.line, work, staysOffloaded);
		}

	}

}
