package io.github.asyncmiddleware.internal.style;

import java.util.List;
import java.util.TreeMap;

import org.jspecify.annotations.Nullable;

/**
 * Keeps the books of an {@link Offloader}: who may work, who waits for it, and who is
 * turned away. Everything is guarded by its monitor, and nobody else is called meanwhile.
 * <p>
 * A permit stands for one worker. Between two calls of {@link #next()} that find nobody,
 * there is never a free permit that somebody who waits could have.
 */
final class Admission {

	private final int maxConcurrent;

	private final int maxQueued;

	/** Everybody who waits. */
	private final TreeMap<Long, Ticket> waiting = new TreeMap<>();

	/** The first of each line that is not full. */
	private final TreeMap<Long, Ticket> ready = new TreeMap<>();

	private int active;

	private int abandoned;

	private long lastNumber;

	private boolean closed;

	Admission(int maxConcurrent, int maxQueued) {
		this.maxConcurrent = maxConcurrent;
		this.maxQueued = maxQueued;
	}

	/**
	 * Ask to be let in.
	 * @param ticket who asks
	 * @return where it is now: inside, with a permit; waiting, until {@link #next()}
	 * returns it; or gone, if there is no room or it did not want to wait for this answer
	 */
	synchronized Place enter(Ticket ticket) {
		if (ticket.place != Place.OUTSIDE) {
			return ticket.place;
		}
		if (this.closed) {
			ticket.place = Place.GONE;
		}
		else if (this.active < this.maxConcurrent && ticket.line.hasRoom() && this.ready.isEmpty()) {
			this.active++;
			letIn(ticket);
		}
		else if (this.waiting.size() < this.maxQueued) {
			ticket.place = Place.WAITING;
			ticket.number = ++this.lastNumber;
			this.waiting.put(ticket.number, ticket);
			ticket.line.waiting.put(ticket.number, ticket);
			update(ticket.line);
		}
		else {
			ticket.place = Place.GONE;
		}
		return ticket.place;
	}

	/**
	 * Ask to be let in on the permit of somebody else who does not work any more.
	 * @param ticket who asks
	 * @return whether it is inside now; nothing has changed if not
	 */
	synchronized boolean enterSharing(Ticket ticket) {
		if (this.closed || ticket.place != Place.OUTSIDE || !ticket.line.hasRoom()) {
			return false;
		}
		letIn(ticket);
		return true;
	}

	/**
	 * Let in who has waited longest of those whose line is not full.
	 * @return who that is, or {@code null} if there is nobody or no permit
	 */
	synchronized @Nullable Ticket next() {
		if (this.active == this.maxConcurrent || this.ready.isEmpty()) {
			return null;
		}
		Ticket ticket = this.ready.firstEntry().getValue();
		stopWaiting(ticket);
		this.active++;
		letIn(ticket);
		return ticket;
	}

	/**
	 * The request does not need it any more. Who waits stops waiting; who is inside stays
	 * until it leaves.
	 * @param ticket what is not needed
	 */
	synchronized void abandon(Ticket ticket) {
		if (ticket.place == Place.INSIDE) {
			ticket.abandoned = true;
			this.abandoned++;
			return;
		}
		if (ticket.place == Place.WAITING) {
			stopWaiting(ticket);
		}
		ticket.place = Place.GONE;
	}

	/**
	 * The work is done. The permit is another matter.
	 * @param ticket who leaves
	 */
	synchronized void leave(Ticket ticket) {
		ticket.place = Place.GONE;
		ticket.line.active--;
		if (ticket.abandoned) {
			this.abandoned--;
		}
		update(ticket.line);
	}

	/**
	 * Give one permit back.
	 */
	synchronized void giveBack() {
		this.active--;
	}

	/**
	 * Let nobody in any more.
	 * @return who has waited in vain, the longest first
	 */
	synchronized List<Ticket> close() {
		this.closed = true;
		List<Ticket> tickets = List.copyOf(this.waiting.values());
		for (Ticket ticket : tickets) {
			abandon(ticket);
		}
		return tickets;
	}

	synchronized int active() {
		return this.active;
	}

	synchronized int queued() {
		return this.waiting.size();
	}

	synchronized int abandoned() {
		return this.abandoned;
	}

	int maxConcurrent() {
		return this.maxConcurrent;
	}

	int maxQueued() {
		return this.maxQueued;
	}

	private void letIn(Ticket ticket) {
		ticket.place = Place.INSIDE;
		ticket.line.active++;
		update(ticket.line);
	}

	private void stopWaiting(Ticket ticket) {
		this.waiting.remove(ticket.number);
		ticket.line.waiting.remove(ticket.number);
		update(ticket.line);
	}

	/**
	 * Has to follow every change of a line.
	 */
	private void update(Line line) {
		Ticket next = (line.hasRoom() && !line.waiting.isEmpty()) ? line.waiting.firstEntry().getValue() : null;
		if (next == line.ready) {
			return;
		}
		if (line.ready != null) {
			this.ready.remove(line.ready.number);
		}
		if (next != null) {
			this.ready.put(next.number, next);
		}
		line.ready = next;
	}

	/**
	 * Where a call is.
	 */
	enum Place {

		/** Has not asked yet. */
		OUTSIDE,

		/** Waits for a permit. */
		WAITING,

		/** May work. */
		INSIDE,

		/** Has left, or was never let in. */
		GONE

	}

	/**
	 * Those who share a bound of their own.
	 */
	static final class Line {

		private final int maxConcurrent;

		private final TreeMap<Long, Ticket> waiting = new TreeMap<>();

		private int active;

		/** The one that stands for this line among those of the others. */
		private @Nullable Ticket ready;

		Line(int maxConcurrent) {
			this.maxConcurrent = maxConcurrent;
		}

		private boolean hasRoom() {
			return this.active < this.maxConcurrent;
		}

	}

	/**
	 * One call, as the books see it.
	 */
	static final class Ticket {

		private final Line line;

		private final OffloadedCall<?> call;

		private Place place = Place.OUTSIDE;

		private long number;

		private boolean abandoned;

		Ticket(Line line, OffloadedCall<?> call) {
			this.line = line;
			this.call = call;
		}

		OffloadedCall<?> call() {
			return this.call;
		}

	}

}
