package io.github.asyncmiddleware.internal.response;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongFieldUpdater;

import io.github.asyncmiddleware.internal.record.RequestEnd;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferUtils;

/**
 * The body of a response on its way to the server. Its first element means that the head
 * is decided; where the head has to wait, it holds that element back and asks for no
 * second one. What is not passed on is released.
 *
 * @param <T> the type of the elements
 */
// "overloads" is about methods that Flux declares
@SuppressWarnings("overloads")
final class HeldBody<T> implements CoreSubscriber<T>, Subscription {

	/** Elements pass. */
	private static final int OPEN = 1;

	/** The source has ended while its first element was held. */
	private static final int ENDED = 1 << 1;

	private static final int CANCELLED = 1 << 2;

	/** The source was asked for the first element. */
	private static final int ASKED = 1 << 3;

	private static final VarHandle WORD;

	private static final VarHandle FIRST;

	@SuppressWarnings("rawtypes")
	private static final AtomicLongFieldUpdater<HeldBody> DEMAND = AtomicLongFieldUpdater.newUpdater(HeldBody.class,
			"demand");

	static {
		try {
			MethodHandles.Lookup lookup = MethodHandles.lookup();
			WORD = lookup.findVarHandle(HeldBody.class, "word", int.class);
			FIRST = lookup.findVarHandle(HeldBody.class, "first", Object.class);
		}
		catch (ReflectiveOperationException ex) {
			throw new ExceptionInInitializerError(ex);
		}
	}

	private final CoreSubscriber<? super T> actual;

	private final ResponseWriter writer;

	/** Where its end is noted. Of the body that a decorator gets, nothing is. */
	private final RequestEnd end;

	/** Whether there is at most one element, and none means no answer. */
	private final boolean single;

	/** How many groups are open, and the body itself; {@code null} without groups. */
	private final @Nullable AtomicInteger open;

	/** Set before {@code actual} is given this, which publishes it. */
	private @Nullable Subscription upstream;

	private volatile int word;

	/** The first element, or an end without one, was seen. Belongs to the source. */
	private boolean begun;

	/** There is no element. Published by {@link #ENDED}. */
	private boolean empty;

	private volatile @Nullable Object first;

	/** Why the source has failed. Published by {@link #ENDED}. */
	private @Nullable Throwable error;

	/** What is asked for after the first element and not passed on to the source yet. */
	private volatile long demand;

	private HeldBody(CoreSubscriber<? super T> actual, ResponseWriter writer, boolean single, boolean groups) {
		this.actual = actual;
		this.writer = writer;
		this.end = writer.commit().isOfServer() ? writer.commit().request().end() : new RequestEnd();
		this.single = single;
		this.open = groups ? new AtomicInteger(1) : null;
	}

	/**
	 * Hold a body of at most one element. If it is empty, it does not commit a response.
	 * @param body the body
	 * @param writer what writes it
	 * @return the body to write
	 */
	static Mono<DataBuffer> single(Mono<? extends DataBuffer> body, ResponseWriter writer) {
		return new Mono<>() {

			@Override
			public void subscribe(CoreSubscriber<? super DataBuffer> actual) {
				body.subscribe(writer.holding(new HeldBody<DataBuffer>(actual, writer, true, false)));
			}

		};
	}

	/**
	 * Hold a body of any number of elements. If it is empty, it commits the response.
	 * @param body the body
	 * @param writer what writes it
	 * @return the body to write
	 */
	static Flux<DataBuffer> stream(Publisher<? extends DataBuffer> body, ResponseWriter writer) {
		return new Flux<>() {

			@Override
			public void subscribe(CoreSubscriber<? super DataBuffer> actual) {
				body.subscribe(writer.holding(new HeldBody<DataBuffer>(actual, writer, false, false)));
			}

		};
	}

	/**
	 * Hold a body of groups of elements, complete when all of them are.
	 * @param body the body
	 * @param writer what writes it
	 * @return the body to write
	 */
	static Flux<Publisher<? extends DataBuffer>> groups(Publisher<? extends Publisher<? extends DataBuffer>> body,
			ResponseWriter writer) {
		return new Flux<>() {

			@Override
			public void subscribe(CoreSubscriber<? super Publisher<? extends DataBuffer>> actual) {
				body.subscribe(
						writer.holding(new HeldBody<Publisher<? extends DataBuffer>>(actual, writer, false, true)));
			}

		};
	}

	/**
	 * Whether more can follow after what was seen.
	 */
	boolean isOpenEnded() {
		return !this.single && !this.empty;
	}

	boolean isOver() {
		return (this.word & (ENDED | CANCELLED)) != 0;
	}

	@Override
	public void onSubscribe(Subscription subscription) {
		if (Operators.validate(this.upstream, subscription)) {
			this.upstream = subscription;
			this.actual.onSubscribe(this);
		}
	}

	@Override
	public void request(long n) {
		Subscription upstream = this.upstream;
		if (upstream == null) {
			return;
		}
		if (this.single || (this.word & OPEN) != 0) {
			upstream.request(n);
			return;
		}
		boolean first = ((int) WORD.getAndBitwiseOr(this, ASKED) & ASKED) == 0;
		Operators.addCap(DEMAND, this, (first && n != Long.MAX_VALUE) ? n - 1 : n);
		if (first) {
			upstream.request(1);
		}
		if ((this.word & OPEN) != 0) {
			requestRest(upstream);
		}
	}

	private void requestRest(Subscription upstream) {
		long demand = DEMAND.getAndSet(this, 0L);
		if (demand > 0) {
			upstream.request(demand);
		}
	}

	@Override
	public void onNext(T element) {
		if (this.begun) {
			this.actual.onNext(observe(element));
			return;
		}
		this.begun = true;
		if (!this.writer.commit().request().hasHead()) {
			this.end.bodyBegins();
		}
		this.first = element;
		if ((this.word & CANCELLED) != 0) {
			discard();
		}
		else {
			this.writer.arrive();
		}
	}

	@Override
	public void onComplete() {
		if (this.begun) {
			if (!end(null)) {
				completed();
			}
		}
		else if (this.single) {
			this.actual.onComplete();
		}
		else {
			this.begun = true;
			this.empty = true;
			WORD.getAndBitwiseOr(this, ENDED);
			this.writer.arrive();
		}
	}

	@Override
	public void onError(Throwable ex) {
		if (!this.begun) {
			// Spring clears the content headers then, which can be those of another
			// answer
			(this.writer.isCurrent() ? this.actual : this.writer).onError(ex);
		}
		else if (!end(ex)) {
			failed(ex);
		}
	}

	private void failed(Throwable ex) {
		this.end.bodyFailed(ex);
		this.actual.onError(ex);
	}

	/**
	 * Note the end of the source if the first element is not passed on yet.
	 */
	private boolean end(@Nullable Throwable ex) {
		this.error = ex;
		return ((int) WORD.getAndBitwiseOr(this, ENDED) & OPEN) == 0;
	}

	private void completed() {
		closed();
		this.actual.onComplete();
	}

	private void closed() {
		if (!this.single && (this.open == null || this.open.decrementAndGet() == 0)) {
			this.end.bodyComplete();
		}
	}

	/**
	 * Pass on what was held, and let the rest follow.
	 */
	@SuppressWarnings("unchecked")
	void letGo() {
		T element = (T) FIRST.getAndSet(this, null);
		if (element != null) {
			this.actual.onNext(observe(element));
		}
		int before = (int) WORD.getAndBitwiseOr(this, OPEN);
		if ((before & ENDED) != 0) {
			if (this.error != null) {
				failed(this.error);
			}
			else {
				completed();
			}
			return;
		}
		Subscription upstream = this.upstream;
		if (!this.single && upstream != null) {
			requestRest(upstream);
		}
	}

	/** Groups can end after the publisher that hands them on. */
	@SuppressWarnings("unchecked")
	private T observe(T element) {
		AtomicInteger open = this.open;
		if (open == null) {
			return element;
		}
		if (element instanceof Mono<?> group) {
			return (T) group.doOnError(this.end::bodyFailed);
		}
		open.incrementAndGet();
		return (T) Flux.from((Publisher<?>) element).doOnComplete(this::closed).doOnError(this.end::bodyFailed);
	}

	@Override
	public void cancel() {
		discard();
	}

	/**
	 * Pass nothing on any more.
	 */
	void discard() {
		if (((int) WORD.getAndBitwiseOr(this, CANCELLED) & CANCELLED) == 0 && this.upstream != null) {
			this.upstream.cancel();
		}
		Object element = FIRST.getAndSet(this, null);
		if (element != null) {
			release(element);
		}
	}

	/**
	 * Groups have made their buffers already, or make them when they are subscribed to.
	 * Only what is there at once can be lost.
	 */
	private static void release(Object element) {
		if (element instanceof DataBuffer buffer) {
			DataBufferUtils.release(buffer);
		}
		else if (element instanceof Publisher<?> group) {
			Flux.from(group).subscribe(HeldBody::release).dispose();
		}
	}

	@Override
	public Context currentContext() {
		return this.actual.currentContext();
	}

}
