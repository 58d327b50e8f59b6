package io.github.asyncmiddleware.autoconfigure;

import io.github.asyncmiddleware.internal.watch.RequestWatch;
import io.github.asyncmiddleware.internal.watch.ThreadActivities;

import org.springframework.beans.factory.DisposableBean;
import org.springframework.context.SmartLifecycle;

/**
 * Has the requests of the application watched from before its server starts until after
 * it has stopped.
 */
final class WatchLifecycle implements SmartLifecycle, DisposableBean {

	private final RequestWatch watch;

	WatchLifecycle(RequestWatch watch) {
		this.watch = watch;
	}

	ThreadActivities activities() {
		return this.watch.activities();
	}

	@Override
	public void start() {
		this.watch.start();
	}

	@Override
	public void stop() {
		this.watch.stop();
	}

	@Override
	public boolean isRunning() {
		return this.watch.isRunning();
	}

	/**
	 * Far from that of a server, which is among the last to start.
	 */
	@Override
	public int getPhase() {
		return 0;
	}

	@Override
	public void destroy() {
		this.watch.close();
	}

}
