package io.github.asyncmiddleware.internal.sample;

import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

import io.github.asyncmiddleware.internal.record.Outcome;
import io.github.asyncmiddleware.internal.record.RequestRecord;
import io.github.asyncmiddleware.internal.record.StepRecord;
import org.jspecify.annotations.Nullable;

/**
 * The samples of requests on their way to the listeners.
 * <p>
 * A request only notes its samples, in the buffer that its thread usually has for itself:
 * one lock, or for a stream one for the head and one for the end, however many
 * middlewares there are. To count a sample means to touch a handful of places in memory
 * for each timer; done for one request at a time, they have left the caches when the next
 * one comes. So on a busy thread samples wait for a millisecond or until the buffer is
 * full, and if no further request comes, until a {@link SampleFetcher} fetches them.
 */
public final class SampleBuffers {

	private static final int MAX_BUFFERS = 64;

	/** A thread that counts samples less often than that does so with each request. */
	private static final long BUSY = TimeUnit.MILLISECONDS.toNanos(1);

	/** How long samples wait if nothing else happens. */
	static final long PATIENCE = TimeUnit.MILLISECONDS.toNanos(20);

	/** No samples wait. */
	static final long NOTHING = Long.MAX_VALUE;

	/** How often a request looks for a buffer that no other thread has. */
	private static final int ATTEMPTS = 20;

	private static final long PAUSE = TimeUnit.MICROSECONDS.toNanos(100);

	/**
	 * How many pauses a reader waits, which is a second or more. Counted, since a process
	 * that was stopped has lost time in which no thread has gone on.
	 */
	private static final int LONGEST_WAIT = 10_000;

	private final SampleBuffer[] buffers;

	/** When a buffer was emptied that nothing waits in. */
	private final long longAgo;

	private final RequestObserver observer;

	private final SampleFetcher fetcher;

	private volatile boolean closed;

	/**
	 * Create buffers.
	 * @param observer the observer that passes samples on
	 * @param processors how many threads are at work at a time
	 */
	SampleBuffers(RequestObserver observer, int processors) {
		this(observer, processors, SampleFetcher::daemon);
	}

	/**
	 * Create buffers.
	 * @param observer the observer that passes samples on
	 * @param processors how many threads are at work at a time
	 * @param threads makes the thread that fetches samples
	 */
	SampleBuffers(RequestObserver observer, int processors, ThreadFactory threads) {
		this.observer = observer;
		this.fetcher = new SampleFetcher(this, observer, threads);
		this.buffers = new SampleBuffer[Math.min(processors, MAX_BUFFERS)];
		this.longAgo = observer.ticker().read() - BUSY;
		for (int i = 0; i < this.buffers.length; i++) {
			this.buffers[i] = newBuffer();
		}
	}

	/**
	 * Note the times of a request.
	 * @param request the request
	 * @param head whether those are to be noted that are known with the head
	 * @param end whether those are that are known in the end
	 */
	void note(RequestRecord request, boolean head, boolean end) {
		StepRecord last = request.last();
		if (last == null) {
			return;
		}
		long now = this.observer.ticker().read();
		SampleBuffer buffer = lockAny();
		try {
			if (!buffer.isEmpty() && now - buffer.since() >= BUSY) {
				buffer.drainTo(this.observer, now);
			}
			boolean idle = now - buffer.emptied() >= BUSY;
			note(buffer, request, last, head, end, now);
			if (idle || this.closed || (!buffer.isEmpty() && !this.fetcher.tryWake())) {
				buffer.drainTo(this.observer, now);
			}
		}
		finally {
			buffer.unlock();
		}
	}

	private void note(SampleBuffer buffer, RequestRecord request, StepRecord last, boolean head, boolean end,
			long now) {
		Outcome outcome = Outcome.of(request.status());
		Object trace = null;
		if (buffer.isTraced()) {
			trace = this.observer.traces().of(request);
			begin(buffer, trace, now);
		}
		if (head) {
			add(buffer, Sample.app(outcome, request.app()), trace, now);
		}
		for (StepRecord step = last; step != null; step = step.previous()) {
			int index = step.middleware().index();
			if (Sample.isPossible(index)) {
				if (head) {
					add(buffer, Sample.ttfb(index, outcome, request.ttfb(step)), trace, now);
				}
				if (end) {
					add(buffer, Sample.own(index, step.result(), step.own()), trace, now);
				}
			}
		}
	}

	private void begin(SampleBuffer buffer, @Nullable Object trace, long now) {
		if (buffer.isFull()) {
			buffer.drainTo(this.observer, now);
		}
		if (buffer.isEmpty()) {
			buffer.since(now);
		}
		buffer.addTrace(trace);
	}

	private void add(SampleBuffer buffer, long sample, @Nullable Object trace, long now) {
		if (buffer.isFull()) {
			buffer.drainTo(this.observer, now);
			if (buffer.isTraced()) {
				begin(buffer, trace, now);
			}
		}
		if (buffer.isEmpty()) {
			buffer.since(now);
		}
		buffer.add(sample);
	}

	/**
	 * Have the listeners count the samples that have waited for long enough. A buffer
	 * that is in use is left to the next time.
	 * @return in how many nanoseconds the next ones will have, or {@link #NOTHING} if
	 * there are none
	 */
	long fetch() {
		long next = NOTHING;
		long now = this.observer.ticker().read();
		for (SampleBuffer buffer : this.buffers) {
			if (!buffer.tryLock()) {
				next = Math.min(next, PATIENCE);
				continue;
			}
			try {
				if (!buffer.isEmpty()) {
					long left = PATIENCE - (now - buffer.since());
					if (left <= 0) {
						buffer.drainTo(this.observer, now);
					}
					else {
						next = Math.min(next, left);
					}
				}
			}
			finally {
				buffer.unlock();
			}
		}
		return next;
	}

	/**
	 * Have the listeners count all samples that were noted until now. Waits for those
	 * that another thread is counting, but not for a listener that blocks.
	 */
	public void flush() {
		int pauses = 0;
		for (SampleBuffer buffer : this.buffers) {
			boolean locked = buffer.tryLock();
			while (!locked && pauses < LONGEST_WAIT) {
				LockSupport.parkNanos(this, PAUSE);
				pauses++;
				locked = buffer.tryLock();
			}
			if (locked) {
				try {
					buffer.drainTo(this.observer, this.observer.ticker().read());
				}
				finally {
					buffer.unlock();
				}
			}
		}
	}

	/**
	 * From now on let no sample wait.
	 */
	void close() {
		this.closed = true;
		this.fetcher.close();
		flush();
	}

	/**
	 * Lock the buffer of the current thread, or the next one that is free. No thread
	 * keeps a buffer for longer than it takes to count what is in it; where that is long,
	 * a listener blocks or a thread has lost its processor, and the request gets a buffer
	 * of its own.
	 */
	private SampleBuffer lockAny() {
		int own = (int) (Thread.currentThread().getId() % this.buffers.length);
		for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
			for (int i = 0; i < this.buffers.length; i++) {
				SampleBuffer buffer = this.buffers[(own + i) % this.buffers.length];
				if (buffer.tryLock()) {
					return buffer;
				}
			}
			Thread.yield();
		}
		return newBuffer();
	}

	private SampleBuffer newBuffer() {
		return new SampleBuffer(this.longAgo, this.observer.traces() != RequestTraces.NONE);
	}

}
