package io.github.asyncmiddleware.internal.response;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.time.Instant;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.http.server.reactive.ServerHttpResponseDecorator;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.ServerWebExchangeDecorator;

/**
 * The exchange of a part of the chain whose attempt to answer can be discarded: knows the
 * number of that attempt, and the head before it.
 * <p>
 * It has a face of its own of the response, which is made when it is asked for: most
 * parts only pass on what those further in have written.
 */
public final class AttemptExchange extends ServerWebExchangeDecorator {

	private static final VarHandle ATTEMPT;

	static {
		try {
			ATTEMPT = MethodHandles.lookup().findVarHandle(AttemptExchange.class, "attempt", int.class);
		}
		catch (ReflectiveOperationException ex) {
			throw new ExceptionInInitializerError(ex);
		}
	}

	/** The part of the chain that this one is a part of, if that can be discarded. */
	private final @Nullable AttemptExchange outer;

	/**
	 * The head when the attempt began. Replaced once, in the lock of the commit, when
	 * that has ended, before anything further out is told; each has the same commit.
	 */
	private ResponseHead head;

	/** Changed in the lock of the commit. */
	private volatile int attempt;

	/** Set in the lock of the commit. */
	private volatile @Nullable ResponseFace response;

	private AttemptExchange(ServerWebExchange delegate, @Nullable AttemptExchange outer, ResponseHead head,
			int attempt) {
		super(delegate);
		this.outer = outer;
		this.head = head;
		// Plain, as no other thread can see this yet
		ATTEMPT.set(this, attempt);
	}

	/**
	 * Begin an attempt. However many there are, an exchange is decorated once.
	 * @param exchange the exchange as it is outside of the attempt
	 * @param request the request
	 * @return the exchange for the part of the chain that makes the attempt
	 */
	public static AttemptExchange begin(ServerWebExchange exchange, CommitListener request) {
		if (exchange instanceof AttemptExchange outer) {
			return new AttemptExchange(outer.getDelegate(), outer, outer.commit().head(), outer.attempt);
		}
		ResponseFace outer = ResponseFace.of(exchange.getResponse(), request);
		outer.commit().share();
		return new AttemptExchange(exchange, outer.part(), outer.commit().head(), outer.attempt());
	}

	/**
	 * The part of the chain that an exchange belongs to.
	 * @param exchange an exchange whose response is a face
	 * @return the innermost part that can be discarded, or {@code null} if none can
	 */
	public static @Nullable AttemptExchange partOf(ServerWebExchange exchange) {
		if (exchange instanceof AttemptExchange attempt) {
			return attempt;
		}
		return (exchange.getResponse() instanceof ResponseFace face) ? face.part() : null;
	}

	/**
	 * An exchange through which an answer that is about to be sent can be changed, and
	 * none that follows it, also if the part of the chain that sees the exchange has
	 * given up its own answer.
	 * @param exchange any exchange
	 * @param head the head of the answer
	 * @param attempt the number of its attempt
	 * @param last what this was the result of for another exchange
	 * @return the same exchange if a filter has decorated its response, which has to see
	 * what is done to it
	 */
	public static ServerWebExchange toBeSent(ServerWebExchange exchange, ResponseHead head, int attempt,
			@Nullable ServerWebExchange last) {
		ResponseCommit commit = ResponseCommit.of(exchange);
		if (commit != head.commit()) {
			commit = closed(exchange);
		}
		if (commit != head.commit()) {
			return (commit != null) ? exchange.mutate().response(ResponseFace.of(commit, null)).build() : exchange;
		}
		ServerWebExchange delegate = (exchange instanceof AttemptExchange part) ? part.getDelegate() : exchange;
		if (last instanceof AttemptExchange same && same.getDelegate() == delegate) {
			return same;
		}
		head.commit().share();
		return new AttemptExchange(delegate, null, head, attempt);
	}

	/**
	 * The commit of the response of an exchange through which nothing can be changed,
	 * also where a filter has decorated it.
	 */
	private static @Nullable ResponseCommit closed(ServerWebExchange exchange) {
		if (exchange instanceof AttemptExchange attempt && attempt.response == null && attempt.commit().isOfServer()) {
			return attempt.isDiscarded() ? attempt.commit() : null;
		}
		ServerHttpResponse response = exchange.getResponse();
		while (response instanceof ServerHttpResponseDecorator decorator) {
			if (!(decorator instanceof ResponseFace face)) {
				response = decorator.getDelegate();
			}
			else if (face.isOvertaken() || face.isDiscarded()) {
				return face.commit();
			}
			else {
				response = face.commit().response;
			}
		}
		return null;
	}

	/**
	 * What the part has registered to be done before the head is done for whatever is
	 * sent, as the server does: such as the headers of Spring Security. Until it is done,
	 * the part can change what is sent.
	 */
	Supplier<Mono<Void>> beforeAnyHead(Supplier<? extends Mono<Void>> action) {
		return () -> isAnswering() ? action.get().then() : Mono.defer(() -> opened(action));
	}

	/**
	 * Whether the answer that is on its way was written in this part.
	 */
	private boolean isAnswering() {
		ResponseWriter writer = commit().writer;
		AttemptExchange part = (writer != null) ? writer.face().part() : null;
		return part == this || (part != null && part.isInside(this));
	}

	private Mono<Void> opened(Supplier<? extends Mono<Void>> action) {
		int discarded = open();
		if (discarded < 0) {
			return action.get().then();
		}
		try {
			return action.get().then().doOnTerminate(() -> close(discarded)).doOnCancel(() -> close(discarded));
		}
		catch (Throwable ex) {
			close(discarded);
			throw ex;
		}
	}

	/**
	 * Let the part change what is about to be sent.
	 * @return the number of its attempt, or -1 if it can do so already or never
	 */
	private int open() {
		ResponseCommit commit = commit();
		synchronized (commit) {
			int attempt = this.attempt;
			if (attempt == commit.attempt() || !commit.isLeaving()) {
				return -1;
			}
			this.attempt = commit.attempt();
			return attempt;
		}
	}

	private void close(int attempt) {
		synchronized (commit()) {
			this.attempt = attempt;
		}
	}

	/**
	 * Let a part of the chain, and those that it is a part of, belong to another attempt.
	 * Called in the lock of the commit.
	 */
	static void moveOn(@Nullable AttemptExchange part, int attempt) {
		for (AttemptExchange exchange = part; exchange != null; exchange = exchange.outer) {
			exchange.attempt = attempt;
		}
	}

	int attempt() {
		return this.attempt;
	}

	/**
	 * Whether the attempt was discarded, so that nothing that is done to its response is
	 * sent.
	 */
	boolean isDiscarded() {
		return this.attempt != commit().attempt();
	}

	@Nullable AttemptExchange outer() {
		return this.outer;
	}

	/** The head before the attempt. In the lock of the commit. */
	ResponseHead head() {
		return this.head;
	}

	ResponseCommit commit() {
		return this.head.commit();
	}

	/**
	 * Whether this is a part of another part of the chain.
	 * @param part the other part, or {@code null} for the whole chain
	 */
	boolean isInside(@Nullable AttemptExchange part) {
		AttemptExchange exchange = this.outer;
		while (exchange != null && exchange != part) {
			exchange = exchange.outer;
		}
		return exchange == part;
	}

	/**
	 * Undo what the attempt has done to the response, unless that was shown to a
	 * middleware further out, or is sent.
	 * @return whether nothing of it is left
	 */
	public boolean discard() {
		return commit().discardUnshown(this, this.outer);
	}

	/**
	 * The same, unless it was discarded before. What is done to the response after that
	 * by others stays.
	 */
	public void discardOnce() {
		commit().discardUnshown(this, this);
	}

	/**
	 * The attempt has failed or was discarded. What is done to the response from now on
	 * is not undone with it.
	 */
	public void ended() {
		synchronized (commit()) {
			if (this.head.end() == null) {
				this.head = this.head.ended();
			}
		}
	}

	/**
	 * The exchange outside of the attempt.
	 * @return the exchange with the face of the response that it had
	 */
	public ServerWebExchange outside() {
		ServerWebExchange delegate = getDelegate();
		if (this.outer != null && this.outer.getDelegate() == delegate) {
			return this.outer;
		}
		return ResponseFace.on(delegate, commit());
	}

	@Override
	public ResponseFace getResponse() {
		ResponseFace response = this.response;
		return (response != null) ? response : makeResponse();
	}

	private ResponseFace makeResponse() {
		ResponseCommit commit = commit();
		synchronized (commit) {
			ResponseFace response = this.response;
			if (response == null) {
				response = ResponseFace.of(commit, this);
				this.response = response;
			}
			return response;
		}
	}

	@Override
	public boolean checkNotModified(Instant lastModified) {
		return checkNotModified(null, lastModified);
	}

	@Override
	public boolean checkNotModified(String etag) {
		return checkNotModified(etag, Instant.MIN);
	}

	@Override
	public boolean checkNotModified(@Nullable String etag, Instant lastModified) {
		return !isDiscarded() && super.checkNotModified(etag, lastModified);
	}

}
