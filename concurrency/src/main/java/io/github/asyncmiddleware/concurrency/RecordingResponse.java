package io.github.asyncmiddleware.concurrency;

import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicInteger;

import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.util.context.Context;

import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferUtils;
import org.springframework.core.io.buffer.DefaultDataBufferFactory;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.server.reactive.AbstractServerHttpResponse;

/**
 * The response of a server that keeps what it is given: head and body.
 */
public final class RecordingResponse extends AbstractServerHttpResponse {

	private final AtomicInteger heads = new AtomicInteger();

	private volatile @Nullable HttpStatusCode status;

	private volatile @Nullable String mark;

	private volatile String body = "";

	private volatile boolean complete;

	RecordingResponse() {
		super(DefaultDataBufferFactory.sharedInstance, new HttpHeaders());
	}

	@Override
	@SuppressWarnings("unchecked")
	public <T> T getNativeResponse() {
		return (T) this;
	}

	@Override
	protected Mono<Void> writeWithInternal(Publisher<? extends DataBuffer> body) {
		return new Mono<>() {

			@Override
			public void subscribe(CoreSubscriber<? super Void> actual) {
				body.subscribe(new Body(RecordingResponse.this, actual));
			}

		};
	}

	@Override
	protected Mono<Void> writeAndFlushWithInternal(Publisher<? extends Publisher<? extends DataBuffer>> body) {
		return writeWithInternal(Flux.from(body).concatMap((group) -> group));
	}

	@Override
	protected void applyStatusCode() {
		this.heads.incrementAndGet();
		this.status = getStatusCode();
		this.mark = String.join(" ", getHeaders().getOrEmpty("mark"));
	}

	@Override
	protected void applyHeaders() {
	}

	@Override
	protected void applyCookies() {
	}

	@Override
	public Mono<Void> setComplete() {
		return super.setComplete().doOnSuccess((done) -> this.complete = true);
	}

	/**
	 * What the client gets: how many heads if not one, status, each header {@code mark},
	 * and the body.
	 */
	@Override
	public String toString() {
		int heads = this.heads.get();
		if (heads == 0) {
			return "nothing" + this.body;
		}
		HttpStatusCode status = this.status;
		return ((heads > 1) ? heads + " heads " : "") + ((status != null) ? status.value() : 200)
				+ ((this.mark == null || this.mark.isEmpty()) ? "" : " " + this.mark)
				+ (this.body.isEmpty() ? "" : " " + this.body) + (this.complete ? "" : " cut");
	}

	/**
	 * Takes all of one body.
	 */
	private static final class Body implements CoreSubscriber<DataBuffer>, Subscription {

		private final RecordingResponse response;

		private final CoreSubscriber<? super Void> actual;

		private volatile @Nullable Subscription subscription;

		Body(RecordingResponse response, CoreSubscriber<? super Void> actual) {
			this.response = response;
			this.actual = actual;
		}

		@Override
		public void onSubscribe(Subscription subscription) {
			this.subscription = subscription;
			this.actual.onSubscribe(this);
			subscription.request(Long.MAX_VALUE);
		}

		@Override
		public void onNext(DataBuffer buffer) {
			this.response.body += buffer.toString(StandardCharsets.UTF_8);
			DataBufferUtils.release(buffer);
		}

		@Override
		public void onError(Throwable ex) {
			this.actual.onError(ex);
		}

		@Override
		public void onComplete() {
			this.response.complete = true;
			this.actual.onComplete();
		}

		@Override
		public void request(long n) {
		}

		@Override
		public void cancel() {
			Subscription subscription = this.subscription;
			if (subscription != null) {
				subscription.cancel();
			}
		}

		@Override
		public Context currentContext() {
			return this.actual.currentContext();
		}

	}

}
