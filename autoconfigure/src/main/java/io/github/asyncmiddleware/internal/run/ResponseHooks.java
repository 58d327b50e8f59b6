package io.github.asyncmiddleware.internal.run;

import java.util.ArrayList;
import java.util.List;

import io.github.asyncmiddleware.internal.chain.ResponseHook;
import io.github.asyncmiddleware.internal.record.RequestRecord;
import io.github.asyncmiddleware.internal.watch.ThreadActivity;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.util.context.ContextView;

/**
 * Runs what the middlewares of one request want to do right before the head, inner ones
 * first. A failure stays with the middleware that fails.
 */
final class ResponseHooks {

	private ResponseHooks() {
	}

	/**
	 * Run all of them if there is nothing to wait for in any.
	 * @param timeline the timeline of the request
	 * @param context the context of whoever waits for the response
	 */
	static void runSynchronous(RequestTimeline timeline, ContextView context) {
		if (!timeline.takeHooks()) {
			return;
		}
		ThreadActivity activity = timeline.activity();
		RequestRecord previous = activity.enter(timeline);
		try {
			for (Step step = timeline.last(); step != null; step = step.previous()) {
				run(step, context);
			}
			timeline.returned(null);
		}
		finally {
			activity.exit(previous);
		}
	}

	/**
	 * Run all of them, one after the other.
	 * @param timeline the timeline of the request
	 * @return completes when all have, and never fails
	 */
	static Mono<Void> run(RequestTimeline timeline) {
		return Mono.deferContextual((context) -> {
			if (!timeline.takeHooks()) {
				return Mono.empty();
			}
			List<Step> steps = new ArrayList<>();
			for (Step step = timeline.last(); step != null; step = step.previous()) {
				steps.add(step);
			}
			return Flux.fromIterable(steps)
				.concatMap((step) -> runMarked(timeline, step, context))
				.then(Mono.fromRunnable(() -> timeline.returned(null)));
		});
	}

	/**
	 * Each of them can be on another thread.
	 */
	private static Mono<Void> runMarked(RequestTimeline timeline, Step step, ContextView context) {
		ThreadActivity activity = timeline.activity();
		RequestRecord previous = activity.enter(timeline);
		try {
			return run(step, context);
		}
		finally {
			activity.exit(previous);
		}
	}

	private static Mono<Void> run(Step step, ContextView context) {
		ResponseHook hook = step.middleware().code().onResponse();
		if (hook == null || step.isShed()) {
			return Mono.empty();
		}
		step.responseReached();
		try {
			Mono<Void> work = hook.onResponse(step.exchange, context);
			if (work != null) {
				return step.limit(work).onErrorResume((ex) -> failed(step, ex));
			}
			return hook.isSynchronous() ? Mono.empty() : failed(step, null);
		}
		catch (VirtualMachineError ex) {
			throw ex;
		}
		catch (Throwable ex) {
			return failed(step, ex);
		}
	}

	private static Mono<Void> failed(Step step, @Nullable Throwable ex) {
		step.responseHookFailed(ex);
		return Mono.empty();
	}

}
