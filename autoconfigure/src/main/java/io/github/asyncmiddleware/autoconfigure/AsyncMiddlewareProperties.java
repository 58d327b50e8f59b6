package io.github.asyncmiddleware.autoconfigure;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

import io.github.asyncmiddleware.OnFailure;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.util.Assert;

/**
 * Configuration properties for asynchronous middleware. A name that is nearly right fails
 * the start: a misspelled override must not be lost.
 */
@ConfigurationProperties(prefix = AsyncMiddlewareProperties.PREFIX, ignoreUnknownFields = false)
public class AsyncMiddlewareProperties {

	static final String PREFIX = "async-middleware";

	static final String MIDDLEWARE = PREFIX + ".middleware";

	/** The shortest time that the watch can tell. */
	private static final Duration SHORTEST = Duration.ofMillis(1);

	/** What can stand in the name of a property without brackets. */
	private static final Pattern PLAIN = Pattern.compile("[\\w-]+");

	/**
	 * Whether middlewares take part in the filter chain at all. If not, nothing is
	 * measured either.
	 */
	private boolean enabled = true;

	/**
	 * Whether middlewares leave out requests to the management endpoints and to the page
	 * of links to them, on the port of the application as well as on one of their own.
	 */
	private boolean skipManagement = false;

	/**
	 * What happens to middlewares that break the rules of a filter.
	 */
	private Misuse misuse = Misuse.FAIL;

	/**
	 * How long a request may wait for one middleware until that is logged, at least 1ms.
	 * Zero for never.
	 */
	private Duration stuckAfter = Duration.ofMinutes(1);

	/**
	 * What clients are told about the time that a response took, in the header
	 * "Server-Timing".
	 */
	private ServerTiming serverTiming = ServerTiming.OFF;

	/**
	 * Secret with which a request can ask for the details of its time, in the header
	 * "Server-Timing-Token". By default no request can.
	 */
	private @Nullable String serverTimingToken;

	/**
	 * Whether filters that are no middlewares are measured like them, under the names of
	 * their beans.
	 */
	private ForeignFilters foreignFilters = ForeignFilters.OFF;

	/**
	 * Whether each middleware, and each foreign filter that is measured, has an
	 * observation in each request, which is a span where tracing is on.
	 */
	private boolean observations = false;

	private final Blocking blocking = new Blocking();

	private final BlockingWatch blockingWatch = new BlockingWatch();

	private final SlowRequests slowRequests = new SlowRequests();

	private final Metrics metrics = new Metrics();

	/**
	 * Overrides of what the annotation says, by the name of the middleware, which is the
	 * name of its bean.
	 */
	private final Map<String, Middleware> middleware = new LinkedHashMap<>();

	/**
	 * What the names of the properties of a middleware begin with.
	 * @param name the name of the middleware
	 * @return the beginning, with the name in brackets where it has to be
	 */
	static String of(String name) {
		return MIDDLEWARE + (PLAIN.matcher(name).matches() ? "." + name : "[" + name + "]");
	}

	public boolean isEnabled() {
		return this.enabled;
	}

	public void setEnabled(boolean enabled) {
		this.enabled = enabled;
	}

	public boolean isSkipManagement() {
		return this.skipManagement;
	}

	public void setSkipManagement(boolean skipManagement) {
		this.skipManagement = skipManagement;
	}

	public Misuse getMisuse() {
		return this.misuse;
	}

	public void setMisuse(Misuse misuse) {
		this.misuse = misuse;
	}

	public Duration getStuckAfter() {
		return this.stuckAfter;
	}

	public void setStuckAfter(Duration stuckAfter) {
		Assert.isTrue(stuckAfter.isZero() || stuckAfter.compareTo(SHORTEST) >= 0,
				"'async-middleware.stuck-after' must be at least a millisecond, or 0 to switch it off");
		this.stuckAfter = stuckAfter;
	}

	public ServerTiming getServerTiming() {
		return this.serverTiming;
	}

	public void setServerTiming(ServerTiming serverTiming) {
		this.serverTiming = serverTiming;
	}

	public @Nullable String getServerTimingToken() {
		return this.serverTimingToken;
	}

	public void setServerTimingToken(@Nullable String serverTimingToken) {
		this.serverTimingToken = serverTimingToken;
	}

	public ForeignFilters getForeignFilters() {
		return this.foreignFilters;
	}

	public void setForeignFilters(ForeignFilters foreignFilters) {
		this.foreignFilters = foreignFilters;
	}

	public boolean isObservations() {
		return this.observations;
	}

	public void setObservations(boolean observations) {
		this.observations = observations;
	}

	public Blocking getBlocking() {
		return this.blocking;
	}

	public BlockingWatch getBlockingWatch() {
		return this.blockingWatch;
	}

	public SlowRequests getSlowRequests() {
		return this.slowRequests;
	}

	public Metrics getMetrics() {
		return this.metrics;
	}

	public Map<String, Middleware> getMiddleware() {
		return this.middleware;
	}

	/**
	 * Requests that take long.
	 */
	public static class SlowRequests {

		/**
		 * How long a request may take until the head of its response, in an application
		 * that has a middleware or measured filters; slower requests are logged. None is
		 * logged by default.
		 */
		private @Nullable Duration logThreshold;

		public @Nullable Duration getLogThreshold() {
			return this.logThreshold;
		}

		public void setLogThreshold(@Nullable Duration logThreshold) {
			Assert.isTrue(logThreshold == null || !logThreshold.isNegative(),
					"'async-middleware.slow-requests.log-threshold' must not be negative");
			this.logThreshold = logThreshold;
		}

	}

	/**
	 * What happens on misuse.
	 */
	public enum Misuse {

		/**
		 * It is kept from taking effect: a request that would get an empty answer fails,
		 * the rest of the chain is not run again, and is waited for.
		 */
		FAIL,

		/**
		 * It takes effect as in any filter, and is logged and counted.
		 */
		WARN,

		/**
		 * It takes effect as in any filter.
		 */
		OFF

	}

	/**
	 * What the header {@code Server-Timing} tells.
	 */
	public enum ServerTiming {

		/**
		 * Nothing: the header is not added.
		 */
		OFF,

		/**
		 * The time to first byte of the first middleware.
		 */
		TOTAL,

		/**
		 * The own time of each middleware and the time of the application as well. It
		 * tells clients about the inside, so it is for development.
		 */
		DETAILED

	}

	/**
	 * What is done about filters that are no middlewares.
	 */
	public enum ForeignFilters {

		/**
		 * Nothing: they run as Spring runs them, and their time is that of the
		 * application.
		 */
		OFF,

		/**
		 * They are measured. What they do stays as it is: they are not judged.
		 */
		MEASURED

	}

	/**
	 * Where and how much middlewares may block.
	 */
	public static class Blocking {

		/**
		 * How many requests may be in blocking methods of middlewares at a time.
		 */
		private int maxConcurrent = 256;

		/**
		 * How many more calls may wait when max-concurrent is reached. Beyond that, the
		 * request fails with status 503 or goes on without the middleware.
		 */
		private int maxQueued = 1024;

		public int getMaxConcurrent() {
			return this.maxConcurrent;
		}

		public void setMaxConcurrent(int maxConcurrent) {
			Assert.isTrue(maxConcurrent > 0, "'async-middleware.blocking.max-concurrent' must be positive");
			this.maxConcurrent = maxConcurrent;
		}

		public int getMaxQueued() {
			return this.maxQueued;
		}

		public void setMaxQueued(int maxQueued) {
			Assert.isTrue(maxQueued >= 0, "'async-middleware.blocking.max-queued' must not be negative");
			this.maxQueued = maxQueued;
		}

	}

	/**
	 * Whether and when to report code that blocks a thread which serves requests.
	 */
	public static class BlockingWatch {

		/**
		 * Whether to log and count code that blocks a thread which serves requests.
		 */
		private boolean enabled = true;

		/**
		 * How long such a thread may be blocked until that is logged and counted.
		 */
		private Duration threshold = Duration.ofMillis(100);

		public boolean isEnabled() {
			return this.enabled;
		}

		public void setEnabled(boolean enabled) {
			this.enabled = enabled;
		}

		public Duration getThreshold() {
			return this.threshold;
		}

		public void setThreshold(Duration threshold) {
			Assert.isTrue(threshold.compareTo(SHORTEST) >= 0,
					"'async-middleware.blocking-watch.threshold' must be positive, use"
							+ " 'async-middleware.blocking-watch.enabled' to turn the watch off");
			this.threshold = threshold;
		}

	}

	/**
	 * What is measured.
	 */
	public static class Metrics {

		/**
		 * Whether to record meters: of middlewares, requests, measured foreign filters
		 * and blocking calls.
		 */
		private boolean enabled = true;

		private final MetricsClock clock = new MetricsClock();

		public boolean isEnabled() {
			return this.enabled;
		}

		public void setEnabled(boolean enabled) {
			this.enabled = enabled;
		}

		public MetricsClock getClock() {
			return this.clock;
		}

	}

	/**
	 * The clock of the meter registries.
	 */
	public static class MetricsClock {

		/**
		 * Whether all meter registries have a clock that is read once for many samples.
		 * Not if the application has a Clock bean.
		 */
		private boolean enabled = true;

		public boolean isEnabled() {
			return this.enabled;
		}

		public void setEnabled(boolean enabled) {
			this.enabled = enabled;
		}

	}

	/**
	 * Overrides for one middleware. What is not set stays as the annotation says.
	 */
	public static class Middleware {

		/**
		 * Whether the middleware takes part in the filter chain.
		 */
		private boolean enabled = true;

		/**
		 * Position among all filters, lowest first.
		 */
		private @Nullable Integer order;

		/**
		 * Names of the classes of filters that it has to precede.
		 */
		private @Nullable List<String> before;

		/**
		 * Names of the classes of filters that it has to follow.
		 */
		private @Nullable List<String> after;

		/**
		 * Path patterns that it runs for. Empty for all paths.
		 */
		private @Nullable List<String> path;

		/**
		 * Path patterns that it does not run for. Empty for none.
		 */
		private @Nullable List<String> excludePath;

		/**
		 * HTTP methods that it runs for. Empty for all methods.
		 */
		private @Nullable List<String> method;

		/**
		 * Whether the middleware may be at work at the same time as its concurrent
		 * neighbours.
		 */
		private @Nullable Boolean concurrent;

		/**
		 * How many requests may be in a blocking method of the middleware at a time.
		 */
		private @Nullable Integer maxConcurrent;

		/**
		 * Limit of the own time of the middleware in one request, such as 200ms. Empty
		 * for no limit.
		 */
		private @Nullable String timeout;

		/**
		 * What happens to a request when the middleware fails before it has handed over.
		 */
		private @Nullable OnFailure onFailure;

		public boolean isEnabled() {
			return this.enabled;
		}

		public void setEnabled(boolean enabled) {
			this.enabled = enabled;
		}

		public @Nullable Integer getOrder() {
			return this.order;
		}

		public void setOrder(@Nullable Integer order) {
			this.order = order;
		}

		public @Nullable List<String> getBefore() {
			return this.before;
		}

		public void setBefore(@Nullable List<String> before) {
			this.before = before;
		}

		public @Nullable List<String> getAfter() {
			return this.after;
		}

		public void setAfter(@Nullable List<String> after) {
			this.after = after;
		}

		public @Nullable List<String> getPath() {
			return this.path;
		}

		public void setPath(@Nullable List<String> path) {
			this.path = path;
		}

		public @Nullable List<String> getExcludePath() {
			return this.excludePath;
		}

		public void setExcludePath(@Nullable List<String> excludePath) {
			this.excludePath = excludePath;
		}

		public @Nullable List<String> getMethod() {
			return this.method;
		}

		public void setMethod(@Nullable List<String> method) {
			this.method = method;
		}

		public @Nullable Boolean getConcurrent() {
			return this.concurrent;
		}

		public void setConcurrent(@Nullable Boolean concurrent) {
			this.concurrent = concurrent;
		}

		public @Nullable Integer getMaxConcurrent() {
			return this.maxConcurrent;
		}

		public void setMaxConcurrent(@Nullable Integer maxConcurrent) {
			this.maxConcurrent = maxConcurrent;
		}

		public @Nullable String getTimeout() {
			return this.timeout;
		}

		public void setTimeout(@Nullable String timeout) {
			this.timeout = timeout;
		}

		public @Nullable OnFailure getOnFailure() {
			return this.onFailure;
		}

		public void setOnFailure(@Nullable OnFailure onFailure) {
			this.onFailure = onFailure;
		}

	}

}
