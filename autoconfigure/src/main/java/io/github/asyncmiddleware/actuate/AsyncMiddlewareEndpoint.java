package io.github.asyncmiddleware.actuate;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;

import io.github.asyncmiddleware.actuate.SampleStore.MiddlewareTiming;
import io.github.asyncmiddleware.actuate.SampleStore.Timing;
import io.github.asyncmiddleware.internal.chain.ChainEntry;
import io.github.asyncmiddleware.internal.chain.DisabledMiddleware;
import io.github.asyncmiddleware.internal.chain.Middleware;
import io.github.asyncmiddleware.internal.chain.MiddlewareCode;
import io.github.asyncmiddleware.internal.chain.MiddlewareScope;
import io.github.asyncmiddleware.internal.chain.Misuse;
import io.github.asyncmiddleware.internal.record.MiddlewareResult;
import org.jspecify.annotations.Nullable;

import org.springframework.aot.hint.annotation.RegisterReflectionForBinding;
import org.springframework.boot.actuate.endpoint.Access;
import org.springframework.boot.actuate.endpoint.OperationResponseBody;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.boot.actuate.endpoint.annotation.Selector;
import org.springframework.http.HttpMethod;
import org.springframework.util.Assert;
import org.springframework.web.util.pattern.PathPattern;

/**
 * {@link Endpoint @Endpoint} that shows the chain of filters in its order, and what each
 * middleware costs.
 */
@Endpoint(id = "asyncmiddleware", defaultAccess = Access.READ_ONLY)
@RegisterReflectionForBinding({ AsyncMiddlewareEndpoint.MiddlewareDescriptor.class,
		AsyncMiddlewareEndpoint.ForeignFilterDescriptor.class })
public class AsyncMiddlewareEndpoint {

	private final Supplier<List<ChainEntry>> chain;

	private final MiddlewareStatistics statistics;

	/**
	 * Create an endpoint.
	 * @param chain supplies the chain of the application, outermost first
	 * @param statistics what was measured
	 */
	public AsyncMiddlewareEndpoint(Supplier<List<ChainEntry>> chain, MiddlewareStatistics statistics) {
		Assert.notNull(chain, "'chain' must not be null");
		Assert.notNull(statistics, "'statistics' must not be null");
		this.chain = chain;
		this.statistics = statistics;
	}

	/**
	 * Show the whole chain.
	 * @param method the method of a request to explain; {@code GET} if only a path is
	 * given
	 * @param path the path of a request to explain, within the application; if it is
	 * given, every middleware says whether it applies
	 * @return the chain
	 */
	@ReadOperation
	public ChainDescriptor chain(@Nullable String method, @Nullable String path) {
		RequestLine request = RequestLine.of(method, path);
		MiddlewareStatistics.Reading reading = this.statistics.read();
		return new ChainDescriptor(SlidingWindow.LABEL, TimingDescriptor.of(reading.app()),
				this.chain.get().stream().map((entry) -> describe(entry, reading, request)).toList());
	}

	/**
	 * Show one entry of the chain.
	 * @param name its name
	 * @return the entry, or {@code null} if there is none of this name
	 */
	@ReadOperation
	public @Nullable EntryDescriptor entry(@Selector String name) {
		for (ChainEntry entry : this.chain.get()) {
			if (entry.name().equals(name)) {
				return describe(entry, this.statistics.read(), null);
			}
		}
		return null;
	}

	private static EntryDescriptor describe(ChainEntry entry, MiddlewareStatistics.Reading reading,
			@Nullable RequestLine request) {
		if (entry instanceof Middleware middleware) {
			return describe(middleware, reading, request);
		}
		if (entry instanceof DisabledMiddleware disabled) {
			return describe(disabled, request);
		}
		return describeForeign(entry, reading);
	}

	private static ForeignFilterDescriptor describeForeign(ChainEntry entry, MiddlewareStatistics.Reading reading) {
		Middleware measured = entry.measured();
		if (measured == null) {
			return new ForeignFilterDescriptor(entry.name(), entry.type().getName(), entry.order(), true, null, null,
					null, null);
		}
		MiddlewareTiming timing = reading.middleware(measured.index());
		return new ForeignFilterDescriptor(entry.name(), entry.type().getName(), entry.order(), true,
				TimingDescriptor.of(timing.ttfb()), TimingDescriptor.of(timing.own()),
				counts(MiddlewareResult.values(), timing.results()), timing.blocked());
	}

	/**
	 * Has no numbers, but the fields for them, so that a reader of rows needs no case for
	 * it.
	 */
	private static MiddlewareDescriptor describe(DisabledMiddleware disabled, @Nullable RequestLine request) {
		return new MiddlewareDescriptor(disabled.name(), disabled.type().getName(), lowerCase(disabled.style()),
				disabled.order(), false, ScopeDescriptor.of(disabled.scope()), disabled.concurrent(), null,
				describe(disabled.timeout()), lowerCase(disabled.onFailure()), false, TimingDescriptor.NONE,
				TimingDescriptor.NONE, Map.of(), Map.of(), 0, (request != null) ? Boolean.FALSE : null,
				(request != null) ? "middleware is disabled" : null);
	}

	private static MiddlewareDescriptor describe(Middleware middleware, MiddlewareStatistics.Reading reading,
			@Nullable RequestLine request) {
		MiddlewareTiming timing = reading.middleware(middleware.index());
		String reason = (request != null) ? request.reasonToSkip(middleware) : null;
		MiddlewareCode code = middleware.code();
		return new MiddlewareDescriptor(middleware.name(), middleware.type().getName(), lowerCase(code.style()),
				middleware.order(), false, ScopeDescriptor.of(middleware.scope()), code.concurrent() != null,
				code.runsOn().label(), describe(middleware.timeout()), lowerCase(middleware.onFailure()), true,
				TimingDescriptor.of(timing.ttfb()), TimingDescriptor.of(timing.own()),
				counts(MiddlewareResult.values(), timing.results()), counts(Misuse.values(), timing.misuse()),
				timing.blocked(), (request != null) ? (reason == null) : null, reason);
	}

	/**
	 * In a form that can be configured.
	 */
	private static @Nullable String describe(@Nullable Duration timeout) {
		if (timeout == null) {
			return null;
		}
		boolean fraction = timeout.toNanosPart() % 1_000_000 != 0;
		return fraction ? timeout.toNanos() + "ns" : timeout.toMillis() + "ms";
	}

	private static Map<String, Long> counts(Enum<?>[] kinds, long[] counts) {
		Map<String, Long> named = new LinkedHashMap<>();
		for (Enum<?> kind : kinds) {
			if (counts[kind.ordinal()] != 0) {
				named.put(lowerCase(kind), counts[kind.ordinal()]);
			}
		}
		return named;
	}

	private static String lowerCase(Enum<?> constant) {
		return constant.name().toLowerCase(Locale.ROOT);
	}

	/**
	 * Description of the whole chain.
	 *
	 * @param window how far back quantiles reach
	 * @param app the time to first byte that no middleware spends
	 * @param middlewares all filters, outermost first
	 */
	public record ChainDescriptor(String window, TimingDescriptor app,
			List<EntryDescriptor> middlewares) implements OperationResponseBody {

	}

	/**
	 * Description of one filter in the chain.
	 */
	public sealed interface EntryDescriptor extends OperationResponseBody
			permits MiddlewareDescriptor, ForeignFilterDescriptor {

	}

	/**
	 * Description of a middleware.
	 *
	 * @param name the name of its bean
	 * @param type its class
	 * @param style how it is written
	 * @param order its position among all filters
	 * @param foreign always {@code false}
	 * @param scope the requests it runs for
	 * @param concurrent whether it may be at work at the same time as its neighbours
	 * @param runsOn where it runs: {@code event-loop}, {@code virtual-thread} or
	 * {@code pool}; absent if it is disabled
	 * @param timeout how much time it has for itself, if that is limited
	 * @param onFailure what happens to a request when it fails: {@code fail} or
	 * {@code skip}
	 * @param enabled whether it takes part; what is disabled stands where it would run
	 * @param ttfb its time to first byte
	 * @param own its own time
	 * @param results how often its part ended how, since start
	 * @param misuse how often it broke the rules how, since start
	 * @param blocked how often it blocked a thread that serves requests, since start
	 * @param applies whether it runs for the request in question, if there is one
	 * @param reason why it does not
	 */
	public record MiddlewareDescriptor(String name, String type, String style, int order, boolean foreign,
			ScopeDescriptor scope, boolean concurrent, @Nullable String runsOn, @Nullable String timeout,
			String onFailure, boolean enabled, TimingDescriptor ttfb, TimingDescriptor own, Map<String, Long> results,
			Map<String, Long> misuse, long blocked, @Nullable Boolean applies,
			@Nullable String reason) implements EntryDescriptor {

	}

	/**
	 * Description of a filter that is not a middleware. What is measured is absent where
	 * such filters are not.
	 *
	 * @param name the name of its bean, or its class
	 * @param type its class
	 * @param order its position among all filters
	 * @param foreign always {@code true}
	 * @param ttfb its time to first byte
	 * @param own its own time
	 * @param results how often its part ended how, since start
	 * @param blocked how often it blocked a thread that serves requests, since start
	 */
	public record ForeignFilterDescriptor(String name, String type, int order, boolean foreign,
			@Nullable TimingDescriptor ttfb, @Nullable TimingDescriptor own, @Nullable Map<String, Long> results,
			@Nullable Long blocked) implements EntryDescriptor {

	}

	/**
	 * Description of the requests a middleware runs for.
	 *
	 * @param path patterns of which one has to match; none for all
	 * @param excludePath patterns of which none may match
	 * @param method the methods; none for all
	 */
	public record ScopeDescriptor(List<String> path, List<String> excludePath, List<String> method) {

		private static ScopeDescriptor of(MiddlewareScope scope) {
			return new ScopeDescriptor(patterns(scope.path()), patterns(scope.excludePath()),
					scope.methods().stream().map(HttpMethod::name).sorted().toList());
		}

		private static List<String> patterns(List<PathPattern> patterns) {
			return patterns.stream().map(PathPattern::getPatternString).toList();
		}

	}

	/**
	 * Description of durations, in milliseconds. What the window has no durations for is
	 * absent.
	 *
	 * @param count how many there were since start
	 * @param mean the mean over the window
	 * @param p50 what half of those in the window do not exceed
	 * @param p95 what 95 percent of them do not exceed
	 * @param p99 what 99 percent of them do not exceed
	 * @param max the longest in the window
	 */
	public record TimingDescriptor(long count, @Nullable Double mean, @Nullable Double p50, @Nullable Double p95,
			@Nullable Double p99, @Nullable Double max) {

		private static final TimingDescriptor NONE = new TimingDescriptor(0, null, null, null, null, null);

		private static TimingDescriptor of(Timing timing) {
			DurationHistogram window = timing.window();
			if (window.isEmpty()) {
				return new TimingDescriptor(timing.count(), null, null, null, null, null);
			}
			return new TimingDescriptor(timing.count(), milliseconds(window.mean()), milliseconds(window.quantile(0.5)),
					milliseconds(window.quantile(0.95)), milliseconds(window.quantile(0.99)),
					milliseconds(window.max()));
		}

		private static double milliseconds(long nanoseconds) {
			return Math.round(nanoseconds / 1000.0) / 1000.0;
		}

	}

}
