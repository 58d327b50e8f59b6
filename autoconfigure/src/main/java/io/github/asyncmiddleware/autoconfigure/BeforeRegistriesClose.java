package io.github.asyncmiddleware.autoconfigure;

import org.springframework.context.ApplicationContext;
import org.springframework.context.ApplicationListener;
import org.springframework.context.event.ContextClosedEvent;
import org.springframework.core.Ordered;

/**
 * Does something at the very beginning of the end of an application context. Boot closes
 * the meter registries on the same event, before the server stops and beans are
 * destroyed, and what a registry is told after that it does not publish any more.
 */
final class BeforeRegistriesClose implements ApplicationListener<ContextClosedEvent>, Ordered {

	private final ApplicationContext context;

	private final Runnable action;

	BeforeRegistriesClose(ApplicationContext context, Runnable action) {
		this.context = context;
		this.action = action;
	}

	@Override
	public int getOrder() {
		return HIGHEST_PRECEDENCE;
	}

	@Override
	public void onApplicationEvent(ContextClosedEvent event) {
		// A context is told of those of its children too
		if (event.getApplicationContext() == this.context) {
			this.action.run();
		}
	}

}
