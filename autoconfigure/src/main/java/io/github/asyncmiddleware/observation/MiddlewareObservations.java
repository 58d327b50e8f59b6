package io.github.asyncmiddleware.observation;

import java.time.Duration;
import java.util.Locale;

import io.github.asyncmiddleware.internal.record.RequestRecord;
import io.github.asyncmiddleware.internal.record.RequestResult;
import io.github.asyncmiddleware.internal.record.StepObservation;
import io.github.asyncmiddleware.internal.record.StepObserver;
import io.github.asyncmiddleware.internal.record.StepRecord;
import io.github.asyncmiddleware.internal.sample.RequestListener;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationRegistry;
import io.micrometer.observation.ObservationView;
import io.micrometer.observation.contextpropagation.ObservationThreadLocalAccessor;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import reactor.util.context.Context;
import reactor.util.context.ContextView;

import org.springframework.http.server.reactive.observation.ServerRequestObservationContext;
import org.springframework.util.Assert;

/**
 * Observes the middlewares of a request, side by side below the observation of the
 * server. The auto-configuration puts it in place; applications have no need to.
 * <p>
 * Where the server is not observed, neither are the middlewares: each would be the root
 * of a trace. What a handler or a convention throws is logged, once, and dropped.
 */
public final class MiddlewareObservations implements StepObserver, RequestListener {

	private static final Log logger = LogFactory.getLog(MiddlewareObservations.class);

	private static final MiddlewareObservationConvention DEFAULT_CONVENTION = new DefaultMiddlewareObservationConvention();

	private final ObservationRegistry registry;

	private final @Nullable MiddlewareObservationConvention convention;

	/** A race only logs once more. */
	private boolean failed;

	/**
	 * Create an instance.
	 * @param registry the registry
	 * @param convention a convention that replaces the default one, or {@code null}
	 */
	public MiddlewareObservations(ObservationRegistry registry, @Nullable MiddlewareObservationConvention convention) {
		Assert.notNull(registry, "'registry' must not be null");
		this.registry = registry;
		this.convention = (convention != null) ? new GuardedConvention(convention, DEFAULT_CONVENTION, this::failed)
				: null;
	}

	@Override
	public @Nullable StepObservation entered(RequestRecord request, StepRecord step, ContextView context) {
		try {
			Object current = context.getOrDefault(ObservationThreadLocalAccessor.KEY, null);
			Observation server = serverOf(current);
			return (server != null) ? start(request, step, current, server) : null;
		}
		catch (Throwable ex) {
			failed(ex);
			return null;
		}
	}

	/**
	 * The observation of the server: others can be around the middleware, such as those
	 * of Spring Security.
	 */
	private static @Nullable Observation serverOf(@Nullable Object current) {
		Object observation = current;
		while (observation instanceof ObservationView view) {
			if (view.getContextView() instanceof ServerRequestObservationContext) {
				return (view instanceof Observation server && !server.isNoop()) ? server : null;
			}
			observation = view.getContextView().getParentObservation();
		}
		return null;
	}

	private @Nullable StepObservation start(RequestRecord request, StepRecord step, @Nullable Object current,
			Observation server) {
		MiddlewareObservationContext context = new MiddlewareObservationContext(step.middleware().name(),
				step.middleware().isForeign(), request.request());
		Observation observation = MiddlewareObservationDocumentation.MIDDLEWARE.observation(this.convention,
				DEFAULT_CONVENTION, () -> context, this.registry);
		if (observation.isNoop()) {
			return null;
		}
		startBelow(server, observation);
		return new Started(observation, context, current);
	}

	/**
	 * A tracer takes the span of the thread for the parent if it is another one.
	 */
	private void startBelow(Observation server, Observation observation) {
		Observation.@Nullable Scope before = this.registry.getCurrentObservationScope();
		boolean started = false;
		try {
			Observation.Scope scope = server.openScope();
			try {
				started = true;
				observation.parentObservation(server).start();
			}
			finally {
				scope.close();
			}
		}
		catch (Throwable ex) {
			leaveScope(before);
			if (started) {
				stopQuietly(observation);
			}
			throw ex;
		}
	}

	/**
	 * Take the thread out of a scope that a handler has failed to open or to close: what
	 * runs there next belongs to another request.
	 */
	// Deprecated, as only those who repair a thread have a use for it
	@SuppressWarnings("deprecation")
	private void leaveScope(Observation.@Nullable Scope before) {
		Observation.Scope left = this.registry.getCurrentObservationScope();
		if (left == before) {
			return;
		}
		try {
			// Not closed: a handler that throws for that would keep it from the others
			if (left != null) {
				left.reset();
			}
			if (before != null) {
				before.makeCurrent();
			}
		}
		catch (Throwable ex) {
			failed(ex);
		}
		finally {
			this.registry.setCurrentObservationScope(before);
		}
	}

	private void stopQuietly(Observation observation) {
		try {
			observation.stop();
		}
		catch (Throwable ex) {
			failed(ex);
		}
	}

	@Override
	public void onHead(RequestRecord request) {
	}

	@Override
	public void onEnd(RequestRecord request, RequestResult result) {
		for (StepRecord step = request.last(); step != null; step = step.previous()) {
			if (step.observation() instanceof Started started) {
				try {
					started.stop(step);
				}
				catch (Throwable ex) {
					failed(ex);
				}
			}
		}
	}

	private void failed(Throwable ex) {
		if (!this.failed) {
			this.failed = true;
			try {
				logger.warn("Could not observe a middleware. The response is not affected;"
						+ " further failures are not logged", ex);
			}
			catch (Throwable logFailure) {
				// Responses matter more
			}
		}
	}

	/**
	 * An observation that has started.
	 */
	private final class Started implements StepObservation {

		private final Observation observation;

		private final MiddlewareObservationContext context;

		/** What is in the context outside of the middleware. */
		private final @Nullable Object outer;

		Started(Observation observation, MiddlewareObservationContext context, @Nullable Object outer) {
			this.observation = observation;
			this.context = context;
			this.outer = outer;
		}

		@Override
		public Context own(Context outer) {
			return outer.put(ObservationThreadLocalAccessor.KEY, this.observation);
		}

		@Override
		public Context rest(Context own) {
			if (own.getOrDefault(ObservationThreadLocalAccessor.KEY, null) != this.observation) {
				// The middleware has chosen another one for the rest
				return own;
			}
			return (this.outer != null) ? own.put(ObservationThreadLocalAccessor.KEY, this.outer)
					: own.delete(ObservationThreadLocalAccessor.KEY);
		}

		@Override
		public void failed(Throwable error) {
			try {
				this.observation.error(error);
			}
			catch (Throwable ex) {
				MiddlewareObservations.this.failed(ex);
			}
		}

		void stop(StepRecord step) {
			this.context.setEnd(step.result().name().toLowerCase(Locale.ROOT), Duration.ofNanos(step.own()));
			this.observation.stop();
		}

	}

}
