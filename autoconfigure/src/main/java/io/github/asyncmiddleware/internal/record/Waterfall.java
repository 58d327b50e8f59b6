package io.github.asyncmiddleware.internal.record;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

import org.jspecify.annotations.Nullable;

import org.springframework.http.HttpMethod;

/**
 * Where the time of one request went, copied when it has ended. Has nothing in it that a
 * client has sent: no path, no query, no header.
 *
 * @param method the method, {@code UNKNOWN} for one that is not of HTTP
 * @param uri the pattern of the mapping, see {@link RequestUri}
 * @param status the status of the head, or 0 without one
 * @param result how the request ended
 * @param total nanoseconds from its arrival to its head, or to its end without one
 * @param app nanoseconds that no middleware spent, or 0 without a head
 * @param steps the middlewares that were entered, outermost first
 */
public record Waterfall(String method, String uri, int status, RequestResult result, long total, long app,
		List<Step> steps) {

	private static final List<HttpMethod> METHODS = List.of(HttpMethod.values());

	/**
	 * Copy what is known of a request.
	 * @param request the request, which has ended
	 * @param result how it ended
	 * @return the copy
	 */
	public static Waterfall of(RequestRecord request, RequestResult result) {
		List<Step> steps = new ArrayList<>();
		for (StepRecord step = request.last(); step != null; step = step.previous()) {
			long entered = Math.max(step.entered() - request.arrived(), 0);
			long handedAfter = step.handedAfter();
			steps.add(new Step(step.middleware().name(), entered, (handedAfter != 0) ? entered + handedAfter : null,
					step.own(), step.result()));
		}
		Collections.reverse(steps);
		HttpMethod method = request.request().getMethod();
		return new Waterfall(METHODS.contains(method) ? method.name() : "UNKNOWN",
				RequestUri.of(request.exchange(), request.status()), request.status(), result, request.total(),
				request.hasHead() ? appOf(request) : 0, List.copyOf(steps));
	}

	/**
	 * What no middleware has spent of the request, also where it has no head.
	 * @return nanoseconds from the first middleware, or from the arrival where there is
	 * none, to the head or the end
	 */
	public long rest() {
		if (this.status != 0) {
			return this.app;
		}
		long own = this.steps.stream().mapToLong(Step::own).sum();
		long entered = this.steps.isEmpty() ? 0 : this.steps.get(0).entered();
		return Math.max(this.total - entered - own, 0);
	}

	/**
	 * The application's time begins with the first middleware, if there is one.
	 */
	private static long appOf(RequestRecord request) {
		return (request.last() != null) ? request.app() : request.total();
	}

	/**
	 * The part of one middleware.
	 *
	 * @param name the name of the middleware
	 * @param entered nanoseconds from the arrival of the request to its turn
	 * @param handed nanoseconds from the arrival to its handover, or {@code null} if it
	 * did not hand over
	 * @param own its own time in nanoseconds
	 * @param result how its part ended
	 */
	public record Step(String name, long entered, @Nullable Long handed, long own, MiddlewareResult result) {

	}

}
