package io.github.asyncmiddleware.internal.response;

import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;
import reactor.util.context.Context;

/**
 * The writing of one answer, from its subscription to its end.
 * <p>
 * It is carried by its subscriber. A middleware to which it is shown may release it at
 * once, and nothing has changed. If not, the response is taken: its subscriber is told
 * that the writing is complete, and the middleware carries it from the moment it releases
 * it.
 */
public final class ResponseWriter extends WriterWord implements CoreSubscriber<Void>, Subscription {

	private final ResponseFace face;

	private final ResponseCommit commit;

	private final int attempt;

	private final CoreSubscriber<? super Void> actual;

	/** Kept, since asking for it goes through all subscribers further out. */
	private final Context context;

	/** There is a body whose first element can be held. */
	private boolean holding;

	/** What holds it, once the server has subscribed to it. */
	private @Nullable HeldBody<?> body;

	/** What is subscribed to when the head is with the server, where no body is held. */
	private @Nullable Supplier<Mono<Void>> write;

	/** The server writes a body by itself, so nothing else tells when it is complete. */
	private boolean unseen;

	/** Set by the thread that releases, read after the word says {@link #OUT}. */
	private @Nullable Waiting carrier;

	/**
	 * What the head waits for, until it is subscribed to by the thread that has put it.
	 */
	private @Nullable Mono<Void> pending;

	private volatile @Nullable Subscription upstream;

	private volatile @Nullable Subscription wait;

	/** Those that came second. Changed in the lock of this. */
	private volatile @Nullable SecondWriters seconds;

	ResponseWriter(ResponseFace face, CoreSubscriber<? super Void> actual) {
		this.face = face;
		this.commit = face.commit();
		this.attempt = face.attempt();
		this.actual = actual;
		this.context = actual.currentContext();
	}

	ResponseFace face() {
		return this.face;
	}

	int attempt() {
		return this.attempt;
	}

	/**
	 * It was not sent, and another one may be written to the same face.
	 */
	void moveOn(int attempt) {
		this.face.moveOn(attempt);
	}

	ResponseCommit commit() {
		return this.commit;
	}

	/**
	 * Write a body whose first element is held until the head may go.
	 */
	void writeHolding(Mono<Void> write) {
		this.holding = true;
		write.subscribe(this);
	}

	void body(HeldBody<?> body) {
		this.body = body;
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
		if ((word() & OVER) != 0) {
			return;
		}
		arrive();
	}

	/**
	 * The head is decided.
	 */
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

	void pend(Mono<Void> work) {
		this.pending = work;
	}

	@Nullable Mono<Void> takePending() {
		Mono<Void> work = this.pending;
		this.pending = null;
		return work;
	}

	/**
	 * Wait for what comes before the head.
	 */
	void waitFor(Mono<Void> work) {
		work.subscribe(new CommitWait(this));
	}

	/**
	 * It can be told to stop waiting from now on.
	 */
	void waiting(Subscription wait) {
		this.wait = wait;
		if (isOver()) {
			wait.cancel();
		}
		else {
			wait.request(Long.MAX_VALUE);
		}
	}

	/**
	 * Everything before the head is done.
	 * @param error why it could not be done, or {@code null}
	 */
	void waited(@Nullable Throwable error) {
		if (error != null) {
			Subscription upstream = this.upstream;
			if (upstream != null) {
				upstream.cancel();
			}
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
		if ((markBegun() & (UNWANTED | OVER)) == UNWANTED) {
			markOver();
			cancelSources();
			endSeconds(null);
		}
	}

	/**
	 * The status that was decided on has no body.
	 */
	private void dropBody(HeldBody<?> body) {
		this.body = null;
		this.holding = false;
		this.unseen = true;
		Subscription upstream = this.upstream;
		this.upstream = null;
		if (upstream != null) {
			upstream.cancel();
		}
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

	/**
	 * The middleware that it was shown to has not released it at once, or another thread
	 * has done so: take it from who has carried it until then, in the first case.
	 */
	void take(int hop) {
		Waiting carrier = this.carrier;
		if (markTaken(hop)) {
			end(carrier, null);
		}
	}

	/**
	 * A middleware that it was shown to lets it pass on.
	 * @return whether it is the carrier from now on
	 */
	boolean released(Waiting waiting) {
		int word = markReleased();
		boolean carries = (word & (TAKEN | OVER)) == TAKEN;
		if (carries) {
			this.carrier = waiting;
		}
		return carries;
	}

	/**
	 * Another answer is sent instead, or the middleware that it was shown to is over.
	 */
	void refuse() {
		int before = markOver();
		if ((before & OVER) == 0) {
			cancelSources();
			if ((before & TAKEN) == 0) {
				// One that was shown was an answer, and is no failure of those further in
				end(this.carrier,
						((before & SHOWN) != 0) ? null : new IllegalStateException("Another response is sent instead"));
			}
			endSeconds(null);
		}
	}

	/**
	 * It comes second. As every server does, write nothing; if nothing waits for the
	 * first any more, wait for it.
	 * @param first the writer that came first, if that is known already
	 */
	void drop(@Nullable ResponseWriter first) {
		int before = markOver();
		if ((before & OVER) == 0) {
			cancelSources();
			if (first != null && first.isAlone()) {
				first.endTogether(this);
			}
			else {
				end(null, null);
			}
		}
	}

	private void endTogether(ResponseWriter second) {
		SecondWriters seconds;
		synchronized (this) {
			seconds = (this.seconds != null) ? this.seconds : new SecondWriters();
			this.seconds = seconds;
		}
		if (!seconds.tryAdd(second)) {
			second.endWithFirst(null);
		}
		else if (isOver()) {
			seconds.end(null);
		}
	}

	/**
	 * Whether it goes on although its carrier has cancelled it.
	 */
	boolean isAlone() {
		return (word() & (SENDING | DETACHED | TAKEN | OVER)) == (SENDING | DETACHED | TAKEN);
	}

	void endWithFirst(@Nullable Throwable error) {
		end(null, error);
	}

	private void endSeconds(@Nullable Throwable error) {
		SecondWriters seconds = this.seconds;
		if (seconds != null) {
			seconds.end(error);
		}
	}

	private void cancelSources() {
		Subscription upstream = this.upstream;
		if (upstream != null) {
			upstream.cancel();
		}
		Subscription wait = this.wait;
		if (wait != null) {
			wait.cancel();
		}
		discardBody();
	}

	private void discardBody() {
		HeldBody<?> body = this.body;
		if (body != null) {
			body.discard();
		}
	}

	private void end(@Nullable Waiting carrier, @Nullable Throwable error) {
		if (carrier != null) {
			carrier.sent(error);
		}
		else if (error != null) {
			this.actual.onError(error);
		}
		else {
			this.actual.onComplete();
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
		if (this.unseen) {
			this.commit.request().end().bodyComplete();
		}
		int before = markOver();
		if ((before & (OVER | TAKEN)) == 0) {
			end(this.carrier, null);
		}
		endSeconds(null);
	}

	@Override
	public void onError(Throwable ex) {
		if (this.commit.request().hasHead()) {
			this.commit.request().end().writeFailed();
		}
		fail(ex);
	}

	private void fail(Throwable ex) {
		int before = markOver();
		if (this.commit.reopen(this, 0)) {
			this.commit.request().answerFailed();
		}
		discardBody();
		if ((before & (OVER | TAKEN)) == 0) {
			end(this.carrier, ex);
		}
		endSeconds(ex);
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
	void cancelCarried() {
		cancel(TAKEN);
	}

	private void cancel(int notCarrier) {
		boolean openBody = hasOpenBody();
		int before = markCancelled(notCarrier, openBody);
		if ((before & (OVER | notCarrier)) == 0 && cancelled(before, openBody) == OVER) {
			this.commit.reopen(this, 0);
			cancelSources();
			endSeconds(null);
		}
	}

	@Override
	public Context currentContext() {
		return this.context;
	}

}
