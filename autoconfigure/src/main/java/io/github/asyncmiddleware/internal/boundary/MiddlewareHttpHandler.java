package io.github.asyncmiddleware.internal.boundary;

import io.github.asyncmiddleware.internal.chain.Deadlines;
import io.github.asyncmiddleware.internal.record.RequestRecord;
import io.github.asyncmiddleware.internal.record.RequestReporter;
import io.github.asyncmiddleware.internal.run.Ending;
import io.github.asyncmiddleware.internal.run.ObservedRequest;
import io.github.asyncmiddleware.internal.run.ObservedResponse;
import io.github.asyncmiddleware.internal.run.RequestTimeline;
import io.github.asyncmiddleware.internal.watch.ThreadActivities;
import io.github.asyncmiddleware.internal.watch.ThreadActivity;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoOperator;
import reactor.util.context.Context;

import org.springframework.context.ApplicationContext;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebHandler;
import org.springframework.web.server.adapter.HttpWebHandlerAdapter;

/**
 * The boundary between the server and the filters: begins the timeline of each request
 * and ends it, outside of filters and exception handlers.
 */
final class MiddlewareHttpHandler extends HttpWebHandlerAdapter {

	private final RequestReporter reporter;

	private final ThreadActivities activities;

	private final Deadlines deadlines;

	/**
	 * Create a handler with the settings of another one.
	 * @param delegate what it runs
	 * @param settings the handler whose settings to take
	 * @param reporter who is told what becomes of the requests
	 * @param activities where it is noted what threads are doing
	 * @param deadlines what the deadlines of the middlewares go by, if there are any
	 */
	MiddlewareHttpHandler(WebHandler delegate, HttpWebHandlerAdapter settings, RequestReporter reporter,
			ThreadActivities activities, Deadlines deadlines) {
		super(delegate);
		this.reporter = reporter;
		this.activities = activities;
		this.deadlines = deadlines;
		Settings.copy(settings, this);
	}

	@Override
	public Mono<Void> handle(ServerHttpRequest request, ServerHttpResponse response) {
		ServerHttpRequest observed = (this.deadlines != Deadlines.NONE) ? new ObservedRequest(request, this.deadlines)
				: request;
		RequestTimeline timeline = new RequestTimeline(this.reporter, this.activities, observed);
		return new Observed(super.handle(observed, ObservedResponse.of(response, timeline)), timeline);
	}

	@Override
	protected ServerWebExchange createExchange(ServerHttpRequest request, ServerHttpResponse response) {
		ServerWebExchange exchange = super.createExchange(request, response);
		if (response instanceof ObservedResponse observed) {
			observed.timeline().exchange(exchange);
		}
		return exchange;
	}

	/**
	 * Carries the settings of one handler to another.
	 */
	static final class Settings {

		private Settings() {
		}

		static void copy(HttpWebHandlerAdapter from, HttpWebHandlerAdapter to) {
			to.setSessionManager(from.getSessionManager());
			to.setCodecConfigurer(from.getCodecConfigurer());
			to.setLocaleContextResolver(from.getLocaleContextResolver());
			to.setForwardedHeaderTransformer(from.getForwardedHeaderTransformer());
			to.setObservationRegistry(from.getObservationRegistry());
			to.setObservationConvention(from.getObservationConvention());
			Boolean defaultHtmlEscape = from.getDefaultHtmlEscape();
			if (defaultHtmlEscape != null) {
				to.setDefaultHtmlEscape(defaultHtmlEscape);
			}
			ApplicationContext applicationContext = from.getApplicationContext();
			if (applicationContext != null) {
				to.setApplicationContext(applicationContext);
			}
		}

	}

	/**
	 * The handling of one request, whose end is noticed whatever it is.
	 */
	private static final class Observed extends MonoOperator<Void, Void> {

		private final RequestTimeline timeline;

		Observed(Mono<Void> source, RequestTimeline timeline) {
			super(source);
			this.timeline = timeline;
		}

		@Override
		public void subscribe(CoreSubscriber<? super Void> actual) {
			ThreadActivity activity = this.timeline.beginning();
			RequestRecord previous = activity.enter(this.timeline);
			try {
				this.source.subscribe(new EndSubscriber(actual, this.timeline));
			}
			catch (Throwable ex) {
				// Only what Reactor refuses to signal gets here
				this.timeline.ended(Ending.FATAL, ex);
				throw ex;
			}
			finally {
				activity.exit(previous);
			}
			if (!this.timeline.isEnded()) {
				this.timeline.leaveInFlight(activity);
			}
		}

	}

	private static final class EndSubscriber implements CoreSubscriber<Void>, Subscription {

		private final CoreSubscriber<? super Void> actual;

		private final RequestTimeline timeline;

		@SuppressWarnings("NullAway.Init")
		private Subscription subscription;

		EndSubscriber(CoreSubscriber<? super Void> actual, RequestTimeline timeline) {
			this.actual = actual;
			this.timeline = timeline;
		}

		@Override
		public void onSubscribe(Subscription subscription) {
			this.subscription = subscription;
			this.actual.onSubscribe(this);
		}

		@Override
		public void onNext(Void value) {
			this.actual.onNext(value);
		}

		@Override
		public void onComplete() {
			Throwable cut = this.timeline.hasHead() ? this.timeline.end().bodyError() : null;
			if (cut != null) {
				// Somebody has dealt with it too late: half a body must not look whole
				onError(cut);
				return;
			}
			this.actual.onComplete();
			this.timeline.ended(Ending.COMPLETE, null);
		}

		@Override
		public void onError(Throwable ex) {
			this.actual.onError(ex);
			this.timeline.ended(Ending.ERROR, ex);
		}

		@Override
		public void request(long n) {
			this.subscription.request(n);
		}

		@Override
		public void cancel() {
			this.timeline.ended(Ending.CANCEL, null);
			this.subscription.cancel();
		}

		@Override
		public Context currentContext() {
			return this.actual.currentContext();
		}

	}

}
