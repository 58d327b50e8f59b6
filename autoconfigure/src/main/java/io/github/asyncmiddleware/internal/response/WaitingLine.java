package io.github.asyncmiddleware.internal.response;

import io.github.asyncmiddleware.internal.record.RequestRecord;
import io.github.asyncmiddleware.internal.record.StepRecord;
import io.github.asyncmiddleware.internal.watch.ThreadActivity;
import org.jspecify.annotations.Nullable;

/**
 * The middlewares that a response is shown to on its way out, in a line.
 */
final class WaitingLine {

	private final ResponseCommit commit;

	/** Changed in the lock of this, as two of the line can leave at the same time. */
	private volatile @Nullable Waiting innermost;

	WaitingLine(ResponseCommit commit) {
		this.commit = commit;
	}

	@Nullable Waiting innermost() {
		return this.innermost;
	}

	/**
	 * Show the response to a middleware that is about to hand over.
	 * @param waiting the part of the middleware
	 */
	synchronized void join(Waiting waiting) {
		if (!waiting.linked) {
			waiting.linked = true;
			waiting.outer = this.innermost;
		}
		this.innermost = waiting;
	}

	/**
	 * Show no response to a middleware any more, whose part is over.
	 * @param waiting the part of the middleware
	 */
	synchronized void leave(Waiting waiting) {
		Waiting candidate = this.innermost;
		while (candidate != null && candidate != waiting) {
			candidate = candidate.outer;
		}
		if (candidate != null) {
			// What is further in is over as well
			this.innermost = candidate.outer;
		}
	}

	/**
	 * Let a response pass on that was shown.
	 * @param waiting the part of the middleware that it was shown to
	 * @param writer what writes it
	 * @return whether {@link Waiting#sent} will tell how that ends; else the rest of the
	 * chain does
	 */
	boolean release(Waiting waiting, ResponseWriter writer) {
		boolean carries = writer.released(waiting);
		leave(waiting);
		Lead lead = waiting.lead;
		if (lead != null && lead.at == waiting && lead.thread == Thread.currentThread()) {
			lead.goesOn = true;
		}
		else {
			lead(writer, waiting.outer);
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
			Lead lead = new Lead();
			Waiting waiting = first;
			while (waiting != null) {
				int hop = writer.showing();
				if (hop < 0) {
					this.commit.reopen(writer, 0);
					return;
				}
				lead.at = waiting;
				lead.goesOn = false;
				waiting.lead = lead;
				boolean shown = waiting.shown(writer);
				lead.at = null;
				if (!shown) {
					writer.refuse();
					return;
				}
				if (!lead.goesOn) {
					writer.take(hop);
					return;
				}
				waiting = waiting.outer;
			}
			this.commit.letOut(writer);
		}
		finally {
			activity.exit(previous, place);
		}
	}

	/**
	 * One walk of the response from one middleware to the next. Belongs to its thread.
	 */
	static final class Lead {

		private final Thread thread = Thread.currentThread();

		/** Which one is being shown the response. */
		private @Nullable Waiting at;

		/** That one has released it at once. */
		private boolean goesOn;

	}

}
