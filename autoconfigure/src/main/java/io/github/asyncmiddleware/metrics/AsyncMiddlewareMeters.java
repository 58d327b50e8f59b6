package io.github.asyncmiddleware.metrics;

import java.util.List;

/**
 * The meters of Async Middleware: the reference of their names, tags and meaning.
 * <p>
 * Timers are recorded in nanoseconds, from one monotonic clock; the registry decides in
 * which unit it shows them.
 * <p>
 * All values of all tags are known when the application starts, apart from the
 * {@code uri} and {@code status} of {@link #REQUEST_TTFB}, which come from the mappings
 * and the answers of the application and are limited in number. None comes from a client.
 * Tags that a {@link MiddlewareTags} adds stand beside the tag {@code middleware}.
 * <p>
 * Registered at start-up, so that they begin at 0: the {@code result} of requests,
 * {@code misuse} and {@code blocked} with all of their tags, the outcome {@code SUCCESS},
 * the result {@code passed}, and for a middleware that requests can go on without the
 * results that tell of it ({@code failed_open}, {@code timeout_open}, {@code shed_open}).
 * Other meters are registered when there is a first value for their tags. Without
 * middlewares, none is.
 */
public enum AsyncMiddlewareMeters {

	/**
	 * Timer: what a request still costs from the moment a middleware has its turn until
	 * the head of the response goes to the server. It includes everything that comes
	 * after, so the outermost middleware has the longest.
	 * <p>
	 * Recorded once for every middleware a request enters, if a head is committed.
	 * <p>
	 * Tags: {@code middleware}, the name of the bean; {@code outcome}, by the status of
	 * the head one of {@code INFORMATIONAL}, {@code SUCCESS}, {@code REDIRECTION},
	 * {@code CLIENT_ERROR}, {@code SERVER_ERROR} and {@code UNKNOWN}.
	 */
	TTFB("async.middleware.ttfb", "Time from the turn of a middleware to the head of the response", "middleware",
			"outcome"),

	/**
	 * Timer: the time a middleware spends itself, before it hands over and after the
	 * response reaches it, as far as that is before the head.
	 * <p>
	 * Recorded exactly once for every middleware a request enters, when the request ends,
	 * whatever happens to it.
	 * <p>
	 * Tags: {@code middleware}, the name of the bean; {@code result}, how its part ended,
	 * one of {@code passed}, {@code answered}, {@code failed}, {@code failed_open},
	 * {@code timeout}, {@code timeout_open}, {@code shed}, {@code shed_open},
	 * {@code cancelled} and {@code misused}.
	 */
	OWN("async.middleware.own", "Time a middleware spends itself", "middleware", "result"),

	/**
	 * Timer: what is left of the time to first byte of the first middleware when the own
	 * times of all are taken off: handler, foreign filters and commit actions.
	 * <p>
	 * Recorded once for every request that enters a middleware, if a head is committed.
	 * <p>
	 * Tags: {@code outcome}, as for {@link #TTFB}.
	 */
	APP("async.middleware.app", "Time to first byte that no middleware spends", "outcome"),

	/**
	 * Timer: the time from the arrival of a request to the head of its response, with
	 * whatever runs outside the middlewares.
	 * <p>
	 * Recorded once for every request, if a head is committed.
	 * <p>
	 * Tags: {@code method}, {@code uri}, {@code status} and {@code outcome}, with the
	 * values they have on {@code http.server.requests}. Beyond 1000 combinations, further
	 * ones are recorded with the method and status {@code UNKNOWN} and the uri
	 * {@code OTHER}.
	 */
	REQUEST_TTFB("async.middleware.request.ttfb", "Time from the arrival of a request to the head of its response",
			"method", "uri", "status", "outcome"),

	/**
	 * Counter: the requests.
	 * <p>
	 * Incremented exactly once for every request, when it ends.
	 * <p>
	 * Tags: {@code result}, how it ended, one of {@code ok}, {@code error_page},
	 * {@code cut}, {@code gone_before_head}, {@code gone_after_head}, {@code upgraded}
	 * and {@code fatal}.
	 */
	REQUESTS("async.middleware.requests", "Requests by how they ended", "result"),

	/**
	 * Counter: how often middlewares broke the rules of a filter.
	 * <p>
	 * Incremented each time.
	 * <p>
	 * Tags: {@code middleware}, the name of the bean; {@code kind}, one of
	 * {@code null_result}, {@code dropped_next}, {@code repeated_next}, {@code late_next}
	 * and {@code unawaited_next}.
	 */
	MISUSE("async.middleware.misuse", "Misuse of the filter contract", "middleware", "kind"),

	/**
	 * Timer: for how long threads were blocked that serve other requests too, longer than
	 * a threshold.
	 * <p>
	 * Recorded each time, when the thread is free again, and once a minute as long as it
	 * is not: the parts add up to the time. The watch samples the threads, so the time is
	 * exact to one look, by default 20 ms.
	 * <p>
	 * Tags: {@code middleware}, the name of the bean, or {@code app} for the handler and
	 * whatever else is no middleware.
	 */
	BLOCKED("async.middleware.blocked", "Time threads that serve requests were blocked", "middleware"),

	/**
	 * Gauge: how many requests wait for a middleware.
	 * <p>
	 * Counted once a second, or four times per {@code async-middleware.stuck-after} if
	 * that is more often. Requests that a middleware has finished with while they were on
	 * their first thread are never seen.
	 * <p>
	 * Tags: {@code middleware}, the name of the bean.
	 */
	ACTIVE("async.middleware.active", "Requests that wait for a middleware", "middleware"),

	/**
	 * Gauge: how long the request has been waiting that waits for a middleware longest; 0
	 * if none does.
	 * <p>
	 * Taken along with {@link #ACTIVE}.
	 * <p>
	 * Tags: {@code middleware}, the name of the bean.
	 */
	ACTIVE_OLDEST("async.middleware.active.oldest", "Age of the oldest request that waits for a middleware",
			"middleware");

	private final String meterName;

	private final String description;

	private final List<String> tagKeys;

	AsyncMiddlewareMeters(String meterName, String description, String... tagKeys) {
		this.meterName = meterName;
		this.description = description;
		this.tagKeys = List.of(tagKeys);
	}

	/**
	 * The name of the meter in a registry.
	 * @return the name
	 */
	public String meterName() {
		return this.meterName;
	}

	/**
	 * What the meter measures, as registries show it.
	 * @return a short description
	 */
	public String description() {
		return this.description;
	}

	/**
	 * The keys of the tags that the meter always has.
	 * @return the keys
	 */
	public List<String> tagKeys() {
		return this.tagKeys;
	}

}
