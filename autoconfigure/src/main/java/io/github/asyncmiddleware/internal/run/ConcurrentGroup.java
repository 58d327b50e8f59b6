package io.github.asyncmiddleware.internal.run;

import java.util.ArrayList;
import java.util.List;

import io.github.asyncmiddleware.internal.chain.Middleware;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;
import org.springframework.web.server.WebHandler;

/**
 * Adjacent middlewares that are at work at the same time before the rest of the chain.
 * <p>
 * The rest runs when all have finished. If some answer or fail, the one earliest in order
 * decides, and waits for those before it; so the outcome does not depend on who was
 * faster.
 */
final class ConcurrentGroup implements WebFilter {

	private final List<Link> members;

	/**
	 * Create a group.
	 * @param members the places of its members, in order
	 */
	ConcurrentGroup(List<Link> members) {
		this.members = members;
	}

	@Nullable Middleware first() {
		return this.members.get(0).middleware;
	}

	@Override
	public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
		Step group = (Step) chain;
		List<Step> steps = new ArrayList<>(this.members.size());
		for (Link link : this.members) {
			if (link.appliesTo(exchange)) {
				steps.add(Step.at(link, group.run(), exchange, group.subscriber()));
			}
		}
		group.run().enteredTogether(steps);
		Run run = new Run(exchange, group);
		boolean passed = true;
		for (Step step : steps) {
			group.run().here().at(step);
			passed &= run.begin(step);
		}
		group.run().here().at(null);
		return passed ? chain.filter(exchange) : run;
	}

	@Override
	public String toString() {
		return "group of " + this.members.stream().map((link) -> link.middleware).toList();
	}

	/**
	 * One request in the group. Guards the state of its members, and the ledger while
	 * they are at work.
	 */
	private static final class Run extends Mono<Void> implements Subscription {

		private final ServerWebExchange exchange;

		private final Step group;

		private final List<Member> members = new ArrayList<>();

		@SuppressWarnings("NullAway.Init")
		private CoreSubscriber<? super Void> actual;

		private boolean cancelled;

		private @Nullable Subscription rest;

		Run(ServerWebExchange exchange, Step group) {
			this.exchange = exchange;
			this.group = group;
		}

		/**
		 * Call a member.
		 * @return whether it has nothing left to do
		 */
		boolean begin(Step step) {
			Member member = new Member(this, step, Failures.guard(step, this.exchange));
			this.members.add(member);
			if (member.work != Mono.<WebHandler>empty()) {
				return false;
			}
			// Nothing to wait for
			step.passedInGroup();
			member.state = State.PASSED;
			return true;
		}

		@Override
		public void subscribe(CoreSubscriber<? super Void> actual) {
			this.actual = actual;
			actual.onSubscribe(this);
			for (Member member : this.members) {
				if (isAtWork(member)) {
					this.group.run().here().at(member.step);
					subscribe(member);
				}
			}
			this.group.run().here().at(null);
		}

		private static void subscribe(Member member) {
			Step step = member.step;
			if (step.link().timeout > 0 && step.isObserved()) {
				new Deadline<>(member, step.link().guards.deadlines(), step.run(), step.link().timeout)
					.subscribeTo(member.work);
			}
			else {
				member.work.subscribe(member);
			}
		}

		private synchronized boolean isAtWork(Member member) {
			return member.state == State.AT_WORK && !this.cancelled;
		}

		/**
		 * A member has finished.
		 */
		void finished(Member member, @Nullable WebHandler answer, @Nullable Throwable error) {
			Member decider;
			List<Member> losers = new ArrayList<>(0);
			synchronized (this) {
				if (!isAtWork(member)) {
					return;
				}
				member.state = stateOf(member.step, answer, error);
				decider = settle(losers);
			}
			losers.forEach(Member::cancel);
			if (decider == null) {
				return;
			}
			if (decider.state == State.PASSED) {
				goOn(this.group.filter(this.exchange));
				return;
			}
			this.group.run().returned(decider.step);
			this.group.answered();
			goOn(decider.outcome(this.exchange));
		}

		private static State stateOf(Step step, @Nullable WebHandler answer, @Nullable Throwable error) {
			if (error != null) {
				return Verdict.failedInGroup(step, error) ? State.PASSED : State.DECIDED;
			}
			if (answer != null) {
				step.answeredInGroup();
				return State.DECIDED;
			}
			step.passedInGroup();
			return State.PASSED;
		}

		/**
		 * See who is not needed any more, and whether that settles it.
		 * @param losers is given those that have lost
		 * @return the one that decides, the last one if all have passed, or {@code null}
		 * if it is not settled
		 */
		private @Nullable Member settle(List<Member> losers) {
			Member decider = null;
			boolean open = false;
			for (Member member : this.members) {
				if (decider != null && decider.state == State.DECIDED) {
					if (member.state != State.LOST) {
						member.state = State.LOST;
						member.step.lostInGroup();
						losers.add(member);
					}
				}
				else {
					decider = member;
					open |= member.state == State.AT_WORK;
				}
			}
			return open ? null : decider;
		}

		private void goOn(Mono<Void> rest) {
			rest.subscribe(new RestSubscriber(this));
		}

		@Override
		public void request(long n) {
		}

		@Override
		public void cancel() {
			Subscription rest;
			synchronized (this) {
				this.cancelled = true;
				rest = this.rest;
			}
			if (rest != null) {
				rest.cancel();
			}
			else {
				this.members.forEach(Member::cancel);
			}
		}

	}

	/**
	 * How a member has ended.
	 */
	private enum State {

		AT_WORK, PASSED, DECIDED, LOST

	}

	/**
	 * The part of one member in one request.
	 */
	private static final class Member implements CoreSubscriber<WebHandler> {

		private final Run run;

		private final Step step;

		private final Mono<WebHandler> work;

		/** Guarded by the run. */
		private State state = State.AT_WORK;

		private volatile boolean cancelled;

		private volatile @Nullable Subscription subscription;

		private @Nullable WebHandler answer;

		private @Nullable Throwable error;

		Member(Run run, Step step, Mono<WebHandler> work) {
			this.run = run;
			this.step = step;
			this.work = work;
		}

		/**
		 * How the request goes on if this member decides.
		 */
		Mono<Void> outcome(ServerWebExchange exchange) {
			if (this.error != null) {
				return Mono.error(this.error);
			}
			return (this.answer != null) ? Failures.guard(this.answer, exchange) : Mono.empty();
		}

		void cancel() {
			this.cancelled = true;
			Subscription subscription = this.subscription;
			if (subscription != null) {
				subscription.cancel();
			}
		}

		@Override
		public void onSubscribe(Subscription subscription) {
			if (Operators.validate(this.subscription, subscription)) {
				this.subscription = subscription;
				if (this.cancelled) {
					subscription.cancel();
				}
				else {
					subscription.request(Long.MAX_VALUE);
				}
			}
		}

		@Override
		public void onNext(WebHandler answer) {
			this.answer = answer;
		}

		@Override
		public void onError(Throwable ex) {
			this.error = ex;
			this.run.finished(this, null, ex);
		}

		@Override
		public void onComplete() {
			this.run.finished(this, this.answer, null);
		}

		@Override
		public Context currentContext() {
			return this.step.context(this.run.actual);
		}

	}

	/**
	 * Waits for the part that the group has left the request to.
	 */
	private static final class RestSubscriber implements CoreSubscriber<Void> {

		private final Run run;

		RestSubscriber(Run run) {
			this.run = run;
		}

		@Override
		public void onSubscribe(Subscription subscription) {
			boolean cancelled;
			synchronized (this.run) {
				this.run.rest = subscription;
				cancelled = this.run.cancelled;
			}
			if (cancelled) {
				subscription.cancel();
			}
			else {
				subscription.request(Long.MAX_VALUE);
			}
		}

		@Override
		public void onNext(Void value) {
		}

		@Override
		public void onError(Throwable ex) {
			this.run.actual.onError(ex);
		}

		@Override
		public void onComplete() {
			this.run.actual.onComplete();
		}

		@Override
		public Context currentContext() {
			return this.run.actual.currentContext();
		}

	}

}
