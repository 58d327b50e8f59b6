package io.github.asyncmiddleware.internal.run;

import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.function.Supplier;

import io.github.asyncmiddleware.internal.chain.ResponseHook;
import io.github.asyncmiddleware.internal.record.RequestRecord;
import io.github.asyncmiddleware.internal.record.StepRecord;
import io.github.asyncmiddleware.internal.response.AttemptExchange;
import io.github.asyncmiddleware.internal.response.ResponseHead;
import io.github.asyncmiddleware.internal.watch.ThreadActivity;
import org.jspecify.annotations.Nullable;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.util.context.Context;
import reactor.util.context.ContextView;

import org.springframework.web.server.ServerWebExchange;

/**
 * What the middlewares of one request want to do right before the head, inner ones first,
 * each with the context that it was entered with. A failure stays with the middleware
 * that fails.
 * <p>
 * One walk along the steps, in a loop and not on the stack. Hooks that have nothing to
 * wait for run when the one before them is done.
 */
final class ResponseHooks implements Supplier<@Nullable Mono<Void>>, Iterator<Mono<Void>> {

	private final RequestRun run;

	/** The head before them, as an answer can be given up while they run. */
	private final ResponseHead head;

	/** The attempt that they run for. */
	private final int attempt;

	/** What the last one was given. Belongs to the thread that the response is on. */
	private @Nullable ServerWebExchange exchange;

	/** The next one to run. Belongs to the thread that the response is on. */
	private @Nullable Step step;

	/** What has to be waited for before that. As above. */
	private @Nullable Mono<Void> work;

	/**
	 * Create what runs all of them.
	 * @param run the request
	 * @param head the head before them
	 * @param attempt the attempt that they run for
	 */
	ResponseHooks(RequestRun run, ResponseHead head, int attempt) {
		this.run = run;
		this.head = head;
		this.attempt = attempt;
		this.step = run.last();
	}

	/**
	 * The answer that they run for is given up. Called in the lock of the commit. One
	 * that is in the middle of its work changes nothing any more.
	 */
	void undo() {
		this.head.restore();
	}

	/**
	 * Run all of them.
	 * @return what to wait for, or {@code null} if all are done; never fails
	 */
	@Override
	public @Nullable Mono<Void> get() {
		HookedSession session = this.run.session();
		if (session != null) {
			session.beginHooks();
		}
		return hasNext() ? Flux.concat((Iterable<Mono<Void>>) () -> this).then() : null;
	}

	@Override
	public boolean hasNext() {
		if (this.work == null) {
			this.work = runUntilOneWaits();
		}
		return this.work != null;
	}

	@Override
	public Mono<Void> next() {
		if (!hasNext()) {
			throw new NoSuchElementException();
		}
		Mono<Void> work = Objects.requireNonNull(this.work);
		this.work = null;
		return work;
	}

	private @Nullable Mono<Void> runUntilOneWaits() {
		ThreadActivity activity = this.run.activity();
		StepRecord place = activity.place();
		RequestRecord previous = activity.enter(this.run);
		try {
			for (Step step = this.step; step != null && this.run.isRunning(this); step = this.step) {
				this.step = (Step) step.previous();
				activity.at(step);
				Mono<Void> work = run(step);
				if (work != null) {
					return work;
				}
			}
			this.run.reached(this, null);
			return null;
		}
		finally {
			activity.exit(previous, place);
		}
	}

	private @Nullable Mono<Void> run(Step step) {
		ResponseHook hook = step.middleware().code().onResponse();
		if (hook == null || !step.hasBegun()) {
			return null;
		}
		this.run.reached(this, step);
		ContextView context = step.context();
		try {
			this.exchange = AttemptExchange.toBeSent(step.exchange, this.head, this.attempt, this.exchange);
			Mono<Void> work = hook.onResponse(this.exchange, context);
			if (work == null && !hook.isSynchronous()) {
				Verdict.responseHookFailed(step, null);
				return null;
			}
			work = savedAfter(work, step.run().session());
			return (work != null) ? limit(step, new Marked(step, work).contextWrite((outermost) -> Context.of(context)))
				.onErrorResume((ex) -> failed(step, ex)) : null;
		}
		catch (VirtualMachineError ex) {
			// On a thread of others nothing else would end the request
			step.run().fatal(ex);
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

	private static Mono<Void> orEmpty(@Nullable Mono<Void> work) {
		return (work != null) ? work : Mono.empty();
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
		Verdict.responseHookFailed(step, (ex instanceof NullResultException) ? null : ex);
		return Mono.empty();
	}

	/**
	 * The work of a hook, while the thread that it is subscribed to on is inside the
	 * middleware.
	 */
	private static final class Marked extends Mono<Void> {

		private final Step step;

		private final Mono<Void> work;

		Marked(Step step, Mono<Void> work) {
			this.step = step;
			this.work = work;
		}

		@Override
		public void subscribe(CoreSubscriber<? super Void> actual) {
			ThreadActivity activity = this.step.run().activity();
			StepRecord place = activity.place();
			RequestRecord previous = activity.enter(this.step.run());
			activity.at(this.step);
			try {
				this.work.doOnTerminate(() -> leave(activity)).subscribe(actual);
			}
			finally {
				activity.exit(previous, place);
			}
		}

		/**
		 * What follows on this thread is not the work of the middleware.
		 */
		private void leave(ThreadActivity activity) {
			if (activity.isOfCurrentThread() && activity.place() == this.step) {
				activity.at(null);
			}
		}

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
