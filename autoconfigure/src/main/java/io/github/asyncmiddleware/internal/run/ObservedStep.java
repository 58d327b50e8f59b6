package io.github.asyncmiddleware.internal.run;

import io.github.asyncmiddleware.internal.record.LedgerEntry;
import io.github.asyncmiddleware.internal.record.StepObservation;
import io.github.asyncmiddleware.internal.record.StepObserver;
import org.jspecify.annotations.Nullable;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;

import org.springframework.web.server.ServerWebExchange;

/**
 * A {@link Step} that is observed. A class of its own, so that one that is not takes no
 * byte for it.
 */
final class ObservedStep extends Step {

	private final StepObserver observer;

	/** Once the middleware was entered. Published as what the step knows of the rest. */
	private @Nullable StepObservation observation;

	ObservedStep(StepObserver observer, Link link, RequestRun run, ServerWebExchange exchange,
			CoreSubscriber<? super Void> subscriber) {
		super(link, run, exchange, subscriber);
		this.observer = observer;
	}

	/**
	 * One that runs once more is observed already.
	 */
	@Override
	void observe() {
		if (this.observation == null) {
			this.observation = this.observer.entered(run(), this, subscriber().currentContext());
		}
	}

	@Override
	public @Nullable StepObservation observation() {
		return this.observation;
	}

	@Override
	Mono<Void> observed(Mono<Void> work) {
		StepObservation observation = this.observation;
		return (observation != null && work != this) ? work.contextWrite(observation::own) : work;
	}

	@Override
	protected void takesOver(LedgerEntry earlier) {
		super.takesOver(earlier);
		this.observation = ((ObservedStep) earlier).observation;
	}

}
