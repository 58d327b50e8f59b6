package io.github.asyncmiddleware.internal.boundary;

import io.github.asyncmiddleware.internal.chain.Deadlines;
import io.github.asyncmiddleware.internal.record.Ending;
import io.github.asyncmiddleware.internal.record.RequestRecord;
import io.github.asyncmiddleware.internal.record.RequestReporter;
import io.github.asyncmiddleware.internal.response.ResponseFace;
import io.github.asyncmiddleware.internal.run.RequestRun;
import io.github.asyncmiddleware.internal.watch.ThreadActivities;
import io.github.asyncmiddleware.internal.watch.ThreadActivity;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoOperator;

import org.springframework.context.ApplicationContext;
import org.springframework.http.server.reactive.AbstractServerHttpRequest;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebHandler;
import org.springframework.web.server.adapter.HttpWebHandlerAdapter;

/**
 * The boundary between the server and the filters: begins each request and ends it,
 * outside of filters and exception handlers.
 */
final class MiddlewareHttpHandler extends HttpWebHandlerAdapter {

	private final RequestReporter reporter;

	private final ThreadActivities activities;

	private final Deadlines deadlines;

	/**
	 * Create a handler with the settings of another one.
	 * @param delegate what it runs
	 * @param settings the handler whose settings to take
	 * @param reporter is told of the head and the end of each request
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
		RequestRun run = RequestRun.begin(this.reporter, this.activities, this.deadlines, request);
		return new Observed(super.handle(new ObservedRequest(request, run), run.observe(response)), run);
	}

	@Override
	protected ServerWebExchange createExchange(ServerHttpRequest request, ServerHttpResponse response) {
		ServerWebExchange exchange = new MiddlewareExchange(request, response, getSessionManager(),
				getCodecConfigurer(), getLocaleContextResolver(), getApplicationContext());
		if (request instanceof ObservedRequest observed
				&& observed.getDelegate() instanceof AbstractServerHttpRequest original) {
			// As the exchange itself does for a request that is not decorated
			original.setAttributesSupplier(exchange::getAttributes);
		}
		if (response instanceof ResponseFace face && face.commit().request() instanceof RequestRun run) {
			run.exchange(exchange);
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
			HtmlEscape.copy(from, to);
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

		private final RequestRun run;

		Observed(Mono<Void> source, RequestRun run) {
			super(source);
			this.run = run;
		}

		@Override
		public void subscribe(CoreSubscriber<? super Void> actual) {
			ThreadActivity activity = this.run.beginning();
			RequestRecord previous = activity.enter(this.run);
			EndSubscriber subscriber = new EndSubscriber(actual, this.run);
			this.run.terminal(subscriber);
			try {
				this.source.subscribe(subscriber);
				subscriber.subscribed();
			}
			catch (Throwable ex) {
				// Only what Reactor refuses to signal gets here
				this.run.ended(Ending.FATAL, ex);
				throw ex;
			}
			finally {
				activity.exit(previous);
			}
			this.run.leaveInFlight(activity);
		}

	}

}
