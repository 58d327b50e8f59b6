package io.github.asyncmiddleware.benchmarks;

import io.github.asyncmiddleware.internal.record.RequestRecord;
import io.github.asyncmiddleware.internal.record.RequestResult;
import io.github.asyncmiddleware.internal.sample.RequestListener;

/**
 * Makes the engine read its clock and keeps nothing of what it is told.
 */
final class NoopListener implements RequestListener {

	@Override
	public void onHead(RequestRecord request) {
	}

	@Override
	public void onEnd(RequestRecord request, RequestResult result) {
	}

}
