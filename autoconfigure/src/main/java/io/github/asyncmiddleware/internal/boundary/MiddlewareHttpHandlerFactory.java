package io.github.asyncmiddleware.internal.boundary;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

import io.github.asyncmiddleware.internal.chain.ChainArranger;
import io.github.asyncmiddleware.internal.chain.ChainEntry;
import io.github.asyncmiddleware.internal.chain.Deadlines;
import io.github.asyncmiddleware.internal.chain.Middleware;
import io.github.asyncmiddleware.internal.record.HeadDecorator;
import io.github.asyncmiddleware.internal.record.Ticker;
import io.github.asyncmiddleware.internal.run.Guards;
import io.github.asyncmiddleware.internal.run.Segment;
import io.github.asyncmiddleware.internal.sample.RequestListener;
import io.github.asyncmiddleware.internal.sample.RequestObserver;
import org.jspecify.annotations.Nullable;

import org.springframework.core.Ordered;
import org.springframework.http.server.reactive.HttpHandler;
import org.springframework.http.server.reactive.HttpHandlerDecoratorFactory;
import org.springframework.util.Assert;
import org.springframework.web.server.WebExceptionHandler;
import org.springframework.web.server.WebHandler;
import org.springframework.web.server.adapter.HttpWebHandlerAdapter;
import org.springframework.web.server.handler.ExceptionHandlingWebHandler;
import org.springframework.web.server.handler.FilteringWebHandler;

/**
 * Takes the handler that Spring has built, and builds it once more with the middlewares
 * in their places and adjacent ones fused into segments.
 * <p>
 * This is the one hook that every way of assembling a WebFlux application has in common:
 * a server, {@code WebTestClient.bindToApplicationContext} and test slices. It comes last
 * in order because the last is the innermost, the one that is handed Spring's own
 * handler.
 */
public final class MiddlewareHttpHandlerFactory implements HttpHandlerDecoratorFactory, Ordered, AutoCloseable {

	private final ChainArranger arranger;

	private final List<RequestListener> listeners;

	private final Guards guards;

	private final Ticker ticker;

	private final HeadDecorator headDecorator;

	private final Object monitor = new Object();

	/**
	 * Shared by all handlers of this factory, which a test suite builds by the thousand;
	 * made for the first one that needs it. Guarded by the monitor.
	 */
	private @Nullable RequestObserver observer;

	/**
	 * Create a factory.
	 * @param arranger knows which filters are middlewares and where they stand
	 * @param listeners are told of the head and the end of each request
	 * @param guards the guards of the middlewares
	 * @param ticker the clock; if there are neither listeners nor a decorator, it is not
	 * read
	 * @param headDecorator the decorator of the heads of responses
	 */
	public MiddlewareHttpHandlerFactory(ChainArranger arranger, List<RequestListener> listeners, Guards guards,
			Ticker ticker, HeadDecorator headDecorator) {
		Assert.notNull(arranger, "'arranger' must not be null");
		Assert.notNull(ticker, "'ticker' must not be null");
		Assert.notNull(headDecorator, "'headDecorator' must not be null");
		this.arranger = arranger;
		this.listeners = List.copyOf(listeners);
		this.guards = guards;
		this.ticker = ticker;
		this.headDecorator = headDecorator;
	}

	@Override
	public int getOrder() {
		return LOWEST_PRECEDENCE;
	}

	@Override
	public HttpHandler apply(HttpHandler handler) {
		if (handler instanceof HttpWebHandlerAdapter adapter
				&& adapter.getDelegate() instanceof ExceptionHandlingWebHandler exceptionHandling
				&& exceptionHandling.getDelegate() instanceof FilteringWebHandler filtering) {
			List<ChainEntry> chain = this.arranger.arrange(filtering.getFilters(), adapter.getApplicationContext());
			return rebuild(adapter, exceptionHandling, filtering, chain);
		}
		this.arranger.cannotArrange(handler);
		return handler;
	}

	/**
	 * Hand over to the listeners what they have not been told yet. From now on nothing
	 * waits.
	 */
	@Override
	public void close() {
		synchronized (this.monitor) {
			if (this.observer != null) {
				this.observer.close();
			}
		}
	}

	private HttpHandler rebuild(HttpWebHandlerAdapter adapter, ExceptionHandlingWebHandler exceptionHandling,
			FilteringWebHandler filtering, List<ChainEntry> chain) {
		boolean plain = chain.stream().allMatch((entry) -> entry.measured() == null);
		if (plain && chain.size() == filtering.getFilters().size()) {
			return adapter;
		}
		WebHandler filters = fuse(chain, filtering.getDelegate());
		WebHandler delegate = new ExceptionHandlingWebHandler(filters, exceptionHandlers(exceptionHandling));
		if (plain) {
			// All are switched off, and nothing of them is to be felt
			HttpWebHandlerAdapter without = new HttpWebHandlerAdapter(delegate);
			MiddlewareHttpHandler.Settings.copy(adapter, without);
			return without;
		}
		return new MiddlewareHttpHandler(delegate, adapter, observer(), this.guards.activities(),
				chain.stream().anyMatch(MiddlewareHttpHandlerFactory::hasDeadline) ? this.guards.deadlines()
						: Deadlines.NONE);
	}

	private RequestObserver observer() {
		synchronized (this.monitor) {
			RequestObserver observer = this.observer;
			if (observer == null) {
				observer = new RequestObserver(this.listeners, this.headDecorator,
						isUnmeasured() ? Ticker.STOPPED : this.ticker);
				this.observer = observer;
			}
			return observer;
		}
	}

	private boolean isUnmeasured() {
		return this.listeners.isEmpty() && this.headDecorator == HeadDecorator.NONE;
	}

	private static boolean hasDeadline(ChainEntry entry) {
		return entry instanceof Middleware middleware && middleware.timeout() != null;
	}

	private WebHandler fuse(List<ChainEntry> chain, WebHandler handler) {
		List<List<ChainEntry>> rows = rows(chain);
		WebHandler result = handler;
		for (int i = rows.size() - 1; i >= 0; i--) {
			List<ChainEntry> row = rows.get(i);
			List<Middleware> measured = row.stream().map(ChainEntry::measured).filter(Objects::nonNull).toList();
			result = measured.isEmpty() ? new FilteringWebHandler(result, row.stream().map(ChainEntry::filter).toList())
					: new Segment(measured, result, this.guards);
		}
		return result;
	}

	/**
	 * Divide a chain into rows that are either all middlewares or all foreign.
	 */
	private static List<List<ChainEntry>> rows(List<ChainEntry> chain) {
		List<List<ChainEntry>> rows = new ArrayList<>();
		ChainEntry previous = null;
		for (ChainEntry entry : chain) {
			if (previous == null || (previous instanceof Middleware) != (entry instanceof Middleware)) {
				rows.add(new ArrayList<>());
			}
			rows.get(rows.size() - 1).add(entry);
			previous = entry;
		}
		return rows;
	}

	/**
	 * The exception handlers of the application, without the one that
	 * {@link ExceptionHandlingWebHandler} puts in front of them by itself.
	 */
	private static List<WebExceptionHandler> exceptionHandlers(ExceptionHandlingWebHandler handler) {
		return handler.getExceptionHandlers()
			.stream()
			.filter((candidate) -> candidate.getClass().getEnclosingClass() != ExceptionHandlingWebHandler.class)
			.toList();
	}

}
