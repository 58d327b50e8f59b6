package io.github.asyncmiddleware.test;

import io.github.asyncmiddleware.internal.record.StepObservation;
import org.jspecify.annotations.Nullable;
import reactor.util.context.Context;

/**
 * Keeps what one middleware has failed with in one request, whatever the filters in front
 * of it make of that.
 */
final class StepFailure implements StepObservation {

	private volatile @Nullable Throwable error;

	@Override
	public Context own(Context outer) {
		return outer;
	}

	@Override
	public Context rest(Context own) {
		return own;
	}

	@Override
	public void failed(Throwable error) {
		this.error = error;
	}

	/**
	 * The last failure that was the middleware's own.
	 * @return the failure, or {@code null} if there was none
	 */
	@Nullable Throwable error() {
		return this.error;
	}

}
