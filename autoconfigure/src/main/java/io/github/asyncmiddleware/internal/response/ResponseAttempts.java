package io.github.asyncmiddleware.internal.response;

import org.jspecify.annotations.Nullable;

import org.springframework.http.server.reactive.ServerHttpResponse;

/**
 * The attempts to answer one request, of which one is current: its writer, what it has
 * done to the head, and how it is discarded. Discarding restores the head and begins the
 * next attempt.
 */
public abstract class ResponseAttempts extends CommitWord {

	final ServerHttpResponse response;

	final CommitListener request;

	final boolean server;

	/**
	 * The writer that has moved the phase of the current attempt; {@code null} for a
	 * moment after.
	 */
	volatile @Nullable ResponseWriter writer;

	/**
	 * The head when it was asked for last. Changed in the lock of this, as are attempts.
	 */
	private volatile @Nullable ResponseHead head;

	ResponseAttempts(ServerHttpResponse response, CommitListener request, boolean server) {
		this.response = response;
		this.request = request;
		this.server = server;
	}

	/**
	 * The request that the response belongs to.
	 * @return always the same object
	 */
	public final CommitListener request() {
		return this.request;
	}

	/**
	 * Whether a head is decided and not with the server.
	 * @return {@code true} if it waits for middlewares, or for what comes before the head
	 */
	public final boolean isOnItsWay() {
		int phase = word() & PHASE;
		return phase == GATED || phase == COMMITTING;
	}

	/**
	 * Whether a head is decided that no middleware holds. That of a decorator can be one
	 * that was written past it.
	 */
	final boolean isLeaving() {
		int phase = word() & PHASE;
		return this.server ? phase == COMMITTING : phase != GATED && !isWithServer();
	}

	/**
	 * Something is done through a face to the status or the body. Where that has no
	 * effect, it is nothing that another one has done.
	 */
	final void touched(ResponseFace face) {
		if (!face.isOvertaken() && !face.isDiscarded()) {
			this.request.statusTouched();
		}
	}

	/**
	 * The headers or cookies are asked for through a face, and can be changed from now
	 * on.
	 */
	final void headersTouched(ResponseFace face) {
		if (!face.isOvertaken() && !face.isDiscarded()) {
			this.request.headersTouched();
		}
	}

	/**
	 * The first face of the response, which belongs to the current attempt.
	 */
	abstract ResponseFace face();

	/**
	 * Those that await the response.
	 */
	abstract WaitingLine line();

	/**
	 * What has been decided of the head so far. The result is the same object as long as
	 * nothing was touched.
	 * @return status, headers and cookies
	 */
	public final ResponseHead head() {
		ResponseHead head = this.head;
		return (head != null && head.touches() == this.request.touches()) ? head : readHead();
	}

	private synchronized ResponseHead readHead() {
		ResponseHead head = ResponseHead.of(face().commit());
		this.head = head;
		return head;
	}

	/**
	 * The head is not as it was asked for before. In the lock of the commit.
	 */
	final void forgetHead() {
		this.head = null;
	}

	/**
	 * Whether nothing is written that nothing waits for.
	 */
	final boolean isWritten() {
		ResponseWriter writer = this.writer;
		return writer == null || !writer.isAlone();
	}

	/**
	 * Whether a middleware holds the response that it was shown, and a part of the chain
	 * further in was told that it is sent. What that part has to do before the head comes
	 * later.
	 */
	final boolean isTakenFrom(@Nullable AttemptExchange part) {
		ResponseWriter writer = this.writer;
		return part != null && writer != null && (word() & PHASE) == GATED && writer.isTakenFrom(part);
	}

	final boolean isOfServer() {
		return this.server;
	}

	/**
	 * Discard the attempt that the rest of the chain was making for a middleware that has
	 * cancelled it, unless a middleware further out was shown that, it is sent, or those
	 * further out are making another one.
	 * @param rest the exchange of the rest of the chain
	 * @param current the part that has to be making the attempt yet, or {@code null} for
	 * the whole chain
	 * @return whether it is discarded
	 */
	final boolean discardUnshown(AttemptExchange rest, @Nullable AttemptExchange current) {
		AttemptExchange part = rest.outer();
		ResponseWriter writer;
		int held;
		boolean unreached;
		boolean discarded;
		synchronized (this) {
			int attempt = attempt();
			if (isPast(current, attempt)) {
				return false;
			}
			writer = this.writer;
			held = (writer != null && writer.attempt() == attempt) ? writer.giveUpWithin(rest) : CarriedWriter.NOT_HELD;
			int before = markDiscarded(attempt, (held != CarriedWriter.NOT_HELD) ? GATED : OPEN, 0);
			unreached = was(before, attempt, COMMITTING) && writer != null
					&& (writer.wasShown() ? writer.wasShownWithin(rest) : isInside(writer, part));
			if (unreached) {
				before = markDiscarded(attempt, COMMITTING, 0);
			}
			discarded = was(before, attempt, OPEN) || unreached || held != CarriedWriter.NOT_HELD;
			if (discarded) {
				if (!was(before, attempt, OPEN)) {
					this.request.stays(this.server);
				}
				// Else one whose time is used up would be shown what those further out
				// send
				line().leaveWithin(rest);
				restore(part, attempt + 1, rest.head());
				rest.ended();
			}
			else if (was(before, attempt, SENT)
					|| (before / ATTEMPT == attempt && writer != null && !writer.isOver())) {
				((part != null) ? part.getResponse() : face()).overtaken();
			}
		}
		if (writer != null && held != CarriedWriter.NOT_HELD) {
			writer.refused(held);
		}
		else if (writer != null && unreached) {
			writer.refuse();
		}
		return discarded;
	}

	/**
	 * Whether what was sent is with the server. A decorator can be written to again as
	 * long as that has nothing.
	 */
	final boolean isWithServer() {
		return this.server || this.request.hasHead();
	}

	/**
	 * Whether those further out than a part of the chain have begun another attempt.
	 */
	private static boolean isPast(@Nullable AttemptExchange part, int attempt) {
		return part != null && part.attempt() != attempt;
	}

	/**
	 * Whether a writer writes further in than a part of the chain begins.
	 */
	private static boolean isInside(ResponseWriter writer, @Nullable AttemptExchange outer) {
		AttemptExchange part = writer.face().part();
		return part != null && part.isInside(outer);
	}

	/**
	 * Discard the attempt that a middleware waits for, or was shown, unless one further
	 * out holds it, or those further out are making another one. It must have released
	 * none, and is shown none any more.
	 * @param waiting the part of the middleware
	 * @param writer what was shown, or {@code null} if nothing was
	 * @param part the part of the chain that the middleware belongs to, or {@code null}
	 * for the whole chain
	 * @param head the head when the attempt began
	 * @return {@code false} if it was sent meanwhile, by a writer that came past, or was
	 * discarded by those further out
	 */
	public final boolean discard(Waiting waiting, @Nullable ResponseWriter writer, @Nullable AttemptExchange part,
			ResponseHead head) {
		int attempt;
		boolean discarded;
		synchronized (this) {
			// In the lock, so that it is not shown what those further out send next
			line().leave(waiting);
			attempt = attempt();
			ResponseWriter current = this.writer;
			boolean past = isPast(part, attempt);
			if (writer == null && (past
					|| (current != null && current.attempt() == attempt && current.isHeldFurtherOut(waiting)))) {
				return false;
			}
			int before = past ? word() : markDiscarded(attempt, GATED, 0);
			discarded = !past && before / ATTEMPT == attempt && (before & PHASE) <= GATED;
			if (discarded) {
				restore(part, attempt + 1, head);
				if ((before & PHASE) == GATED) {
					this.request.stays(this.server);
				}
			}
		}
		if (writer != null && (discarded || writer.attempt() != attempt)) {
			writer.refuse();
		}
		return discarded;
	}

	private void restore(@Nullable AttemptExchange part, int attempt, ResponseHead head) {
		this.request.discarded();
		head.restore();
		AttemptExchange.moveOn(part, attempt);
	}

	/**
	 * A writer will not send its head: it was cancelled, or refused.
	 * @return whether its attempt is discarded by that
	 */
	final boolean reopen(ResponseWriter writer, int flags) {
		return reopen(writer, flags, false);
	}

	/**
	 * A writer will not send its head.
	 * @param writer the writer
	 * @param flags what is noted for the attempts that follow
	 * @param failed whether it has failed, so that it was no answer
	 * @return whether its attempt is discarded by that
	 */
	final boolean reopen(ResponseWriter writer, int flags, boolean failed) {
		int attempt = writer.attempt();
		int last = isWithServer() ? COMMITTING : SENT;
		synchronized (this) {
			// It is set in the same lock in which the phase moves
			if (this.writer != writer) {
				return false;
			}
			int before = markDiscarded(attempt, last, flags);
			if (before / ATTEMPT != attempt || (before & PHASE) > last) {
				return false;
			}
			// Another one may be written to the same face
			AttemptExchange.moveOn(writer.face().part(), attempt + 1);
			if ((before & PHASE) != OPEN) {
				this.request.stays(this.server);
			}
			if (failed) {
				this.request.answerFailed();
			}
			return true;
		}
	}

}
