package io.github.asyncmiddleware.benchmarks;

import io.github.asyncmiddleware.internal.chain.RequestListener;
import io.github.asyncmiddleware.internal.chain.RequestResult;
import io.github.asyncmiddleware.internal.chain.RequestTimeline;

/**
 * Makes the engine read its clock and keeps nothing of what it is told.
 */
final class NoopListener implements RequestListener {

	@Override
	public void onHead(RequestTimeline request) {
	}

	@Override
	public void onEnd(RequestTimeline request, RequestResult result) {
	}

}
