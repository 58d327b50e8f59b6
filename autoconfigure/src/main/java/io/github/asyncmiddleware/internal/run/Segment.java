package io.github.asyncmiddleware.internal.run;

import java.util.List;

import io.github.asyncmiddleware.internal.chain.Middleware;
import io.github.asyncmiddleware.internal.record.RequestRecord;
import io.github.asyncmiddleware.internal.watch.ThreadActivity;
import org.jspecify.annotations.Nullable;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;

import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebHandler;

/**
 * Runs a request through a row of adjacent middlewares and then hands it to what comes
 * after them.
 * <p>
 * A middleware that returns its {@code next} unchanged costs one {@link Step} and no
 * subscription: the loop goes on with the one behind it. The others are subscribed to
 * with a {@link Relay}.
 */
public final class Segment implements WebHandler {

	private final int position;

	private final Link first;

	private final List<Middleware> middlewares;

	/**
	 * Create a segment.
	 * @param position the number of the segment in its chain, counted from 1
	 * @param middlewares the middlewares, outermost first
	 * @param rest what comes after them
	 * @param guards who watches over them
	 */
	public Segment(int position, List<Middleware> middlewares, WebHandler rest, Guards guards) {
		this.position = position;
		this.middlewares = List.copyOf(middlewares);
		Link link = Link.leadingTo(rest, guards);
		int end = this.middlewares.size();
		while (end > 0) {
			int start = startOfGroup(end);
			List<Middleware> group = this.middlewares.subList(start, end);
			link = (group.size() > 1) ? link.precededBy(group) : link.precededBy(group.get(0));
			end = start;
		}
		this.first = link;
	}

	/**
	 * Where the row of middlewares begins that can be at work at the same time as the
	 * last one, or the last one alone.
	 */
	private int startOfGroup(int end) {
		int start = end - 1;
		while (start > 0 && isConcurrent(start) && isConcurrent(start - 1)) {
			start--;
		}
		return start;
	}

	private boolean isConcurrent(int index) {
		return this.middlewares.get(index).code().concurrent() != null;
	}

	@Override
	public Mono<Void> handle(ServerWebExchange exchange) {
		return new Run(this, exchange);
	}

	@Override
	public String toString() {
		return "Segment " + this.middlewares.stream().map(Middleware::name).toList();
	}

	/**
	 * Go on with a request at a place of a segment.
	 * @param start the place
	 * @param timeline the timeline of the request
	 * @param exchange the exchange that the place is to see
	 * @param actual who waits for the rest of the chain
	 * @param outer the middleware that is, or {@code null} if it is not one of ours
	 * @param depth how many calls of this method are on the stack already
	 */
	static void proceed(Link start, Timeline timeline, ServerWebExchange exchange, CoreSubscriber<? super Void> actual,
			@Nullable Step outer, int depth) {
		if (depth > 0) {
			// Within what the outermost call has announced
			run(start, timeline, exchange, actual, outer, depth, !timeline.isEnded());
			return;
		}
		boolean announced = timeline.tryAcquire();
		ThreadActivity activity = timeline.activity();
		RequestRecord previous = activity.enter(timeline.record());
		try {
			run(start, timeline, exchange, actual, outer, depth, announced);
		}
		finally {
			activity.exit(previous);
			if (announced) {
				timeline.release();
			}
		}
	}

	private static void run(Link start, Timeline timeline, ServerWebExchange exchange,
			CoreSubscriber<? super Void> actual, @Nullable Step outer, int depth, boolean alive) {
		Link link = start;
		while (true) {
			timeline.subscribing(actual);
			Step step = null;
			int touches = 0;
			Mono<Void> source;
			if (!alive) {
				// Nobody waits for the request any more, so nothing of it may start
				source = Mono.empty();
			}
			else {
				try {
					link = link.skipTo(exchange);
					while (true) {
						if (link.middleware == null) {
							step = null;
							timeline.handed();
							source = Failures.guard(link.rest, exchange);
							break;
						}
						step = new Step(link, timeline, exchange);
						if (!link.isGroup()) {
							timeline.entered(step);
						}
						touches = timeline.touches();
						source = Failures.guard(link.middleware, exchange, step);
						if (source != step || !step.tryClaim()) {
							break;
						}
						exchange = step.nextExchange();
						link = link.next().skipTo(exchange);
					}
				}
				catch (VirtualMachineError ex) {
					timeline.ended(Ending.FATAL, ex);
					throw ex;
				}
			}
			if (step == null && outer == null) {
				source.subscribe(actual);
				return;
			}
			Relay relay = new Relay(actual, timeline, step, outer, depth, touches);
			Relay.Postponed postponed = relay.subscribeTo(source);
			if (step == null || postponed == null) {
				return;
			}
			link = link.next();
			exchange = postponed.exchange();
			actual = postponed.actual();
			outer = step;
			alive = !timeline.isEnded();
		}
	}

	/**
	 * One request on its way through a segment. Nothing happens before it is subscribed
	 * to.
	 */
	private static final class Run extends Mono<Void> {

		private final Segment segment;

		private final ServerWebExchange exchange;

		Run(Segment segment, ServerWebExchange exchange) {
			this.segment = segment;
			this.exchange = exchange;
		}

		@Override
		public void subscribe(CoreSubscriber<? super Void> actual) {
			Timeline timeline = ObservedResponse.timelineOf(this.exchange.getResponse());
			timeline.started(this.segment.position);
			proceed(this.segment.first, timeline, this.exchange, actual, null, 0);
		}

	}

}
