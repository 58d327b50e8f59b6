package io.github.asyncmiddleware.internal.guard;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

import io.github.asyncmiddleware.internal.record.Ticker;

/**
 * Keeps a log from being flooded: each subject is reported at most once a minute, and
 * what happens in between is counted.
 *
 * @param <S> the type of the subjects, of which there has to be a bounded number
 */
public final class LogPauses<S> {

	private static final long PAUSE = Duration.ofMinutes(1).toNanos();

	private final Ticker ticker;

	private final Map<S, LogPause> pauses = new ConcurrentHashMap<>();

	/**
	 * Create pauses, none of which has begun.
	 * @param ticker the clock
	 */
	public LogPauses(Ticker ticker) {
		this.ticker = ticker;
	}

	/**
	 * Count one more, and end the pause of the subject if it is over.
	 * @param subject the subject
	 * @return how many there are to report, or 0 if the pause goes on
	 */
	public long tryEnd(S subject) {
		return this.pauses.computeIfAbsent(subject, (key) -> new LogPause()).tryEnd(this.ticker.read());
	}

	/**
	 * What to add to a report.
	 * @param unreported how many there are to report
	 * @return the number in brackets, or nothing if it is one
	 */
	public static String times(long unreported) {
		return (unreported > 1) ? " (" + unreported + " times since it was last reported)" : "";
	}

	/**
	 * Counts what happens while nothing is logged. Guarded by itself.
	 */
	private static final class LogPause {

		private long unreported;

		private boolean begun;

		private long until;

		synchronized long tryEnd(long now) {
			this.unreported++;
			if (this.begun && now - this.until < 0) {
				return 0;
			}
			long unreported = this.unreported;
			this.unreported = 0;
			this.begun = true;
			this.until = now + PAUSE;
			return unreported;
		}

	}

}
