package io.github.asyncmiddleware.internal.response;

import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;

/**
 * The writing of one answer, from its subscription to its end: lets the body follow once
 * the {@link ResponseCommit} has let the head go.
 */
public final class ResponseWriter extends CarriedWriter implements Subscription {

	private final ResponseFace face;

	private final ResponseCommit commit;

	private final int attempt;

	// Set before the body is subscribed to; BEGUN publishes what dropBody changes
	/** There is a body whose first element can be held. */
	private boolean holding;

	/** What holds it, once the server has subscribed to it. */
	private @Nullable HeldBody<?> body;

	/** What is subscribed to when the head is with the server, where no body is held. */
	private @Nullable Supplier<Mono<Void>> write;

	/** The server writes a body by itself, so nothing else tells when it is complete. */
	private boolean unseen;

	/**
	 * What the head waits for, until it is subscribed to by the thread that has put it.
	 */
	private @Nullable Mono<Void> pending;

	private volatile @Nullable Subscription upstream;

	private volatile @Nullable Subscription wait;

	ResponseWriter(ResponseFace face, CoreSubscriber<? super Void> actual) {
		super(actual);
		this.face = face;
		this.commit = face.commit();
		this.attempt = face.attempt();
	}

	ResponseFace face() {
		return this.face;
	}

	int attempt() {
		return this.attempt;
	}

	ResponseCommit commit() {
		return this.commit;
	}

	/** Write a body whose first element is held until the head may go. */
	void writeHolding(Mono<Void> write) {
		this.holding = true;
		write.subscribe(this);
	}

	<T> HeldBody<T> holding(HeldBody<T> body) {
		this.body = body;
		return body;
	}

	/** Whether no other answer can be on its way in its place. */
	boolean isCurrent() {
		return !this.commit.isOfServer() || CommitWord.was(this.commit.word(), this.attempt, CommitWord.OPEN);
	}

	/**
	 * Write what has no element to hold, when the head may go.
	 * @param write what writes it
	 * @param unseen whether it has a body that only the server sees
	 */
	void writeWithoutHolding(Supplier<Mono<Void>> write, boolean unseen) {
		this.write = write;
		this.unseen = unseen;
		this.actual.onSubscribe(this);
		if (!isOver()) {
			arrive();
		}
	}

	/** The head is decided. */
	void arrive() {
		try {
			if (this.commit.arrives(this)) {
				proceed();
			}
			else {
				this.commit.hold(this);
			}
		}
		catch (VirtualMachineError ex) {
			this.commit.request().fatal(ex);
			throw ex;
		}
	}

	boolean hasOpenBody() {
		HeldBody<?> body = this.body;
		return this.unseen || (body != null && body.isOpenEnded());
	}

	boolean hasNoBody() {
		return !this.holding && !this.unseen;
	}

	void pend(Mono<Void> work) {
		this.pending = work;
	}

	@Nullable Mono<Void> takePending() {
		Mono<Void> work = this.pending;
		this.pending = null;
		return work;
	}

	/** Wait for what comes before the head. */
	void waitFor(Mono<Void> work) {
		work.subscribe(new WorkSubscriber(this) {

			@Override
			protected boolean starts(Subscription subscription) {
				ResponseWriter.this.wait = subscription;
				return !isOver();
			}

			@Override
			protected void ended(@Nullable Throwable error) {
				waited(error);
			}

		});
	}

	/**
	 * Everything before the head is done.
	 * @param error why it could not be done, or {@code null}
	 */
	private void waited(@Nullable Throwable error) {
		if (error != null) {
			cancel(this.upstream);
			fail(error);
			return;
		}
		try {
			if (this.commit.sends(this)) {
				proceed();
			}
		}
		catch (VirtualMachineError ex) {
			this.commit.request().fatal(ex);
			throw ex;
		}
	}

	/**
	 * The head is with the server: let the body follow.
	 */
	void proceed() {
		HeldBody<?> body = this.body;
		if (body == null) {
			Supplier<Mono<Void>> write = this.write;
			if (write != null) {
				write((this.unseen && !this.commit.status().allowsBody()) ? this.commit::completeWithoutBody : write);
			}
		}
		else if (this.commit.status().allowsBody()) {
			body.letGo();
		}
		else {
			dropBody(body);
		}
		int before = markBegun();
		if ((before & (UNWANTED | OVER)) == UNWANTED) {
			markOver();
			breakOff(true);
		}
		letEnd();
	}

	/** The status that was decided on has no body. */
	private void dropBody(HeldBody<?> body) {
		this.body = null;
		this.holding = false;
		this.unseen = true;
		Subscription upstream = this.upstream;
		this.upstream = null;
		cancel(upstream);
		body.discard();
		write(this.commit::completeWithoutBody);
	}

	private void write(Supplier<Mono<Void>> write) {
		Mono<Void> source;
		try {
			source = write.get();
		}
		catch (Throwable ex) {
			source = Mono.error(ex);
		}
		source.subscribe(this);
	}

	@Override
	void cancelSources() {
		cancel(this.upstream);
		cancel(this.wait);
		discardBody();
	}

	private static void cancel(@Nullable Subscription subscription) {
		if (subscription != null) {
			subscription.cancel();
		}
	}

	private void discardBody() {
		HeldBody<?> body = this.body;
		if (body != null) {
			body.discard();
		}
	}

	@Override
	public void onSubscribe(Subscription subscription) {
		boolean first = this.upstream == null && this.holding;
		this.upstream = subscription;
		if (first) {
			this.actual.onSubscribe(this);
			return;
		}
		if ((word() & OVER) != 0) {
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
	public void onComplete() {
		if (!this.commit.isOfServer()) {
			decorated();
		}
		else if ((word() & SENDING) != 0 && (this.unseen || (this.body != null && !this.body.isOver()))) {
			// A client of a test reads the body after that
			this.commit.request().end().bodyComplete();
		}
		int before = markOver();
		if ((before & (OVER | TAKEN)) == 0) {
			endCarrier(null);
		}
		endOthers(null);
	}

	/**
	 * A decorator has completed what it was given. It may have answered without it, and
	 * may have kept it for later.
	 */
	private void decorated() {
		if (this.body != null && !this.body.isOver()) {
			this.commit.request().atEnd(() -> cancel(isWanted() ? null : this.upstream));
		}
		this.commit.decorated();
	}

	@Override
	public void onError(Throwable ex) {
		if (this.commit.isOfServer() && this.commit.request().hasHead() && (word() & SENDING) != 0) {
			this.commit.request().end().writeFailed(this.unseen ? ex : null);
		}
		fail(ex);
	}

	private void fail(Throwable ex) {
		int before = markOver();
		this.commit.reopen(this, 0, true);
		discardBody();
		if ((before & (OVER | TAKEN)) == 0) {
			endCarrier(ex);
		}
		endOthers(ex);
	}

	@Override
	public void request(long n) {
		Subscription upstream = this.upstream;
		if (this.holding && upstream != null) {
			upstream.request(n);
		}
	}

	/**
	 * The subscriber cancels. What was shown does not belong to it any more, and what
	 * goes to the server together with its head is not called back.
	 */
	@Override
	public void cancel() {
		cancel(DETACHED);
	}

	/**
	 * The middleware that carries it cancels.
	 */
	public void cancelCarried() {
		cancel(TAKEN);
	}

	private void cancel(int notCarrier) {
		boolean openBody = hasOpenBody() || !this.commit.isWithServer();
		int before = markCancelled(notCarrier, openBody);
		int now = ((before & (OVER | notCarrier)) == 0) ? cancelled(before, openBody) : 0;
		boolean reopened = (now == OVER || now == UNWANTED) && this.commit.reopen(this, 0);
		if (now == OVER) {
			breakOff((before & BEGUN) != 0);
		}
		else if (reopened) {
			// Being handed to a decorator, which is not to hand it to the server
			cancelSources();
		}
	}

	private void breakOff(boolean begun) {
		// What a decorator has was not sent yet
		if (begun && this.commit.isOfServer()) {
			this.commit.request().end().bodyCancelled();
		}
		cancelSources();
		endOthers(null);
	}

}
