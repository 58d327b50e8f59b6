package io.github.asyncmiddleware.internal.chain;

import java.util.List;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/**
 * Passes what becomes of the requests to all listeners. What a listener throws never
 * reaches the response: it is logged, once per listener, and dropped.
 */
final class RequestObserver {

	private static final Log logger = LogFactory.getLog(RequestObserver.class);

	private final RequestListener[] listeners;

	/** Which listeners have been complained about; a race only logs once more. */
	private final boolean[] failed;

	private final Ticker ticker;

	private final ThreadActivities activities;

	RequestObserver(List<RequestListener> listeners, Ticker ticker, ThreadActivities activities) {
		this.listeners = listeners.toArray(new RequestListener[0]);
		this.failed = new boolean[this.listeners.length];
		this.ticker = ticker;
		this.activities = activities;
	}

	Ticker ticker() {
		return this.ticker;
	}

	ThreadActivities activities() {
		return this.activities;
	}

	/**
	 * Pass on that a head was committed.
	 */
	void onHead(RequestTimeline request) {
		for (int i = 0; i < this.listeners.length; i++) {
			try {
				this.listeners[i].onHead(request);
			}
			catch (Throwable ex) {
				failed(i, ex);
			}
		}
	}

	/**
	 * Pass on that a request has ended.
	 * @param withHead whether it has a head that was not passed on before
	 */
	void onEnd(RequestTimeline request, RequestResult result, boolean withHead) {
		for (int i = 0; i < this.listeners.length; i++) {
			try {
				if (withHead) {
					this.listeners[i].onHeadAndEnd(request, result);
				}
				else {
					this.listeners[i].onEnd(request, result);
				}
			}
			catch (Throwable ex) {
				failed(i, ex);
			}
		}
	}

	private void failed(int index, Throwable ex) {
		if (ex instanceof VirtualMachineError error) {
			throw error;
		}
		if (!this.failed[index]) {
			this.failed[index] = true;
			logger.warn(
					"Listener " + this.listeners[index].getClass().getName()
							+ " failed. The response is not affected; further failures of this listener are not logged",
					ex);
		}
	}

}
