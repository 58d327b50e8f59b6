package io.github.asyncmiddleware.internal.run;

import java.nio.file.Path;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.util.context.ContextView;

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

/**
 * The response of a request that is observed: notices the moment its head goes to the
 * server, after every commit action, and what becomes of its body.
 * <p>
 * Changes no byte. Where nobody has registered a commit action, none is registered here
 * either: the head is noticed when the first element of the body passes by, which is when
 * the response commits.
 */
public class ObservedResponse extends ServerHttpResponseDecorator implements ResponseGate.Gated {

	private final ServerHttpResponse response;

	private final RequestTimeline timeline;

	/** Commit actions have been registered, so the head comes after the last of them. */
	private boolean commitActions;

	/** Ours is the last commit action. */
	private boolean lastActionRegistered;

	/** Somebody has asked for the response behind this one. */
	private boolean unwrapped;

	/** Made for the first who asks. */
	private @Nullable ResponseGate gate;

	private ObservedResponse(ServerHttpResponse response, RequestTimeline timeline) {
		super(response);
		this.response = response;
		this.timeline = timeline;
	}

	/**
	 * Observe a response.
	 * @param response the response of the server
	 * @param timeline the timeline of the request
	 * @return a response that writes to the given one, with zero-copy if that has it
	 */
	public static ObservedResponse of(ServerHttpResponse response, RequestTimeline timeline) {
		return (response instanceof ZeroCopyHttpOutputMessage zeroCopy) ? new ZeroCopy(response, zeroCopy, timeline)
				: new ObservedResponse(response, timeline);
	}

	/**
	 * The timeline that belongs to a response, which may have been decorated since.
	 * @param response the response
	 * @return its timeline, or {@link Timeline#NONE} if it is not observed
	 */
	static Timeline timelineOf(ServerHttpResponse response) {
		ServerHttpResponse candidate = response;
		while (candidate instanceof ServerHttpResponseDecorator decorator) {
			if (candidate instanceof ObservedResponse observed) {
				return observed.timeline;
			}
			candidate = decorator.getDelegate();
		}
		return Timeline.NONE;
	}

	/**
	 * The timeline of the request.
	 * @return the timeline
	 */
	public RequestTimeline timeline() {
		return this.timeline;
	}

	@Override
	public ResponseGate gate() {
		ResponseGate gate = this.gate;
		if (gate == null) {
			gate = new ResponseGate(this, this.timeline);
			this.gate = gate;
		}
		return gate;
	}

	/**
	 * The response of the server, for those who look at it without touching it.
	 */
	ServerHttpResponse response() {
		return this.response;
	}

	/**
	 * Only called from outside, as by those who look for the response of the server in
	 * order to take the connection over: everything here uses the field.
	 */
	@Override
	public ServerHttpResponse getDelegate() {
		this.unwrapped = true;
		return this.response;
	}

	@Override
	public void beforeCommit(Supplier<? extends Mono<Void>> action) {
		this.commitActions = true;
		this.response.beforeCommit(action);
	}

	@Override
	@SuppressWarnings("unchecked")
	public Mono<Void> writeWith(Publisher<? extends DataBuffer> body) {
		this.timeline.statusTouched();
		if (this.response instanceof HttpHeadResponseDecorator) {
			// Only counts the body; the head comes with setComplete
			return this.response.writeWith(body);
		}
		Supplier<Mono<Void>> barrier = barrier();
		Publisher<? extends DataBuffer> observed;
		if (body instanceof Mono) {
			Mono<DataBuffer> single = (Mono<DataBuffer>) body;
			observed = new ObservedBody.Single((barrier != null) ? HeldBody.single(single, barrier) : single, this);
		}
		else {
			Publisher<DataBuffer> stream = (Publisher<DataBuffer>) body;
			observed = new ObservedBody.Stream((barrier != null) ? HeldBody.stream(stream, barrier) : stream, this);
		}
		return new ObservedWrite(this.response.writeWith(observed), this.timeline, false);
	}

	@Override
	@SuppressWarnings("unchecked")
	public Mono<Void> writeAndFlushWith(Publisher<? extends Publisher<? extends DataBuffer>> body) {
		this.timeline.statusTouched();
		if (this.response instanceof HttpHeadResponseDecorator) {
			return setComplete();
		}
		Supplier<Mono<Void>> barrier = barrier();
		Publisher<Publisher<? extends DataBuffer>> groups = (Publisher<Publisher<? extends DataBuffer>>) body;
		Flux<Publisher<? extends DataBuffer>> observed = new ObservedBody.Groups(
				(barrier != null) ? HeldBody.stream(groups, barrier) : groups, this);
		return new ObservedWrite(this.response.writeAndFlushWith(observed), this.timeline, false);
	}

	@Override
	public Mono<Void> setComplete() {
		this.timeline.statusTouched();
		if (this.response.isCommitted()) {
			return this.response.setComplete();
		}
		return commit(this.response::setComplete, false);
	}

	/**
	 * Let the response commit without an element of a body to wait for.
	 */
	final Mono<Void> commit(Supplier<Mono<Void>> write, boolean body) {
		Supplier<Mono<Void>> barrier = barrier();
		if (barrier != null) {
			return barrier.get().then(Mono.defer(() -> commitNow(write, body)));
		}
		return commitNow(write, body);
	}

	private Mono<Void> commitNow(Supplier<Mono<Void>> write, boolean body) {
		if (needsLastAction()) {
			registerLastAction(body);
			return write.get();
		}
		return Mono.<Void>deferContextual((context) -> {
			beforeHead(body, context);
			return Mono.empty();
		}).then(write.get());
	}

	/**
	 * What has to be waited for before the response commits, or {@code null} if nothing.
	 */
	private @Nullable Supplier<Mono<Void>> barrier() {
		ResponseGate gate = this.gate;
		if (!this.lastActionRegistered) {
			return (gate != null) ? gate::pass : null;
		}
		// A commit action has failed, and on the second attempt Spring skips them all
		Mono<Void> hooks = ResponseHooks.run(this.timeline);
		return () -> (gate != null) ? gate.pass().then(hooks) : hooks;
	}

	private boolean needsLastAction() {
		return !this.lastActionRegistered && (this.commitActions || this.timeline.hasWaitingHooks());
	}

	/**
	 * The response is about to commit.
	 * @param body whether a body follows whose end is not known yet
	 * @param context the context of whoever waits for the response
	 */
	void beforeHead(boolean body, ContextView context) {
		if (needsLastAction()) {
			registerLastAction(body);
		}
		else {
			ResponseHooks.runSynchronous(this.timeline, context);
			head(body);
		}
	}

	private void registerLastAction(boolean body) {
		this.lastActionRegistered = true;
		this.timeline.leaves(true);
		this.response.beforeCommit(() -> ResponseHooks.run(this.timeline).then(Mono.fromRunnable(() -> head(body))));
	}

	private void head(boolean body) {
		if (!body && isUpgrade()) {
			this.timeline.head(Upgrade.STATUS, false, this.response);
			this.timeline.ended(Ending.UPGRADE, null);
			return;
		}
		HttpStatusCode status = this.response.getStatusCode();
		this.timeline.head((status != null) ? status.value() : 200, body, this.response);
	}

	/**
	 * The status that the head would have now.
	 */
	HttpStatusCode statusOfHead() {
		HttpStatusCode status = this.response.getStatusCode();
		if (status != null && !HttpStatus.OK.equals(status)) {
			return status;
		}
		return isUpgrade() ? HttpStatus.SWITCHING_PROTOCOLS : HttpStatus.OK;
	}

	private boolean isUpgrade() {
		return this.unwrapped && Upgrade.isRequestedBy(this.timeline.request());
	}

	@Override
	public boolean setStatusCode(@Nullable HttpStatusCode status) {
		this.timeline.statusTouched();
		return this.response.setStatusCode(status);
	}

	@Override
	public @Nullable HttpStatusCode getStatusCode() {
		return this.response.getStatusCode();
	}

	@Override
	public boolean setRawStatusCode(@Nullable Integer value) {
		this.timeline.statusTouched();
		return this.response.setRawStatusCode(value);
	}

	@Override
	public HttpHeaders getHeaders() {
		this.timeline.headersTouched();
		return this.response.getHeaders();
	}

	@Override
	public MultiValueMap<String, ResponseCookie> getCookies() {
		this.timeline.headersTouched();
		return this.response.getCookies();
	}

	@Override
	public void addCookie(ResponseCookie cookie) {
		this.timeline.headersTouched();
		this.response.addCookie(cookie);
	}

	@Override
	public DataBufferFactory bufferFactory() {
		return this.response.bufferFactory();
	}

	@Override
	public boolean isCommitted() {
		return this.response.isCommitted();
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

		ZeroCopy(ServerHttpResponse response, ZeroCopyHttpOutputMessage message, RequestTimeline timeline) {
			super(response, timeline);
			this.message = message;
		}

		@Override
		public Mono<Void> writeWith(Path file, long position, long count) {
			timeline().statusTouched();
			Mono<Void> write = commit(() -> this.message.writeWith(file, position, count), true);
			return new ObservedWrite(write, timeline(), true);
		}

	}

}
