package io.github.asyncmiddleware.internal.response;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

import io.github.asyncmiddleware.internal.record.RequestEnd;
import io.github.asyncmiddleware.internal.record.RequestRecord;
import io.github.asyncmiddleware.internal.watch.ThreadActivity;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.server.reactive.ServerHttpResponse;

/**
 * Decides who may write the head of one response, and when.
 * <p>
 * Every answer that is being made is an attempt and has a number. A writer belongs to the
 * attempt that is current when it is subscribed to. Discarding an attempt counts up, so
 * its writers are refused, and restores the head. In the phases of an attempt, each arrow
 * is one method {@code markX} that returns the word before:
 *
 * <pre>
 * OPEN        no writer has its head decided
 *   arrives    GATED if some middleware awaits the response, else COMMITTING
 *   discard    OPEN of the next attempt
 * GATED       the writer waits until each of these middlewares has released it
 *   let out    COMMITTING
 *   discard    OPEN of the next attempt, by the middleware it was shown to
 * COMMITTING  commit actions in their order run, then response hooks, inner ones first
 *   done       SENT
 *   failed     OPEN of the next attempt
 * SENT        the head is the server's
 * </pre>
 *
 * There is one for the response of the server. A response that a foreign filter has
 * decorated gets another one if a middleware further in awaits it; that one has no commit
 * actions and passes on to the decorator.
 */
public final class ResponseCommit {

	private static final int OPEN = 0;

	private static final int GATED = 1;

	private static final int COMMITTING = 2;

	private static final int SENT = 3;

	private static final int PHASE = 3;

	/** The body of an answer to a HEAD request was written, which does not commit it. */
	private static final int ANSWERED = 1 << 2;

	/** The commit actions have run and one has failed: they do not run again. */
	private static final int ACTIONS_DONE = 1 << 3;

	private static final int ATTEMPT = 1 << 4;

	private static final VarHandle WORD;

	static {
		try {
			WORD = MethodHandles.lookup().findVarHandle(ResponseCommit.class, "word", int.class);
		}
		catch (ReflectiveOperationException ex) {
			throw new ExceptionInInitializerError(ex);
		}
	}

	private final ServerHttpResponse response;

	private final CommitListener request;

	private final boolean server;

	/** The outermost face, which belongs to the current attempt. Set when it is made. */
	@SuppressWarnings("NullAway.Init")
	private ResponseFace face;

	/** Some part of the chain can be discarded. Set before that part is subscribed to. */
	private boolean shared;

	/** The response of the server was asked for, as upgrade strategies do. */
	private boolean unwrapped;

	/** Made for the first that awaits. */
	private @Nullable AwaitedResponse live;

	private volatile int word;

	/**
	 * Who has moved the phase of the current attempt; {@code null} for a moment after.
	 */
	private volatile @Nullable ResponseWriter writer;

	/** Published by the subscription that goes inwards, and by the end on its way out. */
	private @Nullable Waiting innermost;

	private @Nullable ResponseHead head;

	private int headTouches = -1;

	/** Added to by the thread that the request is on. */
	private @Nullable List<Supplier<? extends Mono<Void>>> actions;

	/**
	 * Create the commit of a response.
	 * @param response the response as it is without this
	 * @param request the request
	 * @param server whether it is the one of the server, and no decorator of it
	 */
	ResponseCommit(ServerHttpResponse response, CommitListener request, boolean server) {
		this.response = response;
		this.request = request;
		this.server = server;
	}

	ResponseFace first(ResponseFace face) {
		this.face = face;
		return face;
	}

	boolean isOfServer() {
		return this.server;
	}

	void share() {
		this.shared = true;
	}

	boolean isShared() {
		return this.shared;
	}

	void unwrapped() {
		this.unwrapped = true;
	}

	/**
	 * The response as those see it that it is shown to.
	 * @return always the same object
	 */
	public AwaitedResponse live() {
		AwaitedResponse live = this.live;
		if (live == null) {
			live = new AwaitedResponse(this.face, this);
			this.live = live;
		}
		return live;
	}

	/**
	 * The request that the response belongs to.
	 * @return always the same object
	 */
	public CommitListener request() {
		return this.request;
	}

	int attempt() {
		return this.word / ATTEMPT;
	}

	/**
	 * Whether an answer was made, sent or not: the head is decided, or a body was written
	 * for a HEAD request.
	 * @return {@code true} if the rest of the chain may not start any more
	 */
	public boolean isAnswered() {
		return (this.word & (PHASE | ANSWERED)) != OPEN;
	}

	/**
	 * Whether the response is past those that may discard it.
	 */
	boolean isCommitted() {
		return (this.word & PHASE) >= COMMITTING || this.response.isCommitted();
	}

	/**
	 * Whether the writer whose head was decided has ended, if there is one.
	 */
	boolean isWritten() {
		ResponseWriter writer = this.writer;
		return writer == null || writer.isOver();
	}

	/**
	 * Whether the head is with the server.
	 * @return {@code true} if no attempt can be discarded any more
	 */
	public boolean isSent() {
		return (this.word & PHASE) == SENT;
	}

	/**
	 * A body was written that is never sent, in answer to a HEAD request.
	 * @param attempt the attempt of its writer
	 */
	void markAnswered(int attempt) {
		int word = this.word;
		while (word / ATTEMPT == attempt && !WORD.compareAndSet(this, word, word | ANSWERED)) {
			word = this.word;
		}
	}

	/**
	 * Move an attempt from one phase to another.
	 * @return the word before, in which the attempt or the phase is another one if
	 * nothing was changed
	 */
	private int mark(int attempt, int from, int to) {
		int word = this.word;
		while (was(word, attempt, from) && !WORD.compareAndSet(this, word, (word & ~PHASE) | to)) {
			word = this.word;
		}
		return word;
	}

	private static boolean was(int word, int attempt, int phase) {
		return word / ATTEMPT == attempt && (word & PHASE) == phase;
	}

	/**
	 * Begin the next attempt.
	 * @return the word before, in which the attempt or the phase is another one if
	 * nothing was changed
	 */
	private int markDiscarded(int attempt, int last, int flags) {
		int word = this.word;
		while (word / ATTEMPT == attempt && (word & PHASE) <= last
				&& !WORD.compareAndSet(this, word, (attempt + 1) * ATTEMPT | (word & ACTIONS_DONE) | flags)) {
			word = this.word;
		}
		return word;
	}

	/**
	 * What has been decided of the head so far. The result is the same object as long as
	 * nothing was touched.
	 * @return status, headers and cookies
	 */
	public ResponseHead head() {
		int touches = this.request.touches();
		ResponseHead head = this.head;
		if (head == null || this.headTouches != touches) {
			head = ResponseHead.of(this.response);
			this.head = head;
			this.headTouches = touches;
		}
		return head;
	}

	/**
	 * Discard the attempt that the rest of the chain was making for a middleware that has
	 * cancelled it, unless that has been shown to somebody further out or is sent.
	 * @param face the face of the response that the middleware sees
	 * @param head the head when the attempt began
	 */
	public void discardUnshown(ResponseFace face, ResponseHead head) {
		synchronized (this) {
			int attempt = attempt();
			int before = markDiscarded(attempt, OPEN, 0);
			if (was(before, attempt, OPEN)) {
				restore(face, attempt + 1, head);
			}
			else if (was(before, attempt, SENT)) {
				face.overtaken();
			}
		}
	}

	/**
	 * Discard the attempt that a middleware waits for, or was shown. It must have
	 * released none.
	 * @param waiting the part of the middleware
	 * @param writer what was shown, or {@code null} if nothing was
	 * @param face the face of the response that the middleware sees
	 * @param head the head when the attempt began
	 * @return {@code false} if it was sent meanwhile, by a writer that came past
	 */
	public boolean discard(Waiting waiting, @Nullable ResponseWriter writer, ResponseFace face, ResponseHead head) {
		boolean discarded;
		synchronized (this) {
			int attempt = attempt();
			int before = markDiscarded(attempt, GATED, 0);
			discarded = before / ATTEMPT == attempt && (before & PHASE) <= GATED;
			if (discarded) {
				restore(face, attempt + 1, head);
				if ((before & PHASE) == GATED) {
					this.request.stays();
				}
			}
		}
		if (writer != null) {
			writer.refuse();
		}
		leave(waiting);
		return discarded;
	}

	private void restore(ResponseFace face, int attempt, ResponseHead head) {
		this.request.discarded();
		head.applyTo(this.response);
		face.moveOn(attempt);
		this.head = null;
	}

	/**
	 * Show the response to a middleware that is about to hand over.
	 * @param waiting the part of the middleware
	 */
	public void await(Waiting waiting) {
		if (!waiting.linked) {
			waiting.linked = true;
			waiting.outer = this.innermost;
		}
		this.innermost = waiting;
	}

	/**
	 * Show no response to a middleware any more, whose part is over.
	 * @param waiting the part of the middleware
	 */
	public void leave(Waiting waiting) {
		Waiting candidate = this.innermost;
		while (candidate != null && candidate != waiting) {
			candidate = candidate.outer;
		}
		if (candidate != null) {
			// What is further in is over as well
			this.innermost = candidate.outer;
		}
	}

	/**
	 * Let a response pass on that was shown.
	 * @param waiting to whom it was shown
	 * @param writer what writes it
	 * @return whether {@link Waiting#sent} will tell how that ends; else the rest of the
	 * chain does
	 */
	public boolean release(Waiting waiting, ResponseWriter writer) {
		boolean carries = writer.released(waiting);
		leave(waiting);
		Lead lead = waiting.lead;
		if (lead != null && lead.at == waiting && lead.thread == Thread.currentThread()) {
			lead.goesOn = true;
		}
		else {
			lead(writer, waiting.outer);
		}
		return carries;
	}

	/**
	 * Stop the sending of a response by the middleware that carries it.
	 * @param writer what writes it
	 */
	public void cancel(ResponseWriter writer) {
		writer.cancelCarried();
	}

	/**
	 * A writer has its head decided.
	 * @param writer the writer
	 * @return whether it may go on at once; else {@link ResponseWriter#proceed} or
	 * {@link ResponseWriter#refuse} follows after {@link #hold}
	 */
	boolean arrives(ResponseWriter writer) {
		Waiting first = this.innermost;
		int attempt = writer.attempt();
		int before;
		ResponseWriter earlier = this.writer;
		synchronized (this) {
			if (writer.isOver()) {
				return false;
			}
			before = mark(attempt, OPEN, (first != null) ? GATED : COMMITTING);
			if (was(before, attempt, OPEN)) {
				this.writer = writer;
			}
		}
		if (before / ATTEMPT != attempt) {
			writer.refuse();
			return false;
		}
		if ((before & PHASE) != OPEN) {
			writer.drop(earlier);
			return false;
		}
		this.request.leaves();
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
		else if (was(this.word, writer.attempt(), GATED)) {
			lead(writer, this.innermost);
		}
		else {
			writer.refuse();
		}
	}

	/**
	 * Lead the response outwards. Those that release it at once are dealt with in a loop,
	 * not on the stack; the first that does not takes it from those further in.
	 */
	private void lead(ResponseWriter writer, @Nullable Waiting first) {
		ThreadActivity activity = this.request.activity();
		@Nullable RequestRecord previous = activity.enter(this.request);
		try {
			Lead lead = new Lead();
			Waiting waiting = first;
			while (waiting != null) {
				lead.at = waiting;
				lead.goesOn = false;
				waiting.lead = lead;
				int hop = writer.showing();
				if (hop < 0) {
					reopen(writer, 0);
					return;
				}
				boolean shown = waiting.shown(writer);
				lead.at = null;
				if (!shown) {
					writer.refuse();
					return;
				}
				if (!lead.goesOn) {
					writer.take(hop);
					return;
				}
				waiting = waiting.outer;
			}
			letOut(writer);
		}
		finally {
			activity.exit(previous);
		}
	}

	private void letOut(ResponseWriter writer) {
		writer.lettingOut();
		this.request.letOut();
		if (!was(mark(writer.attempt(), GATED, COMMITTING), writer.attempt(), GATED)) {
			writer.refuse();
		}
		else if (commits(writer)) {
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
		if (!this.server) {
			return sends(writer);
		}
		List<Supplier<? extends Mono<Void>>> actions = this.actions;
		if (actions != null && (this.word & ACTIONS_DONE) == 0) {
			writer.pend(Flux.concat(Flux.fromIterable(List.copyOf(actions)).map(Supplier::get))
				.onErrorResume((ex) -> actionFailed(writer, ex))
				.then(Mono.defer(this::hooks)));
			return false;
		}
		Mono<Void> hooks = this.request.beforeHead();
		if (hooks != null) {
			writer.pend(hooks);
			return false;
		}
		return sends(writer);
	}

	private Mono<Void> hooks() {
		Mono<Void> hooks = this.request.beforeHead();
		return (hooks != null) ? hooks : Mono.empty();
	}

	/**
	 * As {@code AbstractServerHttpResponse} does: the rest of the actions is left out,
	 * also for the response that follows.
	 */
	private Mono<Void> actionFailed(ResponseWriter writer, Throwable ex) {
		reopen(writer, ACTIONS_DONE);
		this.response.getHeaders().clearContentHeaders();
		return Mono.error(ex);
	}

	/**
	 * Everything before the head is done.
	 * @return whether the head is with the server; if not, the attempt was discarded
	 */
	boolean sends(ResponseWriter writer) {
		if (!allowsBody() && !HttpStatus.NOT_MODIFIED.isSameCodeAs(statusCode())) {
			// RFC 9110, section 8.6
			this.response.getHeaders().remove(HttpHeaders.CONTENT_LENGTH);
		}
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
			head(writer.hasOpenBody());
		}
		return true;
	}

	/**
	 * A writer will not send its head: it was cancelled, or has failed.
	 */
	void reopen(ResponseWriter writer, int flags) {
		int attempt = writer.attempt();
		// A decorator can be written to again as long as the server has nothing
		int last = (!this.server && !this.request.hasHead()) ? SENT : COMMITTING;
		synchronized (this) {
			// It is set in the same lock in which the phase moves
			if (this.writer != writer) {
				return;
			}
			int before = markDiscarded(attempt, last, flags);
			if (before / ATTEMPT == attempt && (before & PHASE) <= last) {
				writer.moveOn(attempt + 1);
				if ((before & PHASE) != OPEN) {
					this.request.stays();
				}
			}
		}
	}

	/**
	 * Whether the status that was decided on has a body.
	 */
	boolean allowsBody() {
		HttpStatusCode status = this.response.getStatusCode();
		return status == null || !(status.is1xxInformational() || HttpStatus.NO_CONTENT.isSameCodeAs(status)
				|| HttpStatus.NOT_MODIFIED.isSameCodeAs(status));
	}

	/**
	 * End a response that has a body which its status does not allow.
	 */
	Mono<Void> completeWithoutBody() {
		this.response.getHeaders().clearContentHeaders();
		return this.response.setComplete();
	}

	void beforeCommit(Supplier<? extends Mono<Void>> action) {
		List<Supplier<? extends Mono<Void>>> actions = this.actions;
		if (actions == null) {
			actions = new ArrayList<>(2);
			this.actions = actions;
		}
		actions.add(action);
	}

	private void head(boolean body) {
		if (!body && isUpgrade()) {
			this.request.upgrades(this.response);
			return;
		}
		HttpStatusCode status = this.response.getStatusCode();
		this.request.head((status != null) ? status.value() : 200, body, this.response);
	}

	/**
	 * The status that the head would have now.
	 */
	HttpStatusCode statusCode() {
		HttpStatusCode status = this.response.getStatusCode();
		if (status != null && !HttpStatus.OK.isSameCodeAs(status)) {
			return status;
		}
		return isUpgrade() ? HttpStatus.SWITCHING_PROTOCOLS : HttpStatus.OK;
	}

	/**
	 * The client chooses the header, so it takes more than that: a strategy takes the
	 * connection, the status is left to it, and no error is being rendered.
	 */
	private boolean isUpgrade() {
		if (!this.unwrapped || !Upgrade.isRequestedBy(this.request.request())) {
			return false;
		}
		HttpStatusCode status = this.response.getStatusCode();
		return (status == null || HttpStatus.OK.isSameCodeAs(status))
				&& RequestEnd.rendered(this.request.exchange()) == null;
	}

	/**
	 * One walk of the response from one middleware to the next. Belongs to its thread.
	 */
	static final class Lead {

		private final Thread thread = Thread.currentThread();

		/** Which one is being shown the response. */
		private @Nullable Waiting at;

		/** That one has released it at once. */
		private boolean goesOn;

	}

}
