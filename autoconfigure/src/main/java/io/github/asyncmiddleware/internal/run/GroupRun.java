package io.github.asyncmiddleware.internal.run;

import java.util.ArrayList;
import java.util.List;

import io.github.asyncmiddleware.internal.response.WorkSubscriber;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;

import org.springframework.http.HttpStatusCode;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebHandler;

/**
 * One request in a {@link ConcurrentGroup}. Guards the state of its members, and the
 * ledger while they are at work.
 */
final class GroupRun extends Mono<Void> implements Subscription {

	private final ServerWebExchange exchange;

	private final Step group;

	private final List<GroupMember> members = new ArrayList<>();

	@SuppressWarnings("NullAway.Init")
	CoreSubscriber<? super Void> actual;

	private boolean cancelled;

	private @Nullable Subscription rest;

	/** The one whose answer is being written. Published by the subscription to that. */
	private @Nullable GroupMember decider;

	GroupRun(ServerWebExchange exchange, Step group) {
		this.exchange = exchange;
		this.group = group;
	}

	/**
	 * Call a member.
	 * @return whether it has nothing left to do
	 */
	boolean begin(Step step) {
		int touches = step.statusTouches();
		HttpStatusCode status = this.exchange.getResponse().getStatusCode();
		GroupMember member = new GroupMember(this, step, Failures.guard(step, this.exchange), status);
		this.members.add(member);
		if (member.work != Mono.<WebHandler>empty()) {
			return false;
		}
		if (step.statusTouches() != touches) {
			// While it was called, on this thread: it is the one that has set it
			member.answersWithStatus = true;
			return false;
		}
		if (step.run().isOver()) {
			return false;
		}
		// Nothing to wait for
		member.passed();
		member.state = GroupMember.State.PASSED;
		return true;
	}

	@Override
	public void subscribe(CoreSubscriber<? super Void> actual) {
		this.actual = actual;
		actual.onSubscribe(this);
		for (GroupMember member : this.members) {
			if (isAtWork(member)) {
				this.group.run().here().at(member.step);
				subscribe(member);
			}
		}
		this.group.run().here().at(null);
	}

	private static void subscribe(GroupMember member) {
		Step step = member.step;
		if (step.link().timeout > 0 && step.isObserved()) {
			new Deadline<>(member, step.link().guards.deadlines(), step.run(), step.link().timeout)
				.subscribeTo(member.work);
		}
		else {
			member.work.subscribe(member);
		}
	}

	/** Whether those further out have given the group up. */
	boolean isGivenUp() {
		return this.group.isCancelled();
	}

	private synchronized boolean isAtWork(GroupMember member) {
		return member.state == GroupMember.State.AT_WORK && !this.cancelled;
	}

	/**
	 * A member has finished.
	 */
	void finished(GroupMember member, @Nullable WebHandler answer, @Nullable Throwable error) {
		GroupMember decider;
		List<GroupMember> losers = new ArrayList<>(0);
		synchronized (this) {
			if (!isAtWork(member)) {
				return;
			}
			member.state = stateOf(member, answer, error);
			decider = settle(losers);
		}
		losers.forEach(GroupMember::cancel);
		if (decider == null) {
			return;
		}
		if (decider.state == GroupMember.State.DECIDED) {
			decided(decider);
		}
		else {
			passed();
		}
	}

	private void decided(GroupMember decider) {
		if (isGivenUp()) {
			decider.givenUpUnheard();
			return;
		}
		this.group.run().backAt(decider.step, this.group.relay());
		this.decider = decider;
		decider.outcome(this.exchange).subscribe(awaitsEnd());
	}

	/**
	 * All have passed, unless one has set a status or has lost.
	 */
	private void passed() {
		GroupMember answering = answeringWithStatus();
		if (answering != null) {
			answering.answeredWithStatus();
			decided(answering);
			return;
		}
		List<Link> lost = lost();
		Mono<Void> rest = lost.isEmpty() ? this.group.filter(this.exchange) : again(lost);
		this.decider = null;
		rest.subscribe(awaitsEnd());
	}

	private synchronized List<Link> lost() {
		List<Link> lost = List.of();
		for (int i = 0; i < this.members.size(); i++) {
			GroupMember member = this.members.get(i);
			if (member.state == GroupMember.State.LOST) {
				lost = lost.isEmpty() ? new ArrayList<>() : lost;
				lost.add(member.step.link());
			}
		}
		return lost;
	}

	/**
	 * The one is skipped that some have lost to, and no request goes on without them.
	 */
	private Mono<Void> again(List<Link> lost) {
		RequestRun run = this.group.run();
		if (isGivenUp() || !run.tryAcquire()) {
			return Mono.empty();
		}
		try {
			run.restarted();
			return new ConcurrentGroup(lost).filter(this.exchange, this.group);
		}
		catch (VirtualMachineError ex) {
			run.fatal(ex);
			throw ex;
		}
		finally {
			run.release();
		}
	}

	/**
	 * What a member has decided has ended, or the rest of the chain has.
	 */
	private void ended(@Nullable Throwable error) {
		GroupMember decider = this.decider;
		if (decider != null) {
			if (error != null && decider.failed(error)) {
				synchronized (this) {
					decider.state = GroupMember.State.PASSED;
				}
				passed();
				return;
			}
			if (error == null) {
				decider.step.answered();
			}
			this.group.answered();
		}
		if (error != null) {
			this.actual.onError(error);
		}
		else {
			this.actual.onComplete();
		}
	}

	/**
	 * The first that has passed and has set a status.
	 */
	private synchronized @Nullable GroupMember answeringWithStatus() {
		for (GroupMember member : this.members) {
			if (member.statusSet && member.state == GroupMember.State.PASSED) {
				return member;
			}
		}
		return null;
	}

	private static GroupMember.State stateOf(GroupMember member, @Nullable WebHandler answer,
			@Nullable Throwable error) {
		if (error instanceof NullResultException) {
			member.step.returnedNull();
		}
		if (member.step.run().isOver()) {
			return GroupMember.State.PASSED;
		}
		if (error != null) {
			return Verdict.failedInGroup(member.step, error) ? GroupMember.State.PASSED : GroupMember.State.DECIDED;
		}
		if (answer != null || member.answersWithStatus) {
			member.answering();
			return GroupMember.State.DECIDED;
		}
		member.statusSet = member.hasSetStatus();
		member.passed();
		return GroupMember.State.PASSED;
	}

	/**
	 * See which members are not needed any more, and whether that settles it.
	 * @param losers is given those that have lost
	 * @return the one that decides, the last one if all have passed, or {@code null} if
	 * it is not settled
	 */
	private @Nullable GroupMember settle(List<GroupMember> losers) {
		GroupMember decider = null;
		boolean open = false;
		for (GroupMember member : this.members) {
			if (decider != null && decider.state == GroupMember.State.DECIDED) {
				if (member.state != GroupMember.State.LOST) {
					member.state = GroupMember.State.LOST;
					member.lost();
					losers.add(member);
				}
			}
			else {
				decider = member;
				open |= member.state == GroupMember.State.AT_WORK;
			}
		}
		return open ? null : decider;
	}

	private WorkSubscriber awaitsEnd() {
		return new WorkSubscriber(this.actual) {

			@Override
			protected boolean starts(Subscription subscription) {
				synchronized (GroupRun.this) {
					GroupRun.this.rest = subscription;
					return !GroupRun.this.cancelled;
				}
			}

			@Override
			protected void ended(@Nullable Throwable error) {
				GroupRun.this.ended(error);
			}

		};
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
			if (rest == null) {
				this.group.run().gaveUpTogether();
				this.members.forEach(GroupMember::givenUp);
			}
		}
		if (rest != null) {
			rest.cancel();
		}
		else {
			this.members.forEach(GroupMember::cancel);
		}
	}

}
