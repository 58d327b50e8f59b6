package io.github.asyncmiddleware.internal.response;

import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.web.server.ServerWebExchange;

/**
 * Decides which writer may write the head of one response, and when.
 * <p>
 * Its word says which attempt may write it, see {@link CommitWord}. There is one for the
 * response of the server. A response that a foreign filter has decorated gets another one
 * if a middleware further in awaits it; that one has no commit actions and passes on to
 * the decorator.
 */
public final class ResponseCommit extends ResponseAttempts {

	private final ResponseFace face;

	/**
	 * Some part of the chain can be discarded. Set before that part is subscribed to, or
	 * before response hooks run.
	 */
	private boolean shared;

	private final ResponseStatus status;

	private final CommitWork work;

	private final WaitingLine line = new WaitingLine(this);

	/**
	 * Made for the first that awaits, before it hands over. On two threads there can be
	 * two for a moment, which share less.
	 */
	private @Nullable AwaitedResponse awaited;

	/**
	 * Create the commit of a response.
	 * @param response the response as it is without this
	 * @param request the request
	 * @param server whether it is the one of the server, and no decorator of it
	 */
	ResponseCommit(ServerHttpResponse response, CommitListener request, boolean server) {
		super(response, request, server);
		this.status = new ResponseStatus(this);
		this.work = new CommitWork(this);
		this.face = ResponseFace.of(this, null);
	}

	/**
	 * The commit of the response that an exchange has.
	 * @param exchange any exchange
	 * @return the commit, or {@code null} if the response is not ours
	 */
	public static @Nullable ResponseCommit of(ServerWebExchange exchange) {
		if (exchange instanceof AttemptExchange attempt) {
			return attempt.commit();
		}
		return (exchange.getResponse() instanceof ResponseFace face) ? face.commit() : null;
	}

	@Override
	ResponseFace face() {
		return this.face;
	}

	void share() {
		this.shared = true;
	}

	boolean isShared() {
		return this.shared;
	}

	ResponseStatus status() {
		return this.status;
	}

	@Override
	WaitingLine line() {
		return this.line;
	}

	/**
	 * What those share that the response is shown to.
	 * @return always the same object
	 */
	public AwaitedResponse awaited() {
		AwaitedResponse awaited = this.awaited;
		if (awaited == null) {
			awaited = new AwaitedResponse(this);
			this.awaited = awaited;
		}
		return awaited;
	}

	/**
	 * Whether an answer was made, sent or not.
	 * @return {@code true} if the rest of the chain may not start any more
	 */
	public boolean isAnswered() {
		return answered();
	}

	/**
	 * Whether the head is with the server.
	 * @return {@code true} if no attempt can be discarded any more
	 */
	public boolean isSent() {
		// What a decorator has is not with the server before commit actions have run
		return sent() && isWithServer();
	}

	/**
	 * Whether a response is past all middlewares that it was shown to, and its head not
	 * with the server.
	 * @param attempt the number of its attempt
	 * @return {@code false} if it was given up
	 */
	public boolean isLetOut(int attempt) {
		return was(word(), attempt, COMMITTING);
	}

	/**
	 * Whether the response is past those that may discard it.
	 */
	boolean isCommitted() {
		return (word() & PHASE) >= COMMITTING || this.response.isCommitted();
	}

	/**
	 * Show the response to a middleware that is about to hand over.
	 * @param waiting the part of the middleware
	 */
	public void await(Waiting waiting) {
		this.line.join(waiting);
	}

	/**
	 * Whether a response is being shown to a middleware at this moment.
	 * @param waiting the part of the middleware
	 * @return {@code true} if {@link Waiting#shown} is called, or was
	 */
	public boolean isShowing(Waiting waiting) {
		ResponseWriter writer = this.writer;
		return writer != null && writer.isHeldBy(waiting);
	}

	/**
	 * Show no response to a middleware any more, whose part is over.
	 * @param waiting the part of the middleware
	 */
	public void leave(Waiting waiting) {
		this.line.leave(waiting);
	}

	/**
	 * Let a response pass on that was shown.
	 * @param waiting the part of the middleware that it was shown to
	 * @param writer what writes it
	 * @return whether {@link Waiting#sent} will tell how that ends; else the rest of the
	 * chain does
	 */
	public boolean release(Waiting waiting, ResponseWriter writer) {
		return this.line.release(waiting, writer);
	}

	/**
	 * A writer has its head decided.
	 * @param writer the writer
	 * @return whether it may go on at once; else {@link ResponseWriter#proceed} or
	 * {@link ResponseWriter#refuse} follows after {@link #hold}
	 */
	boolean arrives(ResponseWriter writer) {
		Waiting first = this.line.innermost();
		int attempt = writer.attempt();
		int before;
		boolean overtaken;
		boolean late;
		ResponseWriter earlier = this.writer;
		synchronized (this) {
			if (writer.isOver()) {
				return false;
			}
			overtaken = writer.face().isOvertaken();
			// What discards it says so in the same lock
			late = !overtaken && was(word(), attempt, OPEN) && !this.request.tryLeave(writer.face());
			before = (overtaken || late) ? word() : mark(attempt, OPEN, (first != null) ? GATED : COMMITTING);
			if (!overtaken && !late && was(before, attempt, OPEN)) {
				this.writer = writer;
			}
		}
		if (late || before / ATTEMPT != attempt) {
			writer.refuse();
			return false;
		}
		if (overtaken || (before & PHASE) != OPEN) {
			writer.drop(earlier);
			return false;
		}
		return first == null && commits(writer);
	}

	/**
	 * Go on with a writer that was told to wait, once it has put its first element away.
	 */
	void hold(ResponseWriter writer) {
		Mono<Void> work = writer.takePending();
		if (work != null) {
			writer.waitFor(work);
		}
		else if (this.writer == writer && was(word(), writer.attempt(), GATED)) {
			this.line.lead(writer, this.line.innermost());
		}
		else {
			writer.refuse();
		}
	}

	/**
	 * The response is past all middlewares that it was shown to.
	 */
	void letOut(ResponseWriter writer) {
		int attempt = writer.attempt();
		if (!was(mark(attempt, GATED, COMMITTING), attempt, GATED)) {
			writer.refuse();
			return;
		}
		this.request.letOut(this, attempt);
		if (commits(writer)) {
			writer.proceed();
		}
		else {
			Mono<Void> work = writer.takePending();
			if (work != null) {
				writer.waitFor(work);
			}
		}
	}

	/**
	 * Run what has to be done before the head.
	 * @return whether that is all done, and the head with the server
	 */
	private boolean commits(ResponseWriter writer) {
		Mono<Void> work = this.server ? this.work.begin(writer, (word() & ACTIONS_DONE) == 0) : null;
		if (work != null) {
			writer.pend(work);
			return false;
		}
		return sends(writer);
	}

	/**
	 * As {@code AbstractServerHttpResponse} does: the rest of the actions is left out,
	 * also for the response that follows.
	 */
	void actionFailed(ResponseWriter writer) {
		if (reopen(writer, ACTIONS_DONE, true)) {
			this.response.getHeaders().clearContentHeaders();
		}
	}

	/**
	 * The decorator has completed what it was given, and may have kept it for later.
	 */
	void decorated() {
		synchronized (this) {
			if (!isWithServer()) {
				this.request.stays(false);
			}
		}
	}

	/**
	 * Everything before the head is done.
	 * @return whether the head is with the server; if not, the attempt was discarded
	 */
	boolean sends(ResponseWriter writer) {
		this.status.dropLength();
		boolean wanted;
		boolean sent;
		synchronized (this) {
			wanted = writer.markSending();
			sent = wanted && was(mark(writer.attempt(), COMMITTING, SENT), writer.attempt(), COMMITTING);
		}
		if (!wanted) {
			reopen(writer, 0);
			return false;
		}
		if (!sent) {
			writer.refuse();
			return false;
		}
		if (this.server) {
			this.status.sent(writer.hasOpenBody(), writer.hasNoBody());
		}
		return true;
	}

	/**
	 * Let the end of the request wait until the server has what is being handed to it. A
	 * middleware can give up an answer in that moment, and complete on another thread: a
	 * server that is told of an end before it was told of the body may send neither.
	 * After that moment nothing waits, since a client that reads nothing would hold it.
	 * @param end ends the request
	 * @return {@code false} if there is nothing to wait for
	 */
	public boolean tryAwaitHandover(Runnable end) {
		ResponseWriter writer = this.writer;
		return writer != null && writer.tryAwait(end);
	}

	/**
	 * End a response that has a body which its status does not allow.
	 */
	Mono<Void> completeWithoutBody() {
		this.response.getHeaders().clearContentHeaders();
		return this.response.setComplete();
	}

	void beforeCommit(Supplier<? extends Mono<Void>> action) {
		if (this.server) {
			this.work.add(action);
		}
		else {
			this.response.beforeCommit(action);
		}
	}

}
