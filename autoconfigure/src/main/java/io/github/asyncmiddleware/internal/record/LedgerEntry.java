package io.github.asyncmiddleware.internal.record;

import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * What the {@link Ledger} keeps of one middleware in one request. It is a Mono because
 * the engine's step extends it, which is the publisher that {@code next} returns: one
 * object for each middleware instead of two. Its fields are published as those of the
 * ledger are.
 */
public abstract class LedgerEntry extends Mono<Void> implements StepRecord {

	@Nullable LedgerEntry previous;

	long entered;

	long own;

	/**
	 * Nanoseconds from the turn to the handover: seven digits, in the four bytes that are
	 * left over in the object.
	 */
	float handedAfter;

	@Override
	public final @Nullable LedgerEntry previous() {
		return this.previous;
	}

	@Override
	public final long entered() {
		return this.entered;
	}

	@Override
	public final long handedAfter() {
		return (long) this.handedAfter;
	}

	@Override
	public final long own() {
		return this.own;
	}

	/**
	 * The middleware runs once more in the same request, and this entry takes the place
	 * of the one before.
	 * @param earlier the entry before
	 */
	protected abstract void takesOver(LedgerEntry earlier);

	/**
	 * Whether the middleware is still at work before the rest of the chain.
	 * @return {@code false} if it has handed over or ended, or lost in its group
	 */
	protected abstract boolean isAtWork();

	final boolean isConcurrent() {
		return middleware().code().concurrent() != null;
	}

}
