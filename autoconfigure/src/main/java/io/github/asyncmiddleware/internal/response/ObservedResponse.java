package io.github.asyncmiddleware.internal.response;

import java.nio.file.Path;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferFactory;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.ResponseCookie;
import org.springframework.http.ZeroCopyHttpOutputMessage;
import org.springframework.http.server.reactive.HttpHeadResponseDecorator;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.http.server.reactive.ServerHttpResponseDecorator;
import org.springframework.util.MultiValueMap;
import org.springframework.web.server.handler.ExceptionHandlingWebHandler;

/**
 * The response of the server as the filters see it. Its writers pass the
 * {@link ResponseCommit}; what is done to its head is counted. Changes no byte.
 */
public class ObservedResponse extends ServerHttpResponseDecorator implements Gated {

	private final ServerHttpResponse response;

	private final CommitListener request;

	private final ResponseCommit commit;

	/** The response of the server was asked for, as upgrade strategies do. */
	private boolean unwrapped;

	/** Status and body in the upper half, headers and cookies in the lower. */
	private int touches;

	private ObservedResponse(ServerHttpResponse response, CommitListener request) {
		super(response);
		this.response = response;
		this.request = request;
		this.commit = new ResponseCommit(response, request, this);
	}

	/**
	 * Observe a response.
	 * @param response the response of the server
	 * @param request the request
	 * @return a response that writes to the given one, with zero-copy if that has it
	 */
	public static ObservedResponse of(ServerHttpResponse response, CommitListener request) {
		return (response instanceof ZeroCopyHttpOutputMessage zeroCopy) ? new ZeroCopy(response, zeroCopy, request)
				: new ObservedResponse(response, request);
	}

	@Override
	public ResponseCommit commit() {
		return this.commit;
	}

	/**
	 * The request that the response belongs to.
	 * @return always the same object
	 */
	public CommitListener listener() {
		return this.request;
	}

	/**
	 * How often something was done to the response, or what can be changed was at least
	 * looked at: the status and the body in the upper half, headers and cookies in the
	 * lower.
	 * @return a number that differs if anything was touched in between
	 */
	public int touches() {
		return this.touches;
	}

	private void statusTouched() {
		this.touches += 1 << 16;
	}

	private void headersTouched() {
		this.touches = (this.touches & 0xFFFF0000) | ((this.touches + 1) & 0xFFFF);
	}

	/**
	 * Only called from outside, as by upgrade strategies in order to take the connection
	 * over: everything here uses the field.
	 */
	@Override
	public ServerHttpResponse getDelegate() {
		this.unwrapped = true;
		return this.response;
	}

	@Override
	public void beforeCommit(Supplier<? extends Mono<Void>> action) {
		this.commit.beforeCommit(action);
	}

	@Override
	public Mono<Void> writeWith(Publisher<? extends DataBuffer> body) {
		statusTouched();
		if (this.response instanceof HttpHeadResponseDecorator) {
			return drain(body);
		}
		return ResponseWrite.of(this.commit, body, this.response::writeWith, this.response::writeWith);
	}

	/**
	 * The answer to a HEAD request: the body is only counted, and the head comes with
	 * {@code setComplete}.
	 */
	private Mono<Void> drain(Publisher<? extends DataBuffer> body) {
		return Mono.defer(() -> {
			int attempt = this.commit.attempt();
			if (body instanceof Mono<? extends DataBuffer> single) {
				return this.response.writeWith(single.doOnNext((buffer) -> this.commit.markAnswered(attempt)));
			}
			return this.response.writeWith(Flux.from(body).doOnNext((buffer) -> this.commit.markAnswered(attempt)))
				.doOnSuccess((done) -> this.commit.markAnswered(attempt));
		});
	}

	@Override
	public Mono<Void> writeAndFlushWith(Publisher<? extends Publisher<? extends DataBuffer>> body) {
		if (this.response instanceof HttpHeadResponseDecorator) {
			return setComplete();
		}
		statusTouched();
		return ResponseWrite.ofGroups(this.commit, body, this.response::writeAndFlushWith);
	}

	@Override
	public Mono<Void> setComplete() {
		statusTouched();
		if (this.response.isCommitted()) {
			return this.response.setComplete();
		}
		return ResponseWrite.withoutHolding(this.commit, this.response::setComplete, false);
	}

	/**
	 * The head is with the server.
	 * @param body whether a body follows whose end is not known yet
	 */
	void head(boolean body) {
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
	HttpStatusCode statusOfHead() {
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
		return (status == null || HttpStatus.OK.isSameCodeAs(status)) && (this.request.exchange() == null
				|| this.request.exchange().getAttribute(ExceptionHandlingWebHandler.HANDLED_WEB_EXCEPTION) == null);
	}

	@Override
	public boolean setStatusCode(@Nullable HttpStatusCode status) {
		statusTouched();
		return this.response.setStatusCode(status);
	}

	@Override
	public @Nullable HttpStatusCode getStatusCode() {
		return this.response.getStatusCode();
	}

	@Override
	public boolean setRawStatusCode(@Nullable Integer value) {
		statusTouched();
		return this.response.setRawStatusCode(value);
	}

	@Override
	public HttpHeaders getHeaders() {
		headersTouched();
		return this.response.getHeaders();
	}

	@Override
	public MultiValueMap<String, ResponseCookie> getCookies() {
		headersTouched();
		return this.response.getCookies();
	}

	@Override
	public void addCookie(ResponseCookie cookie) {
		headersTouched();
		this.response.addCookie(cookie);
	}

	@Override
	public DataBufferFactory bufferFactory() {
		return this.response.bufferFactory();
	}

	@Override
	public boolean isCommitted() {
		return this.commit.isCommitted();
	}

	@Override
	public String toString() {
		return getClass().getSimpleName() + " [delegate=" + this.response + "]";
	}

	/**
	 * The response of a server that can send files by itself.
	 */
	private static final class ZeroCopy extends ObservedResponse implements ZeroCopyHttpOutputMessage {

		private final ZeroCopyHttpOutputMessage message;

		ZeroCopy(ServerHttpResponse response, ZeroCopyHttpOutputMessage message, CommitListener request) {
			super(response, request);
			this.message = message;
		}

		@Override
		public Mono<Void> writeWith(Path file, long position, long count) {
			super.statusTouched();
			return ResponseWrite.withoutHolding(commit(), () -> this.message.writeWith(file, position, count), true);
		}

	}

}
