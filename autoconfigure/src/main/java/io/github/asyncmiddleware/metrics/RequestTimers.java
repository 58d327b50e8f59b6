package io.github.asyncmiddleware.metrics;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

import io.github.asyncmiddleware.internal.record.Outcome;
import io.github.asyncmiddleware.internal.record.RequestUri;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.http.HttpMethod;
import org.springframework.web.server.ServerWebExchange;

/**
 * The timers of {@link AsyncMiddlewareMeters#REQUEST_TTFB}, found without building tags.
 * Their number is limited.
 */
final class RequestTimers {

	static final int LIMIT = 1000;

	private static final Log logger = LogFactory.getLog(RequestTimers.class);

	private static final List<HttpMethod> METHODS = List.of(HttpMethod.values());

	private static final String UNKNOWN = "UNKNOWN";

	private final GuardedRegistry registry;

	private final Map<String, Entry> entries = new ConcurrentHashMap<>();

	private final MeterSlots<Timer> others;

	/** The number of entries. Written under the lock of this object. */
	private volatile int size;

	RequestTimers(GuardedRegistry registry) {
		this.registry = registry;
		this.others = new MeterSlots<>(Outcome.values().length, this::registerOther);
	}

	/**
	 * The timer for a response.
	 * @param method the method of the request
	 * @param exchange the exchange, or {@code null} if there is none
	 * @param status the status of the head
	 * @return its timer, or the common one for all that are too many
	 */
	Timer get(HttpMethod method, @Nullable ServerWebExchange exchange, int status) {
		String uri = RequestUri.of(exchange, status);
		int knownMethod = METHODS.indexOf(method);
		Timer timer = find(uri, knownMethod, status);
		return (timer != null) ? timer : register(uri, knownMethod, status);
	}

	private @Nullable Timer find(String uri, int method, int status) {
		Entry entry = this.entries.get(uri);
		while (entry != null && (entry.method != method || entry.status != status)) {
			entry = entry.next;
		}
		return (entry != null) ? entry.timer : null;
	}

	private Timer register(String uri, int method, int status) {
		return (this.size < LIMIT) ? registerWithinLimit(uri, method, status) : other(status);
	}

	private synchronized Timer registerWithinLimit(String uri, int method, int status) {
		Timer timer = find(uri, method, status);
		if (timer != null) {
			return timer;
		}
		if (this.size == LIMIT) {
			return other(status);
		}
		timer = this.registry.timer(AsyncMiddlewareMeters.REQUEST_TTFB,
				Tags.of("method", (method >= 0) ? METHODS.get(method).name() : UNKNOWN, "uri", uri, "status",
						Integer.toString(status), "outcome", Outcome.of(status).name()));
		this.entries.put(uri, new Entry(method, status, timer, this.entries.get(uri)));
		this.size++;
		if (this.size == LIMIT) {
			logger.warn("'" + AsyncMiddlewareMeters.REQUEST_TTFB.meterName() + "' has " + LIMIT
					+ " combinations of tags. Further ones are recorded with the uri 'OTHER'");
		}
		return timer;
	}

	private Timer other(int status) {
		return this.others.get(Outcome.of(status).ordinal());
	}

	private Timer registerOther(int outcome) {
		return this.registry.timer(AsyncMiddlewareMeters.REQUEST_TTFB, Tags.of("method", UNKNOWN, "uri", "OTHER",
				"status", UNKNOWN, "outcome", Outcome.values()[outcome].name()));
	}

	/**
	 * One combination of method and status among those of a uri, of which there are few.
	 *
	 * @param method the index of the method, or -1 for one that is not known
	 * @param status the status
	 * @param timer the timer
	 * @param next another combination, or {@code null}
	 */
	private record Entry(int method, int status, Timer timer, @Nullable Entry next) {

	}

}
