package io.github.asyncmiddleware.internal.chain;

import java.util.List;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

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

	RequestObserver(List<RequestListener> listeners, Ticker ticker) {
		this.listeners = listeners.toArray(new RequestListener[0]);
		this.failed = new boolean[this.listeners.length];
		this.ticker = ticker;
	}

	Ticker ticker() {
		return this.ticker;
	}

	void onHead(RequestTimeline request) {
		notifyListeners(request, null);
	}

	void onEnd(RequestTimeline request, RequestResult result) {
		notifyListeners(request, result);
	}

	private void notifyListeners(RequestTimeline request, @Nullable RequestResult result) {
		for (int i = 0; i < this.listeners.length; i++) {
			try {
				if (result == null) {
					this.listeners[i].onHead(request);
				}
				else {
					this.listeners[i].onEnd(request, result);
				}
			}
			catch (VirtualMachineError ex) {
				throw ex;
			}
			catch (Throwable ex) {
				complain(i, ex);
			}
		}
	}

	private void complain(int index, Throwable ex) {
		if (!this.failed[index]) {
			this.failed[index] = true;
			logger.warn(
					"Listener " + this.listeners[index].getClass().getName()
							+ " failed. The response is not affected; further failures of this listener are not logged",
					ex);
		}
	}

}
