package io.github.asyncmiddleware.internal.sample;

import io.github.asyncmiddleware.internal.record.RequestRecord;
import io.github.asyncmiddleware.internal.record.RequestResult;

/**
 * A listener that is given the times of middlewares for many requests at once, which
 * costs less than one request at a time: what is needed to count a sample is still at
 * hand from the one before.
 * <p>
 * Where there are few requests, samples come with each of them; else some milliseconds
 * later.
 */
public interface SampleListener extends RequestListener {

	@Override
	default void onHead(RequestRecord request) {
	}

	@Override
	default void onEnd(RequestRecord request, RequestResult result) {
	}

	/**
	 * Told before the first request where samples wait.
	 * @param buffers the samples that are on their way to this listener
	 */
	default void comingFrom(SampleBuffers buffers) {
	}

	/**
	 * Knows the traces of the requests, if the listener wants to have them with the
	 * samples. The same at every call.
	 * @return {@link RequestTraces#NONE} if not
	 */
	default RequestTraces traces() {
		return RequestTraces.NONE;
	}

	/**
	 * As {@link #onSamples(long[], int, int, long)}, with the traces of the requests.
	 * @param samples an array with samples
	 * @param traces what samples of the kind {@link Sample.Kind#TRACE} stand for
	 * @param from where they begin in it
	 * @param to where they end in it
	 * @param time when the first of them was measured
	 */
	default void onSamples(long[] samples, SampleTraces traces, int from, int to, long time) {
		onSamples(samples, from, to, time);
	}

	/**
	 * Called by one thread at a time for one {@link SampleBuffers}, on whatever thread
	 * the last of the requests happens to be on. What it throws is logged once and
	 * otherwise ignored; the samples are lost for this listener then.
	 * @param samples an array with samples, see {@link Sample}
	 * @param from where they begin in it
	 * @param to where they end in it
	 * @param time when the first of them was measured, on the clock of the engine
	 */
	void onSamples(long[] samples, int from, int to, long time);

}
