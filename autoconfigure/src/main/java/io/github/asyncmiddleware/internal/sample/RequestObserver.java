package io.github.asyncmiddleware.internal.sample;

import java.util.List;

import io.github.asyncmiddleware.internal.record.HeadDecorator;
import io.github.asyncmiddleware.internal.record.RequestRecord;
import io.github.asyncmiddleware.internal.record.RequestReporter;
import io.github.asyncmiddleware.internal.record.RequestResult;
import io.github.asyncmiddleware.internal.record.Ticker;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.http.server.reactive.ServerHttpResponse;

/**
 * Passes heads and ends of requests to all listeners, and the heads to the decorator.
 * What one of them throws never reaches the response, errors of the virtual machine
 * included: it is logged, once for each, and dropped.
 */
public final class RequestObserver implements RequestReporter {

	private static final Log logger = LogFactory.getLog(RequestObserver.class);

	private final RequestListener[] listeners;

	/** Where samples wait for those that take them, or {@code null} if none does. */
	private final @Nullable SampleBuffers buffers;

	/** Which listeners have been complained about; a race only logs once more. */
	private final boolean[] failed;

	private final RequestTraces traces;

	private final HeadDecorator headDecorator;

	/** As above. */
	private boolean headDecoratorFailed;

	/** As above. */
	private boolean samplesFailed;

	private final Ticker ticker;

	/**
	 * Create an observer.
	 * @param listeners are told of the head and the end of each request
	 * @param headDecorator the decorator of the heads of responses
	 * @param ticker the clock that requests are timed with
	 */
	public RequestObserver(List<RequestListener> listeners, HeadDecorator headDecorator, Ticker ticker) {
		this.listeners = listeners.toArray(new RequestListener[0]);
		this.failed = new boolean[this.listeners.length];
		this.headDecorator = headDecorator;
		this.ticker = ticker;
		this.traces = traces(listeners);
		this.buffers = listeners.stream().anyMatch(SampleListener.class::isInstance)
				? new SampleBuffers(this, Runtime.getRuntime().availableProcessors()) : null;
		for (RequestListener listener : listeners) {
			if (listener instanceof SampleListener sampleListener && this.buffers != null) {
				sampleListener.comingFrom(this.buffers);
			}
		}
	}

	/**
	 * There is one tracer in an application, so all that want traces want the same.
	 */
	private static RequestTraces traces(List<RequestListener> listeners) {
		for (RequestListener listener : listeners) {
			if (listener instanceof SampleListener sampleListener && sampleListener.traces() != RequestTraces.NONE) {
				return sampleListener.traces();
			}
		}
		return RequestTraces.NONE;
	}

	/**
	 * Knows the traces of the requests, if a listener wants to have them.
	 */
	RequestTraces traces() {
		return this.traces;
	}

	/**
	 * Let nothing wait any longer.
	 */
	public void close() {
		if (this.buffers != null) {
			this.buffers.close();
		}
	}

	@Override
	public Ticker ticker() {
		return this.ticker;
	}

	/**
	 * Let the decorator add to a head that is about to be committed.
	 */
	@Override
	public void beforeHead(RequestRecord request, int status, ServerHttpResponse response) {
		try {
			this.headDecorator.beforeHead(request, status, response);
		}
		catch (Throwable ex) {
			if (!this.headDecoratorFailed) {
				this.headDecoratorFailed = true;
				warn(this.headDecorator,
						"failed. The response goes out without what it adds; further failures are not logged", ex);
			}
		}
	}

	@Override
	public void onHead(RequestRecord request) {
		for (int i = 0; i < this.listeners.length; i++) {
			onHead(i, request);
		}
		note(request, true, false);
	}

	private void onHead(int index, RequestRecord request) {
		try {
			this.listeners[index].onHead(request);
		}
		catch (Throwable ex) {
			failed(index, ex);
		}
	}

	private void note(RequestRecord request, boolean head, boolean end) {
		SampleBuffers buffers = this.buffers;
		if (buffers != null) {
			try {
				buffers.note(request, head, end);
			}
			catch (Throwable ex) {
				samplesFailed(ex);
			}
		}
	}

	/**
	 * Pass on samples.
	 */
	void onSamples(long[] samples, SampleTraces traces, int from, int to, long time) {
		for (int i = 0; i < this.listeners.length; i++) {
			if (this.listeners[i] instanceof SampleListener listener) {
				try {
					listener.onSamples(samples, traces, from, to, time);
				}
				catch (Throwable ex) {
					failed(i, ex);
				}
			}
		}
	}

	@Override
	public void onEnd(RequestRecord request, RequestResult result, boolean withHead) {
		for (int i = 0; i < this.listeners.length; i++) {
			if (withHead) {
				onHead(i, request);
			}
			try {
				this.listeners[i].onEnd(request, result);
			}
			catch (Throwable ex) {
				failed(i, ex);
			}
		}
		note(request, withHead, true);
	}

	private void failed(int index, Throwable ex) {
		if (!this.failed[index]) {
			this.failed[index] = true;
			warn(this.listeners[index],
					"failed. The response is not affected; further failures of this listener are not logged", ex);
		}
	}

	/**
	 * Say that samples may have been lost, or could not wait.
	 */
	void samplesFailed(Throwable ex) {
		if (!this.samplesFailed) {
			this.samplesFailed = true;
			warn(this, "could not note the times of a request. "
					+ "The response is not affected; further failures are not logged", ex);
		}
	}

	/**
	 * Say what has failed, if even that is possible.
	 */
	private static void warn(Object failed, String how, Throwable ex) {
		try {
			logger.warn(failed.getClass().getName() + " " + how, ex);
		}
		catch (Throwable logFailure) {
			// Responses matter more
		}
	}

}
