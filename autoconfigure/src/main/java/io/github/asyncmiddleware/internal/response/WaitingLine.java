package io.github.asyncmiddleware.internal.response;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

import io.github.asyncmiddleware.internal.record.RequestRecord;
import io.github.asyncmiddleware.internal.record.StepRecord;
import io.github.asyncmiddleware.internal.watch.ThreadActivity;
import org.jspecify.annotations.Nullable;

/**
 * The middlewares that a response is shown to on its way out, in a line.
 * <p>
 * The line is its innermost one, which knows the next one outwards; that never changes
 * once it has joined. So to exchange the innermost one changes the whole line at once,
 * and two of the line can leave at the same time.
 */
final class WaitingLine {

	private static final VarHandle INNERMOST;

	static {
		try {
			INNERMOST = MethodHandles.lookup().findVarHandle(WaitingLine.class, "innermost", Waiting.class);
		}
		catch (ReflectiveOperationException ex) {
			throw new ExceptionInInitializerError(ex);
		}
	}

	private final ResponseCommit commit;

	private volatile @Nullable Waiting innermost;

	/**
	 * The walk that was begun last. Its fields belong to its thread, and only that finds
	 * itself in it; another one may see an earlier walk.
	 */
	private @Nullable Lead lead;

	WaitingLine(ResponseCommit commit) {
		this.commit = commit;
	}

	@Nullable Waiting innermost() {
		return this.innermost;
	}

	private static @Nullable Waiting outer(Waiting waiting) {
		Waiting outer = waiting.outer;
		return (outer != waiting) ? outer : null;
	}

	/**
	 * Show the response to a middleware that is about to hand over.
	 * @param waiting the part of the middleware
	 */
	void join(Waiting waiting) {
		boolean again = waiting.outer != null;
		Waiting innermost;
		do {
			innermost = this.innermost;
			if (!again) {
				waiting.outer = (innermost != null) ? innermost : waiting;
			}
		}
		while (!INNERMOST.compareAndSet(this, innermost, waiting));
	}

	/**
	 * Show no response to a middleware any more, whose part is over. What is further in
	 * is over as well.
	 * @param waiting the part of the middleware
	 */
	void leave(Waiting waiting) {
		Waiting innermost;
		do {
			innermost = this.innermost;
			Waiting candidate = innermost;
			while (candidate != null && candidate != waiting) {
				candidate = outer(candidate);
			}
			if (candidate == null) {
				return;
			}
		}
		while (!INNERMOST.compareAndSet(this, innermost, outer(waiting)));
	}

	/**
	 * Show no response any more to those in a part of the chain, which is given up. They
	 * are the innermost ones.
	 */
	void leaveWithin(AttemptExchange part) {
		Waiting innermost;
		Waiting first;
		do {
			innermost = this.innermost;
			first = innermost;
			while (first != null && first.isWithin(part)) {
				first = outer(first);
			}
		}
		while (first != innermost && !INNERMOST.compareAndSet(this, innermost, first));
	}

	/**
	 * Let a response pass on that was shown.
	 * @param waiting the part of the middleware that it was shown to
	 * @param writer what writes it
	 * @return whether {@link Waiting#sent} will tell how that ends; else the rest of the
	 * chain does
	 */
	boolean release(Waiting waiting, ResponseWriter writer) {
		// From the moment in which it is released another one can come, after a
		// cancellation
		leave(waiting);
		boolean carries = writer.released(waiting);
		Lead lead = this.lead;
		if (lead != null && lead.thread == Thread.currentThread() && lead.at == waiting) {
			lead.goesOn = true;
		}
		else {
			lead(writer, outer(waiting));
		}
		return carries;
	}

	/**
	 * Lead the response outwards. Those that release it at once are dealt with in a loop,
	 * not on the stack; the first that does not takes it from those further in.
	 */
	void lead(ResponseWriter writer, @Nullable Waiting first) {
		ThreadActivity activity = this.commit.request().activity();
		StepRecord place = activity.place();
		RequestRecord previous = activity.enter(this.commit.request());
		try {
			if (this.commit.status().isUpgrade() && writer.hasNoBody()) {
				writer.markUpgrade();
			}
			Lead lead = new Lead();
			Waiting waiting = first;
			while (waiting != null) {
				if (!waiting.isWaiting()) {
					waiting = outer(waiting);
					continue;
				}
				int hop = writer.showing(waiting);
				if (hop < 0) {
					this.commit.reopen(writer, 0);
					return;
				}
				lead.at = waiting;
				lead.goesOn = false;
				this.lead = lead;
				boolean shown = waiting.shown(writer);
				lead.at = null;
				if (!shown) {
					writer.refuse();
					this.commit.reopen(writer, 0);
					return;
				}
				if (!lead.goesOn) {
					writer.take(hop);
					return;
				}
				waiting = outer(waiting);
			}
			activity.at(null);
			this.commit.letOut(writer);
		}
		finally {
			activity.exit(previous, place);
		}
	}

	/**
	 * One walk of the response from one middleware to the next. What others read of it is
	 * its thread.
	 */
	static final class Lead {

		private final Thread thread = Thread.currentThread();

		/** Which one is being shown the response. */
		private @Nullable Waiting at;

		/** That one has released it at once. */
		private boolean goesOn;

	}

}
