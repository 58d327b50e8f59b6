package io.github.asyncmiddleware.internal.response;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

/**
 * The writing of one answer, from its subscription to its end.
 * <p>
 * It is carried by its subscriber. A middleware to which it is shown may release it at
 * once, and nothing has changed. If not, the response is taken: its subscriber is told
 * that the writing is complete, and the middleware carries it from the moment it releases
 * it.
 */
public final class ResponseWriter implements CoreSubscriber<Void>, Subscription {

	/** Some middleware was shown it. */
	private static final int SHOWN = 1;

	/** It has no carrier: the last one was told that it is done. */
	private static final int TAKEN = 1 << 1;

	/** The subscriber does not carry it any more. */
	private static final int DETACHED = 1 << 2;

	/** No middleware has a say any more. */
	private static final int OUT = 1 << 3;

	/** It has ended, was cancelled or was refused. */
	private static final int OVER = 1 << 4;

	/** The head is with the server, or just about to be: it is too late to cancel it. */
	private static final int SENDING = 1 << 5;

	/** It was cancelled while the head went to the server. */
	private static final int UNWANTED = 1 << 6;

	/** Counts how often it was released. */
	private static final int HOP = 1 << 7;

	private static final VarHandle WORD;

	static {
		try {
			WORD = MethodHandles.lookup().findVarHandle(ResponseWriter.class, "word", int.class);
		}
		catch (ReflectiveOperationException ex) {
			throw new ExceptionInInitializerError(ex);
		}
	}

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

	private volatile int word;

	/** Set by the thread that releases, read after the word says {@link #OUT}. */
	private @Nullable Waiting carrier;

	/**
	 * What the head waits for, until it is subscribed to by the thread that has put it.
	 */
	private @Nullable Mono<Void> pending;

	private volatile @Nullable Subscription upstream;

	private volatile @Nullable Subscription wait;

	/** Those that came second. Changed in the lock of this. */
	private volatile @Nullable List<ResponseWriter> seconds;

	ResponseWriter(ResponseFace face, CoreSubscriber<? super Void> actual) {
		this.face = face;
		this.commit = face.commit();
		this.attempt = face.attempt();
		this.actual = actual;
		this.context = actual.currentContext();
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
		if ((this.word & OVER) != 0) {
			return;
		}
		arrive();
	}

	/**
	 * The head is decided.
	 */
	void arrive() {
		if (this.commit.arrives(this)) {
			proceed();
		}
		else {
			this.commit.hold(this);
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
		work.subscribe(new Wait(this));
	}

	private void waited() {
		if (this.commit.sends(this)) {
			proceed();
		}
	}

	/**
	 * The head is about to be with the server.
	 * @return {@code false} if it is over, and no head of this one may go
	 */
	boolean markSending() {
		int word = this.word;
		while ((word & OVER) == 0 && !WORD.compareAndSet(this, word, word | SENDING)) {
			word = this.word;
		}
		return (word & OVER) == 0;
	}

	/**
	 * The head is with the server: let the body follow.
	 */
	void proceed() {
		HeldBody<?> body = this.body;
		if (body == null) {
			Supplier<Mono<Void>> write = this.write;
			if (write != null) {
				write(this.unseen && !this.commit.allowsBody() ? this.commit::completeWithoutBody : write);
			}
		}
		else if (this.commit.allowsBody()) {
			body.letGo();
		}
		else {
			dropBody(body);
		}
		if ((this.word & (UNWANTED | OVER)) == UNWANTED) {
			markOver();
			cancelSources();
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
	 * It is about to be shown to a middleware.
	 * @return the hop, for {@link #take}, or -1 if it is over
	 */
	int showing() {
		int word = this.word;
		while ((word & OVER) == 0 && !WORD.compareAndSet(this, word, word | SHOWN)) {
			word = this.word;
		}
		return ((word & OVER) == 0) ? word | SHOWN : -1;
	}

	/**
	 * The middleware that it was shown to has not released it at once, or another thread
	 * has done so: take it from who has carried it until then, in the first case.
	 */
	void take(int hop) {
		Waiting carrier = this.carrier;
		if ((hop & TAKEN) == 0 && WORD.compareAndSet(this, hop, hop | TAKEN | DETACHED)) {
			end(carrier, null);
		}
	}

	/**
	 * A middleware that it was shown to lets it pass on.
	 * @return whether it is the carrier from now on
	 */
	boolean released(Waiting waiting) {
		int word = this.word;
		while ((word & OVER) == 0 && !WORD.compareAndSet(this, word, (word & ~TAKEN) + HOP)) {
			word = this.word;
		}
		boolean carries = (word & (TAKEN | OVER)) == TAKEN;
		if (carries) {
			this.carrier = waiting;
		}
		return carries;
	}

	void lettingOut() {
		WORD.getAndBitwiseOr(this, OUT);
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
				end(this.carrier, ((before & SHOWN) != 0) ? null
						: new IllegalStateException("Another response is sent instead"));
			}
			if (this.seconds != null) {
				endSeconds(null);
			}
		}
	}

	/**
	 * It comes second. As every server does, write nothing; it ends with the first.
	 * @param first the writer that came first, if that is known already
	 */
	void drop(@Nullable ResponseWriter first) {
		int before = markOver();
		if ((before & OVER) == 0) {
			cancelSources();
			if (first != null) {
				first.endTogether(this);
			}
			else {
				end(null, null);
			}
		}
	}

	private void endTogether(ResponseWriter second) {
		synchronized (this) {
			if (this.seconds == null) {
				this.seconds = new ArrayList<>(1);
			}
			this.seconds.add(second);
		}
		if (isOver()) {
			endSeconds(null);
		}
	}

	private void endSeconds(@Nullable Throwable error) {
		List<ResponseWriter> seconds;
		synchronized (this) {
			seconds = this.seconds;
			this.seconds = null;
		}
		if (seconds != null) {
			seconds.forEach((second) -> second.end(null, error));
		}
	}

	boolean isOver() {
		return (this.word & OVER) != 0;
	}

	private int markOver() {
		return (int) WORD.getAndBitwiseOr(this, OVER);
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
		if ((this.word & OVER) != 0) {
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
		if (this.seconds != null) {
			endSeconds(null);
		}
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
		this.commit.reopen(this, 0);
		discardBody();
		if ((before & (OVER | TAKEN)) == 0) {
			end(this.carrier, ex);
		}
		else if ((before & OVER) != 0) {
			Operators.onErrorDropped(ex, this.context);
		}
		if (this.seconds != null) {
			endSeconds(ex);
		}
	}

	@Override
	public void request(long n) {
		Subscription upstream = this.upstream;
		if (this.holding && upstream != null) {
			upstream.request(n);
		}
	}

	/**
	 * The subscriber cancels. What was shown does not belong to it any more, and what goes
	 * to the server together with its head is not called back.
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
		int word = this.word;
		while ((word & (OVER | notCarrier)) == 0) {
			boolean stands = (word & (SHOWN | OUT)) == SHOWN || ((word & SENDING) != 0 && !hasOpenBody());
			int next = stands ? TAKEN | DETACHED : ((word & (SENDING | UNWANTED)) == SENDING) ? UNWANTED : OVER;
			if (WORD.compareAndSet(this, word, word | next)) {
				if (next == OVER) {
					this.commit.reopen(this, 0);
					cancelSources();
				}
				return;
			}
			word = this.word;
		}
	}

	@Override
	public Context currentContext() {
		return this.context;
	}

	/**
	 * Waits for commit actions and response hooks.
	 */
	private static final class Wait implements CoreSubscriber<Void> {

		private final ResponseWriter writer;

		Wait(ResponseWriter writer) {
			this.writer = writer;
		}

		@Override
		public void onSubscribe(Subscription subscription) {
			this.writer.wait = subscription;
			if ((this.writer.word & OVER) != 0) {
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
			Subscription upstream = this.writer.upstream;
			if (upstream != null) {
				upstream.cancel();
			}
			this.writer.fail(ex);
		}

		@Override
		public void onComplete() {
			this.writer.waited();
		}

		@Override
		public Context currentContext() {
			return this.writer.context;
		}

	}

}
