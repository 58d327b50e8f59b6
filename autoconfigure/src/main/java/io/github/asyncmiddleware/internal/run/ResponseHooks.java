package io.github.asyncmiddleware.internal.run;

import io.github.asyncmiddleware.internal.chain.ResponseHook;
import io.github.asyncmiddleware.internal.record.RequestRecord;
import io.github.asyncmiddleware.internal.record.StepRecord;
import io.github.asyncmiddleware.internal.watch.ThreadActivity;
import org.jspecify.annotations.Nullable;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;
import reactor.util.context.Context;
import reactor.util.context.ContextView;

/**
 * Runs what the middlewares of one request want to do right before the head, inner ones
 * first, each with the context that it was entered with. A failure stays with the
 * middleware that fails.
 */
final class ResponseHooks {

	private ResponseHooks() {
	}

	/**
	 * Run all of them.
	 * @param run the request
	 * @return what to wait for, or {@code null} if all are done; never fails
	 */
	static @Nullable Mono<Void> run(RequestRun run) {
		return runFrom(run, run.last());
	}

	/**
	 * Those that have nothing to wait for run in a loop, not on the stack.
	 */
	private static @Nullable Mono<Void> runFrom(RequestRun run, @Nullable Step first) {
		ThreadActivity activity = run.activity();
		StepRecord place = activity.place();
		RequestRecord previous = activity.enter(run);
		try {
			for (Step step = first; step != null; step = previous(step)) {
				activity.at(step);
				Mono<Void> work = run(step);
				if (work != null) {
					Step next = previous(step);
					return work.then(Mono.defer(() -> orEmpty(runFrom(run, next))));
				}
			}
			run.returned(null);
			return null;
		}
		finally {
			activity.exit(previous);
			activity.at(place);
		}
	}

	private static @Nullable Step previous(Step step) {
		return (Step) step.previous();
	}

	private static Mono<Void> orEmpty(@Nullable Mono<Void> work) {
		return (work != null) ? work : Mono.empty();
	}

	private static @Nullable Mono<Void> run(Step step) {
		ResponseHook hook = step.middleware().code().onResponse();
		if (hook == null || Verdict.isShed(step)) {
			return null;
		}
		step.run().returned(step);
		ContextView context = step.context();
		try {
			Mono<Void> work = hook.onResponse(step.exchange, context);
			if (work == null && !hook.isSynchronous()) {
				Verdict.responseHookFailed(step, null);
				return null;
			}
			work = savedAfter(work, step.run().session());
			return (work != null) ? limit(step, work.contextWrite((outermost) -> Context.of(context)))
				.onErrorResume((ex) -> failed(step, ex)) : null;
		}
		catch (VirtualMachineError ex) {
			throw ex;
		}
		catch (Throwable ex) {
			Verdict.responseHookFailed(step, ex);
		}
		return null;
	}

	/**
	 * A session that the hook has used is saved as a part of its work.
	 */
	private static @Nullable Mono<Void> savedAfter(@Nullable Mono<Void> work, @Nullable HookedSession session) {
		if (session == null) {
			return work;
		}
		return (work != null) ? work.then(Mono.defer(() -> orEmpty(session.save()))) : session.save();
	}

	/**
	 * Limit what a middleware does for the response to the time that it has left.
	 */
	private static Mono<Void> limit(Step step, Mono<Void> work) {
		if (step.link().timeout == 0 || !step.isObserved()) {
			return work;
		}
		long left = OwnTime.left(step);
		return new Mono<>() {

			@Override
			public void subscribe(CoreSubscriber<? super Void> actual) {
				new ResponseDeadline(actual, step, left).subscribeTo(work);
			}

		};
	}

	private static Mono<Void> failed(Step step, Throwable ex) {
		Verdict.responseHookFailed(step, ex);
		return Mono.empty();
	}

	/**
	 * Limits the response hook of one middleware, while the response waits for it.
	 */
	private static final class ResponseDeadline extends Deadline<Void> {

		ResponseDeadline(CoreSubscriber<? super Void> actual, Step step, long left) {
			super(actual, step.link().guards.deadlines(), step.run(), left);
		}

		@Override
		boolean isShown() {
			return true;
		}

	}

}
