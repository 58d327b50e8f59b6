package io.github.asyncmiddleware.internal.run;

import java.util.List;

import io.github.asyncmiddleware.internal.chain.Middleware;
import io.github.asyncmiddleware.internal.record.RequestRecord;
import io.github.asyncmiddleware.internal.record.StepRecord;
import io.github.asyncmiddleware.internal.response.AttemptExchange;
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

	private final Link first;

	private final List<Middleware> middlewares;

	/**
	 * Create a segment.
	 * @param middlewares the middlewares, outermost first; either all of them are foreign
	 * or none is
	 * @param rest what comes after them
	 * @param guards the guards of the middlewares
	 */
	public Segment(List<Middleware> middlewares, WebHandler rest, Guards guards) {
		this.middlewares = List.copyOf(middlewares);
		boolean foreign = this.middlewares.get(0).isForeign();
		Link link = Link.leadingTo(rest, foreign, foreign ? guards.unjudging() : guards);
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
		return new SegmentRun(this, exchange);
	}

	Link first() {
		return this.first;
	}

	@Override
	public String toString() {
		return "Segment " + this.middlewares.stream().map(Middleware::name).toList();
	}

	/**
	 * Go on with a request at a place of a segment.
	 * @param start the place
	 * @param run the request
	 * @param exchange the exchange that the place is to see
	 * @param actual the subscriber of the rest of the chain
	 * @param outer the middleware that waits for it, or {@code null} if it is not one of
	 * ours
	 * @param depth how many calls of this method are on the stack already
	 */
	static void proceed(Link start, RequestRun run, ServerWebExchange exchange, CoreSubscriber<? super Void> actual,
			@Nullable Step outer, int depth) {
		if (depth > 0) {
			// Within what the outermost call has announced
			run(start, run, exchange, actual, outer, depth, !run.isEnded());
			run.here().at(RequestActivity.place(outer));
			return;
		}
		boolean announced = run.tryAcquire();
		ThreadActivity activity = run.activity();
		StepRecord place = activity.place();
		RequestRecord previous = activity.enter(run);
		run.here(activity);
		try {
			run(start, run, exchange, actual, outer, depth, announced);
		}
		finally {
			activity.exit(previous, place);
			if (announced) {
				run.release();
			}
		}
	}

	private static void run(Link start, RequestRun run, ServerWebExchange exchange, CoreSubscriber<? super Void> actual,
			@Nullable Step outer, int depth, boolean alive) {
		Link link = start;
		while (true) {
			Step step = null;
			int touches = 0;
			Mono<Void> source;
			if (!alive && !link.foreign) {
				// The request has ended, so nothing of it may start
				source = Mono.empty();
			}
			else {
				try {
					link = link.skipTo(exchange);
					while (true) {
						if (link.middleware == null) {
							step = null;
							run.handed();
							run.here().at(null);
							source = Failures.guard(link, exchange);
							break;
						}
						if (link.discardable) {
							exchange = AttemptExchange.begin(exchange, run);
						}
						step = Step.at(link, run, exchange, actual);
						if (!link.isGroup() && alive) {
							run.entered(step);
							step.observe();
							run.here().at(step);
						}
						touches = run.touches();
						source = step.observed(Failures.guard(link.middleware, exchange, step));
						if (source != step || (run.isEnded() && !link.foreign)
								|| !Handover.isAllowed(step, step.nextExchange())) {
							break;
						}
						exchange = step.nextExchange();
						link = link.next().skipTo(exchange);
					}
				}
				catch (VirtualMachineError ex) {
					run.fatal(ex);
					throw ex;
				}
			}
			if (step == null && outer == null) {
				source.subscribe(actual);
				return;
			}
			Relay relay = new Relay(actual, run, step, outer, depth, touches);
			Relay.Postponed postponed = relay.subscribeTo(source);
			if (step == null || postponed == null) {
				return;
			}
			link = link.next();
			exchange = postponed.exchange();
			actual = postponed.actual();
			outer = step;
			alive = !run.isEnded();
		}
	}

}
