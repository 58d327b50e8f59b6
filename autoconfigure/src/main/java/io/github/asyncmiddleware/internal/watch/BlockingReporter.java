package io.github.asyncmiddleware.internal.watch;

import java.util.List;
import java.util.regex.Pattern;

import io.github.asyncmiddleware.internal.chain.Middleware;
import io.github.asyncmiddleware.internal.chain.RunsOn;
import io.github.asyncmiddleware.internal.chain.Style;
import io.github.asyncmiddleware.internal.guard.Documentation;
import io.github.asyncmiddleware.internal.guard.GuardLog;
import io.github.asyncmiddleware.internal.guard.LogNames;
import io.github.asyncmiddleware.internal.guard.LogPauses;
import io.github.asyncmiddleware.internal.record.Ticker;
import io.github.asyncmiddleware.internal.sample.RequestListener;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * Names the code that blocks a thread which serves requests: in the log while it goes on,
 * with its stack, at most once a minute for each middleware; and to the listeners, each
 * time, when it is over, and once a minute as long as it is not.
 */
final class BlockingReporter {

	private static final Log logger = LogFactory.getLog(LogNames.BLOCKING);

	private static final GuardLog guardLogger = new GuardLog(LogNames.BLOCKING);

	private static final int MAX_FRAMES = 20;

	private static final int MAX_NAME = 100;

	private static final Pattern CONTROL = Pattern.compile("\\p{Cntrl}");

	private final List<RequestListener> listeners;

	private final LogPauses<Subject> pauses;

	private boolean listenerFailed;

	/**
	 * Create a reporter.
	 * @param listeners the listeners
	 * @param ticker the clock
	 */
	BlockingReporter(List<RequestListener> listeners, Ticker ticker) {
		this.listeners = List.copyOf(listeners);
		this.pauses = new LogPauses<>(ticker);
	}

	/**
	 * A thread is blocked.
	 * @param middleware the middleware, or {@code null} for the rest of the application
	 * @param thread the name of the thread
	 * @param nanoseconds for how long already
	 * @param stack where the thread is; empty if that is not known
	 * @param place where the code of the middleware is on the stack, or -1
	 */
	void blocks(@Nullable Middleware middleware, String thread, long nanoseconds, StackTraceElement[] stack,
			int place) {
		long unreported = this.pauses.tryEnd(new Subject((middleware != null) ? middleware.name() : null));
		if (unreported > 0) {
			guardLogger.warn("blocked_event_loop", middleware,
					((middleware != null) ? "The " + middleware
							: "The rest of the application, a handler or a filter that is no middleware,")
							+ " has been blocking the thread " + name(thread)
							+ ", which serves other requests too, for " + nanoseconds / 1_000_000 + " ms"
							+ LogPauses.times(unreported) + ". " + advice(middleware)
							+ Documentation.see("blocking", "blocked_event_loop") + describe(stack, place),
					null);
		}
		if (logger.isDebugEnabled()) {
			logger.debug("The whole stack of " + name(thread) + frames(stack, 0, stack.length));
		}
	}

	private static String advice(@Nullable Middleware middleware) {
		if (middleware == null || middleware.isForeign()) {
			return "Wait without blocking, or move the code to a thread that may block: publishOn(Schedulers.boundedElastic()).";
		}
		if (middleware.code().style() == Style.HOOKS && middleware.code().runsOn() == RunsOn.EVENT_LOOP) {
			return "Return an asynchronous type and wait without blocking, or set blocking = true on the method.";
		}
		return "Wait without blocking, or move the code to a hook with blocking = true.";
	}

	/**
	 * The topmost frames, down to the code of the middleware. What called that does not
	 * matter.
	 */
	private static String describe(StackTraceElement[] stack, int place) {
		if (place < 0) {
			return frames(stack, 0, Math.min(stack.length, MAX_FRAMES));
		}
		if (place < MAX_FRAMES) {
			return frames(stack, 0, place + 1);
		}
		return frames(stack, 0, MAX_FRAMES - 1) + "\n\t... " + (place - MAX_FRAMES + 1) + " more"
				+ frames(stack, place, place + 1);
	}

	private static String frames(StackTraceElement[] stack, int from, int to) {
		StringBuilder text = new StringBuilder();
		for (int i = from; i < to; i++) {
			text.append("\n\tat ").append(frame(stack[i]));
		}
		return text.toString();
	}

	/**
	 * As in the stack trace of an exception, without modules and class loaders.
	 */
	private static String frame(StackTraceElement frame) {
		String place = (frame.getFileName() != null) ? frame.getFileName() + ":" + frame.getLineNumber()
				: "Unknown Source";
		return frame.getClassName() + "." + frame.getMethodName() + "("
				+ (frame.isNativeMethod() ? "Native Method" : place) + ")";
	}

	/**
	 * Some servers put into the name what a client has sent.
	 */
	private static String name(String thread) {
		String name = CONTROL.matcher(thread).replaceAll("?");
		return (name.length() > MAX_NAME) ? name.substring(0, MAX_NAME) + "..." : name;
	}

	/**
	 * A thread was blocked: it is free again, or has been blocked for a further minute.
	 * @param middleware the middleware that has blocked it
	 * @param nanoseconds for how long, without what was reported before
	 * @param further whether it is a further part of what was reported before
	 */
	void hasBlocked(@Nullable Middleware middleware, long nanoseconds, boolean further) {
		for (RequestListener listener : this.listeners) {
			try {
				if (further) {
					listener.onBlockedFurther(middleware, nanoseconds);
				}
				else {
					listener.onBlocked(middleware, nanoseconds);
				}
			}
			catch (Throwable ex) {
				failed(listener, ex);
			}
		}
	}

	private void failed(RequestListener listener, Throwable ex) {
		if (!this.listenerFailed) {
			this.listenerFailed = true;
			logger.warn("Listener " + listener.getClass().getName()
					+ " failed to take note of a blocked thread. Further failures are not logged", ex);
		}
	}

	/**
	 * The subjects that are reported once a minute.
	 *
	 * @param middleware the name of the middleware, or {@code null} for the rest of the
	 * application
	 */
	private record Subject(@Nullable String middleware) {

	}

}
