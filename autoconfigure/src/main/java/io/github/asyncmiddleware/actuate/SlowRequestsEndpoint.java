package io.github.asyncmiddleware.actuate;

import java.time.Instant;
import java.util.List;
import java.util.Locale;

import io.github.asyncmiddleware.actuate.SlowestRequests.SlowRequest;
import io.github.asyncmiddleware.internal.record.Waterfall;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.actuate.endpoint.Access;
import org.springframework.boot.actuate.endpoint.OperationResponseBody;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.util.Assert;

/**
 * {@link Endpoint @Endpoint} that shows where the time of the slowest requests went, and
 * of those in which a middleware failed, was out of time or was skipped.
 */
@Endpoint(id = "slowrequests", defaultAccess = Access.READ_ONLY)
public class SlowRequestsEndpoint {

	private final SlowestRequests requests;

	/**
	 * Create an endpoint.
	 * @param requests the requests that are kept
	 */
	public SlowRequestsEndpoint(SlowestRequests requests) {
		Assert.notNull(requests, "'requests' must not be null");
		this.requests = requests;
	}

	/**
	 * Show the slowest requests of the window.
	 * @return the requests
	 */
	@ReadOperation
	public SlowRequestsDescriptor requests() {
		return describe(this.requests.slowest(), this.requests.troubled());
	}

	static SlowRequestsDescriptor describe(List<SlowRequest> slowest, List<SlowRequest> troubled) {
		return new SlowRequestsDescriptor(SlidingWindow.LABEL, describe(slowest), describe(troubled));
	}

	private static List<RequestDescriptor> describe(List<SlowRequest> requests) {
		return requests.stream().map(RequestDescriptor::of).toList();
	}

	private static double milliseconds(long nanoseconds) {
		return nanoseconds / 1_000_000.0;
	}

	private static String lowerCase(Enum<?> constant) {
		return constant.name().toLowerCase(Locale.ROOT);
	}

	/**
	 * Description of the slowest requests.
	 *
	 * @param window how far back the lists reach
	 * @param slowest the slowest requests, slowest first
	 * @param troubled the slowest of those in which a middleware failed, was out of time,
	 * was skipped or broke the rules
	 */
	public record SlowRequestsDescriptor(String window, List<RequestDescriptor> slowest,
			List<RequestDescriptor> troubled) implements OperationResponseBody {

	}

	/**
	 * Description of one request. All times are in milliseconds, to the nanosecond, and
	 * moments are counted from the arrival of the request.
	 *
	 * @param time when it ended
	 * @param method the method
	 * @param uri the pattern of the mapping
	 * @param status the status, if there was a head
	 * @param result how it ended
	 * @param traceId the id of its trace, if it has one that is kept
	 * @param total how long it took until its head, or its end without one
	 * @param head the moment of its head, if there was one
	 * @param app what no middleware spent, if there was a head
	 * @param middlewares the middlewares that were entered, outermost first
	 */
	public record RequestDescriptor(Instant time, String method, String uri, @Nullable Integer status, String result,
			@Nullable String traceId, double total, @Nullable Double head, @Nullable Double app,
			List<StepDescriptor> middlewares) {

		private static RequestDescriptor of(SlowRequest request) {
			Waterfall waterfall = request.waterfall();
			boolean head = waterfall.status() != 0;
			double total = milliseconds(waterfall.total());
			return new RequestDescriptor(request.time(), waterfall.method(), waterfall.uri(),
					head ? waterfall.status() : null, lowerCase(waterfall.result()), request.traceId(), total,
					head ? total : null, head ? milliseconds(waterfall.app()) : null,
					waterfall.steps().stream().map(StepDescriptor::of).toList());
		}

	}

	/**
	 * Description of the part of one middleware in a request.
	 *
	 * @param name the name of the middleware
	 * @param entered the moment of its turn
	 * @param handed the moment it handed over, or had finished in a concurrent group;
	 * absent if it did not
	 * @param own its own time
	 * @param result how its part ended
	 */
	public record StepDescriptor(String name, double entered, @Nullable Double handed, double own, String result) {

		private static StepDescriptor of(Waterfall.Step step) {
			Long handed = step.handed();
			return new StepDescriptor(step.name(), milliseconds(step.entered()),
					(handed != null) ? milliseconds(handed) : null, milliseconds(step.own()), lowerCase(step.result()));
		}

	}

}
