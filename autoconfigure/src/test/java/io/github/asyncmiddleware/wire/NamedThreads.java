package io.github.asyncmiddleware.wire;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import org.slf4j.LoggerFactory;

import org.springframework.beans.factory.DisposableBean;
import org.springframework.http.server.reactive.ServerHttpRequest;

/**
 * Keeps threads blocked until the watch has named them, however long a slow machine takes
 * for that: a thread that is not named stays blocked for a minute, and is missing in the
 * meters.
 */
final class NamedThreads extends AppenderBase<ILoggingEvent> implements DisposableBean {

	/** The header that tells a way to block. */
	private static final String HEADER = "X-Way";

	private static final Duration PATIENCE = Duration.ofMinutes(1);

	/** How the line begins that is logged for each block, at DEBUG. */
	private static final String BEGINNING = "The whole stack of ";

	private static final Pattern NAME = Pattern
		.compile("\\[(?:blocked_event_loop|stuck_request)] The (?:middleware '([^']*)'|rest of)");

	private final Logger logger = (Logger) LoggerFactory.getLogger("io.github.asyncmiddleware.blocking");

	private final Map<String, Blocked> blocked = new ConcurrentHashMap<>();

	private final List<String> names = new CopyOnWriteArrayList<>();

	NamedThreads() {
		setContext(this.logger.getLoggerContext());
		start();
		this.logger.addAppender(this);
		this.logger.setLevel(Level.DEBUG);
		// So many stacks are of no use on the console
		this.logger.setAdditive(false);
	}

	/**
	 * Block the current thread until it is named, if the request wants that.
	 */
	void block(ServerHttpRequest request) {
		String way = request.getHeaders().getFirst(HEADER);
		if (way != null) {
			block(Way.valueOf(way));
		}
	}

	private void block(Way way) {
		Blocked blocked = new Blocked(Thread.currentThread());
		this.blocked.put(blocked.thread.getName(), blocked);
		try {
			way.block(blocked.named);
		}
		catch (InterruptedException ex) {
			// Named
		}
		finally {
			this.blocked.remove(blocked.thread.getName());
			blocked.end();
		}
	}

	/**
	 * Who was named in the log, at most once a minute each.
	 */
	List<String> names() {
		return List.copyOf(this.names);
	}

	void forget() {
		this.names.clear();
	}

	@Override
	protected void append(ILoggingEvent event) {
		String text = event.getFormattedMessage();
		Matcher name = NAME.matcher(text);
		if (name.find()) {
			this.names.add((name.group(1) != null) ? name.group(1) : "app");
		}
		if (text.startsWith(BEGINNING)) {
			Blocked blocked = this.blocked.get(text.lines().findFirst().orElseThrow().substring(BEGINNING.length()));
			if (blocked != null) {
				blocked.isNamed();
			}
		}
	}

	@Override
	public void destroy() {
		this.logger.detachAppender(this);
		this.logger.setLevel(null);
		this.logger.setAdditive(true);
	}

	/**
	 * How a thread is blocked.
	 */
	enum Way {

		SLEEP {

			@Override
			void block(CountDownLatch named) throws InterruptedException {
				Thread.sleep(PATIENCE.toMillis());
			}

		},

		PARK {

			@Override
			void block(CountDownLatch named) throws InterruptedException {
				named.await(PATIENCE.toNanos(), TimeUnit.NANOSECONDS);
			}

		},

		COMPUTE {

			@Override
			void block(CountDownLatch named) {
				long begin = System.nanoTime();
				while (named.getCount() > 0 && System.nanoTime() - begin < PATIENCE.toNanos()) {
					Thread.onSpinWait();
				}
			}

		};

		String header() {
			return HEADER + ": " + name();
		}

		/**
		 * Block the current thread until it is interrupted, or the latch is open.
		 */
		abstract void block(CountDownLatch named) throws InterruptedException;

	}

	/**
	 * One thread that is blocked.
	 */
	private static final class Blocked {

		private final Thread thread;

		private final CountDownLatch named = new CountDownLatch(1);

		private boolean over;

		Blocked(Thread thread) {
			this.thread = thread;
		}

		synchronized void isNamed() {
			if (!this.over) {
				this.named.countDown();
				this.thread.interrupt();
			}
		}

		/**
		 * Nothing of it may stay on the thread.
		 */
		synchronized void end() {
			this.over = true;
			Thread.interrupted();
		}

	}

}
