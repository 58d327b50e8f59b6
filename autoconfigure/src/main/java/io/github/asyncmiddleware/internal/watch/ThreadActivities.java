package io.github.asyncmiddleware.internal.watch;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

import org.jspecify.annotations.Nullable;
import reactor.core.scheduler.NonBlocking;

/**
 * The threads that run the requests of one application, and what each of them is doing.
 * <p>
 * A thread is watched once it has begun a request, whatever server it belongs to; a
 * thread that must not block, by Reactor's account, also once it goes on with one. Never
 * watched are virtual threads, and other threads that merely go on with a request, such
 * as those that are there to be blocked.
 */
public final class ThreadActivities {

	/**
	 * Watches nothing.
	 */
	public static final ThreadActivities NONE = new ThreadActivities(false);

	/**
	 * Those of all applications of this process, which can share threads. Guarded by
	 * itself.
	 */
	private static final Set<ThreadActivities> ALL = Collections.newSetFromMap(new WeakHashMap<>());

	/** Which is not known before Java 21; then there are none either. */
	private static final @Nullable MethodHandle IS_VIRTUAL = isVirtual();

	private final boolean enabled;

	/** Not static: what a thread keeps goes away with the application. */
	private final ThreadLocal<ThreadActivity> current = new ThreadLocal<>();

	private final List<ThreadActivity> watched = new CopyOnWriteArrayList<>();

	/**
	 * The same. A thread finds its own on its first visit, if another thread has made it.
	 */
	private final Map<Thread, ThreadActivity> byThread = new ConcurrentHashMap<>();

	/** For requests that virtual threads have begun, which are not kept by thread. */
	private final InFlightRequests others = new InFlightRequests();

	private final ThreadActivity virtual = new ThreadActivity(null, this.others);

	private volatile boolean closed;

	/** The watch, to be woken when there is something to see. */
	private volatile @Nullable Thread sleeper;

	/**
	 * Create activities of no threads yet.
	 */
	public ThreadActivities() {
		this(true);
		synchronized (ALL) {
			ALL.add(this);
		}
	}

	private ThreadActivities(boolean enabled) {
		this.enabled = enabled;
	}

	private static @Nullable MethodHandle isVirtual() {
		try {
			return MethodHandles.publicLookup()
				.findVirtual(Thread.class, "isVirtual", MethodType.methodType(boolean.class));
		}
		catch (ReflectiveOperationException ex) {
			return null;
		}
	}

	private static boolean isVirtual(Thread thread) {
		if (IS_VIRTUAL == null) {
			return false;
		}
		try {
			return (boolean) IS_VIRTUAL.invokeExact(thread);
		}
		catch (Throwable ex) {
			throw new IllegalStateException(ex);
		}
	}

	/**
	 * The activity of the current thread, which begins a request.
	 * @return what the thread is doing
	 */
	public ThreadActivity beginning() {
		if (!this.enabled || this.closed) {
			return ThreadActivity.UNWATCHED;
		}
		if (this.sleeper != null) {
			LockSupport.unpark(this.sleeper);
		}
		Thread thread = Thread.currentThread();
		if (isVirtual(thread)) {
			return this.virtual;
		}
		ThreadActivity activity = this.current.get();
		return (activity != null && activity != ThreadActivity.UNWATCHED) ? activity : watch(thread);
	}

	/**
	 * The activity of the current thread, which goes on with a request.
	 * @return what the thread is doing
	 */
	public ThreadActivity current() {
		if (!this.enabled) {
			return ThreadActivity.UNWATCHED;
		}
		Thread thread = Thread.currentThread();
		if (isVirtual(thread)) {
			return ThreadActivity.UNWATCHED;
		}
		ThreadActivity activity = this.current.get();
		return (activity != null) ? activity : first(thread);
	}

	private ThreadActivity first(Thread thread) {
		if (this.closed) {
			return ThreadActivity.UNWATCHED;
		}
		if (thread instanceof NonBlocking) {
			return watch(thread);
		}
		this.current.set(ThreadActivity.UNWATCHED);
		return ThreadActivity.UNWATCHED;
	}

	private ThreadActivity watch(Thread thread) {
		ThreadActivity activity = this.byThread.computeIfAbsent(thread, this::create);
		this.current.set(activity);
		return activity;
	}

	private ThreadActivity create(Thread thread) {
		ThreadActivity activity = new ThreadActivity(thread, new InFlightRequests());
		this.watched.add(activity);
		if (this.closed) {
			activity.close();
			this.watched.remove(activity);
		}
		return activity;
	}

	/**
	 * Watch a thread that must not block, by Reactor's account, before it has come by.
	 * @param thread any thread; others are ignored
	 */
	public void add(Thread thread) {
		if (this.enabled && !this.closed && thread instanceof NonBlocking) {
			this.byThread.computeIfAbsent(thread, this::create);
		}
	}

	/**
	 * The activities of the threads that are watched. Those that have ended are in it
	 * until {@link #forget} is called.
	 * @return a list that can be read while threads are added
	 */
	public List<ThreadActivity> watched() {
		return this.watched;
	}

	/**
	 * Do not watch a thread any longer that has ended. Its requests stay known.
	 * @param activity the activity of the thread
	 */
	public void forget(ThreadActivity activity) {
		if (activity.hasNothingInFlight()) {
			this.byThread.remove(activity.thread());
			this.watched.remove(activity);
		}
	}

	/**
	 * Do not watch threads any longer that have ended.
	 */
	void forgetEnded() {
		for (ThreadActivity activity : this.watched) {
			if (activity.thread().getState() == Thread.State.TERMINATED) {
				forget(activity);
			}
		}
	}

	/**
	 * Look at all requests that go on without the thread that has begun them.
	 * @param action what to do with each; holds a lock and must not take long
	 */
	void forEachInFlight(Consumer<InFlightRequests.Entry> action) {
		this.others.forEach(action);
		for (ThreadActivity activity : this.watched) {
			activity.forEachInFlight(action);
		}
	}

	/**
	 * Whether there are no such requests.
	 * @return {@code true} if there are none
	 */
	public boolean hasNothingInFlight() {
		for (ThreadActivity activity : this.watched) {
			if (!activity.hasNothingInFlight()) {
				return false;
			}
		}
		return this.others.isEmpty();
	}

	/**
	 * Whether a thread is inside a request of another application.
	 * @param thread the thread
	 * @return {@code true} if another one knows of a request that the thread is inside of
	 */
	boolean isElsewhere(Thread thread) {
		synchronized (ALL) {
			return ALL.stream().anyMatch((other) -> other != this && other.isInRequest(thread));
		}
	}

	private boolean isInRequest(Thread thread) {
		ThreadActivity activity = this.byThread.get(thread);
		return activity != null && activity.request() != null;
	}

	/**
	 * Have a thread woken when the next request begins.
	 * @param sleeper the thread, which is about to park for a while, or {@code null} if
	 * it is awake again
	 */
	public void wake(@Nullable Thread sleeper) {
		this.sleeper = sleeper;
	}

	/**
	 * Watch nothing from now on, and forget everything.
	 */
	public void close() {
		this.closed = true;
		synchronized (ALL) {
			ALL.remove(this);
		}
		this.others.close();
		this.watched.forEach(ThreadActivity::close);
		this.watched.clear();
		this.byThread.clear();
	}

}
