package io.github.asyncmiddleware.internal.response;

import java.nio.file.Path;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Mono;

import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferFactory;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.ResponseCookie;
import org.springframework.http.ZeroCopyHttpOutputMessage;
import org.springframework.http.server.reactive.HttpHeadResponseDecorator;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.http.server.reactive.ServerHttpResponseDecorator;
import org.springframework.util.LinkedMultiValueMap;
import org.springframework.util.MultiValueMap;
import org.springframework.web.server.ServerWebExchange;

/**
 * A response as one part of the chain sees it. Its writers pass the
 * {@link ResponseCommit}, which all faces of a response share, as writers of the attempt
 * that the face belongs to. Where a middleware can discard what the rest of the chain
 * does to the response, the rest gets a face of its own; when it is discarded, that face
 * stays with the old attempt, through which nothing can be changed any more, and those
 * further out move on. Changes no byte.
 */
public class ResponseFace extends ServerHttpResponseDecorator {

	private final ServerHttpResponse target;

	private final ResponseCommit commit;

	/** The part of the chain that sees this, if it can be discarded. */
	private final @Nullable AttemptExchange part;

	// As this attempt sees them. Two threads can make one each, which have only final
	// fields and the same entries
	private @Nullable HttpHeaders headers;

	private @Nullable MultiValueMap<String, ResponseCookie> cookies;

	/** The attempt that stands although this face has given it up, if one does. */
	private volatile int overtakenBy = -1;

	private ResponseFace(ServerHttpResponse target, ResponseCommit commit, @Nullable AttemptExchange part) {
		super(target);
		this.target = target;
		this.commit = commit;
		this.part = part;
	}

	/**
	 * Another face of the same response.
	 * @param commit what all faces of the response share
	 * @param part the part of the chain that sees it, or {@code null} for the first face
	 * @return the face
	 */
	static ResponseFace of(ResponseCommit commit, @Nullable AttemptExchange part) {
		ServerHttpResponse target = commit.response;
		return (target instanceof ZeroCopyHttpOutputMessage zeroCopy) ? new ZeroCopy(target, zeroCopy, commit, part)
				: new ResponseFace(target, commit, part);
	}

	/**
	 * The first face of the response of the server.
	 * @param response the response of the server
	 * @param request the request
	 * @return a face with a commit of its own
	 */
	public static ResponseFace ofServer(ServerHttpResponse response, CommitListener request) {
		return new ResponseCommit(response, request, true).face();
	}

	/**
	 * The face of any response.
	 * @param response the response
	 * @param request the request
	 * @return the same if it is one, or the first face of a response that is not, such as
	 * one that a foreign filter has decorated
	 */
	static ResponseFace of(ServerHttpResponse response, CommitListener request) {
		return (response instanceof ResponseFace face) ? face : new ResponseCommit(response, request, false).face();
	}

	/**
	 * An exchange whose response is a face, so that a middleware can be shown what is
	 * written to it.
	 * @param exchange any exchange
	 * @param request the request
	 * @return the same if its response is one
	 */
	public static ServerWebExchange on(ServerWebExchange exchange, CommitListener request) {
		return (ResponseCommit.of(exchange) != null) ? exchange
				: on(exchange, new ResponseCommit(exchange.getResponse(), request, false));
	}

	/**
	 * An exchange whose response is a face of a known response.
	 */
	static ServerWebExchange on(ServerWebExchange exchange, ResponseCommit commit) {
		return (exchange.getResponse() instanceof ResponseFace) ? exchange
				: exchange.mutate().response(commit.face()).build();
	}

	/**
	 * The part of the chain that sees this.
	 * @return the innermost part that can be discarded, or {@code null} if none can
	 */
	final @Nullable AttemptExchange part() {
		return this.part;
	}

	/**
	 * Whether what is written to this is written to the response of an exchange, as far
	 * as that can be told.
	 * @param exchange any exchange
	 * @return {@code false} if the response of the exchange is another face
	 */
	public final boolean isSeenBy(ServerWebExchange exchange) {
		if (exchange instanceof AttemptExchange attempt) {
			return attempt == this.part;
		}
		return !(exchange.getResponse() instanceof ResponseFace face) || face == this;
	}

	/**
	 * What all faces of the response share.
	 * @return the commit
	 */
	public final ResponseCommit commit() {
		return this.commit;
	}

	/**
	 * The number of the attempt that the part of the chain makes; the first face belongs
	 * to the current one.
	 */
	final int attempt() {
		return (this.part != null) ? this.part.attempt() : this.commit.attempt();
	}

	/** Whether nothing that is done to it is sent. */
	final boolean isDiscarded() {
		return this.part != null && this.part.isDiscarded();
	}

	/**
	 * Only called from outside, as by upgrade strategies in order to take the connection
	 * over: everything here uses the field.
	 */
	@Override
	public ServerHttpResponse getDelegate() {
		this.commit.status().unwrapped(this);
		return this.target;
	}

	@Override
	public void beforeCommit(Supplier<? extends Mono<Void>> action) {
		synchronized (this.commit) {
			if (isWritable()) {
				this.commit.beforeCommit((this.part != null) ? this.part.beforeAnyHead(action) : action);
			}
		}
	}

	@Override
	public Mono<Void> writeWith(Publisher<? extends DataBuffer> body) {
		this.commit.touched(this);
		if (isHead()) {
			return ResponseWrite.drained(this, body);
		}
		if (this.commit.isOfServer()) {
			return ResponseWrite.of(this, body, this.target::writeWith, this.target::writeWith);
		}
		return ResponseWrite.decorated(this, body, this.target::writeWith);
	}

	/**
	 * Whether no body is sent, since the request is a HEAD request. The response of the
	 * server may be decorated, so that its class does not tell.
	 */
	private boolean isHead() {
		return this.target instanceof HttpHeadResponseDecorator
				|| (this.commit.isOfServer() && this.commit.request().isHead());
	}

	@Override
	public Mono<Void> writeAndFlushWith(Publisher<? extends Publisher<? extends DataBuffer>> body) {
		if (isHead()) {
			return setComplete();
		}
		this.commit.touched(this);
		if (this.commit.isOfServer()) {
			return ResponseWrite.ofGroups(this, body, this.target::writeAndFlushWith);
		}
		// The server does not read the body of an answer to HEAD, and it may never end
		return this.commit.request().isHead()
				? ResponseWrite.withoutHolding(this, () -> this.target.writeAndFlushWith(body), false)
				: ResponseWrite.decoratedGroups(this, body, this.target::writeAndFlushWith);
	}

	@Override
	public Mono<Void> setComplete() {
		this.commit.touched(this);
		if (this.target.isCommitted() && this.commit.isWritten()) {
			return this.target.setComplete();
		}
		return Upgrade.goOnAtConnection(ResponseWrite.withoutHolding(this, this.target::setComplete, false),
				this.commit.request().request());
	}

	/** Whether what is done to the head has an effect. In the lock of the commit. */
	private boolean isWritable() {
		return !isOvertaken() && !isDiscarded() && !this.commit.isSent() && !this.commit.isTakenFrom(this.part);
	}

	/**
	 * The middleware that sees this face has given up an answer that stands, so what it
	 * does instead has no effect, and is no error either, as long as that stands. In the
	 * lock of the commit.
	 */
	final void overtaken() {
		this.overtakenBy = this.commit.attempt();
	}

	final boolean isOvertaken() {
		return this.overtakenBy == this.commit.attempt();
	}

	/**
	 * Whether there is nothing to guard: no part of the chain can be discarded, or the
	 * response is what the server makes of it.
	 */
	private boolean isPlain() {
		return !isOvertaken() && !isDiscarded() && (!this.commit.isShared() || this.commit.isSent());
	}

	@Override
	public boolean setStatusCode(@Nullable HttpStatusCode status) {
		this.commit.touched(this);
		synchronized (this.commit) {
			return isWritable() ? this.target.setStatusCode(status) : isOvertaken();
		}
	}

	@Override
	public boolean setRawStatusCode(@Nullable Integer value) {
		return setStatusCode((value != null) ? HttpStatusCode.valueOf(value) : null);
	}

	@Override
	public @Nullable HttpStatusCode getStatusCode() {
		return this.target.getStatusCode();
	}

	@Override
	public HttpHeaders getHeaders() {
		this.commit.headersTouched(this);
		if (isPlain()) {
			HttpHeaders headers = this.target.getHeaders();
			return this.commit.isSent() ? HttpHeaders.readOnlyHttpHeaders(headers) : headers;
		}
		HttpHeaders headers = this.headers;
		if (headers == null) {
			headers = new HttpHeaders(
					new GuardedMap<>(this.commit, this::headers, () -> !isDiscarded(), this::isWritable));
			this.headers = headers;
		}
		return headers;
	}

	/** There is no other way to pass on each operation on headers to other headers. */
	@SuppressWarnings("removal")
	private MultiValueMap<String, String> headers(boolean current) {
		return (current ? this.target.getHeaders() : new HttpHeaders()).asMultiValueMap();
	}

	@Override
	public MultiValueMap<String, ResponseCookie> getCookies() {
		this.commit.headersTouched(this);
		if (isPlain()) {
			return this.target.getCookies();
		}
		MultiValueMap<String, ResponseCookie> cookies = this.cookies;
		if (cookies == null) {
			cookies = new GuardedMap<>(this.commit, this::cookies, () -> !isDiscarded(), this::isWritable);
			this.cookies = cookies;
		}
		return cookies;
	}

	private MultiValueMap<String, ResponseCookie> cookies(boolean current) {
		return current ? this.target.getCookies() : new LinkedMultiValueMap<>();
	}

	@Override
	public void addCookie(ResponseCookie cookie) {
		this.commit.headersTouched(this);
		synchronized (this.commit) {
			if (isWritable() || isPlain()) {
				this.target.addCookie(cookie);
			}
		}
	}

	@Override
	public DataBufferFactory bufferFactory() {
		return this.target.bufferFactory();
	}

	@Override
	public boolean isCommitted() {
		return this.commit.isCommitted() || this.commit.isTakenFrom(this.part);
	}

	@Override
	public String toString() {
		return getClass().getSimpleName() + " [delegate=" + this.target + "]";
	}

	/**
	 * The face of a response that can send files by itself.
	 */
	private static final class ZeroCopy extends ResponseFace implements ZeroCopyHttpOutputMessage {

		private final ZeroCopyHttpOutputMessage message;

		ZeroCopy(ServerHttpResponse target, ZeroCopyHttpOutputMessage message, ResponseCommit commit,
				@Nullable AttemptExchange part) {
			super(target, commit, part);
			this.message = message;
		}

		@Override
		public Mono<Void> writeWith(Path file, long position, long count) {
			commit().touched(this);
			return ResponseWrite.withoutHolding(this, () -> this.message.writeWith(file, position, count), true);
		}

	}

}
