package io.github.asyncmiddleware.internal.run;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.List;

import io.github.asyncmiddleware.LiveResponse;
import io.github.asyncmiddleware.internal.record.RequestRecord;
import io.github.asyncmiddleware.internal.watch.ThreadActivity;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;

import org.springframework.http.HttpStatus;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.server.ServerWebExchange;

/**
 * Where a response stops when its head is decided, until every middleware that waits for
 * it has let it go: the innermost first.
 * <p>
 * One gate serves all middlewares that see the same response. It does not touch the
 * response before the first of them waits, and holds no more of a body than its first
 * element.
 */
public final class ResponseGate {

	private final ServerHttpResponse response;

	private final Timeline timeline;

	/** The innermost one that has handed over. */
	private @Nullable Waiting innermost;

	/** The one the response has reached. */
	private @Nullable Waiting current;

	private @Nullable ResponseHead head;

	private int headTouches;

	/** Whoever leads the response from one to the next, if that happens now. */
	private @Nullable Lead lead;

	private final LiveResponse live;

	/** The request that was made last, and the exchange that it is made of. */
	private @Nullable ServerRequest request;

	private @Nullable ServerWebExchange requestExchange;

	/** Who wants to write, while the response is on its way out; guarded by this. */
	private @Nullable List<Passage> writers;

	ResponseGate(ServerHttpResponse response, Timeline timeline) {
		this.response = response;
		this.timeline = timeline;
		this.live = new GatedLiveResponse(response, this);
	}

	/**
	 * Give the response of an exchange a gate, if it has none.
	 * @param exchange the exchange
	 * @return the same exchange, or one whose response has a gate
	 */
	public static ServerWebExchange open(ServerWebExchange exchange) {
		ServerHttpResponse response = exchange.getResponse();
		if (response instanceof Gated) {
			return exchange;
		}
		ServerHttpResponse gated = GatedResponse.of(response);
		return exchange.mutate().response(gated).build();
	}

	/**
	 * The gate of a response.
	 * @param exchange an exchange from {@link #open}
	 * @return its gate
	 */
	public static ResponseGate of(ServerWebExchange exchange) {
		if (exchange.getResponse() instanceof Gated gated) {
			return gated.gate();
		}
		throw new IllegalArgumentException("The response has no gate");
	}

	/**
	 * The response as those who wait for it see it.
	 * @return always the same object
	 */
	public LiveResponse live() {
		return this.live;
	}

	/**
	 * The request that those who wait for its response see.
	 * @param exchange the exchange as one of them sees it
	 * @return what was kept for the same exchange, or {@code null}
	 */
	public @Nullable ServerRequest request(ServerWebExchange exchange) {
		return (this.requestExchange == exchange) ? this.request : null;
	}

	/**
	 * Keep a request for those further in that see the same exchange.
	 * @param request the request
	 * @param exchange the exchange that it is made of
	 */
	public void keep(ServerRequest request, ServerWebExchange exchange) {
		this.request = request;
		this.requestExchange = exchange;
	}

	/**
	 * The status that the client is going to see.
	 * @return the status, as far as it is decided
	 */
	public HttpStatusCode statusCode() {
		if (this.response instanceof ObservedResponse observed) {
			return observed.statusOfHead();
		}
		HttpStatusCode status = this.response.getStatusCode();
		return (status != null) ? status : HttpStatus.OK;
	}

	/**
	 * What has been decided of the head so far. The result is the same object as long as
	 * nobody has touched it.
	 * @return status, headers and cookies
	 */
	public ResponseHead head() {
		int touches = this.timeline.touches();
		ResponseHead head = this.head;
		if (head == null || this.timeline == Timeline.NONE || this.headTouches != touches) {
			head = ResponseHead.of(untouched());
			this.head = head;
			this.headTouches = touches;
		}
		return head;
	}

	/**
	 * Bring the head back to what it was.
	 * @param head what it was
	 */
	public void restore(ResponseHead head) {
		head.applyTo(untouched());
	}

	/**
	 * Forget what the head says about a body that is not going to be sent, as Spring does
	 * when a body fails. Whatever is sent in its place has another one.
	 */
	public void forgetBody() {
		untouched().getHeaders().clearContentHeaders();
	}

	private ServerHttpResponse untouched() {
		return (this.response instanceof ObservedResponse observed) ? observed.response() : this.response;
	}

	/**
	 * Let the response stop for a middleware that is about to hand over.
	 * @param waiting what the middleware does then
	 */
	public void await(Waiting waiting) {
		if (waiting.state == Waiting.NEW) {
			waiting.outer = this.innermost;
		}
		waiting.become(Waiting.WAITS);
		this.innermost = waiting;
	}

	/**
	 * Do not let the response stop any more for a middleware that it has not reached.
	 * @param waiting what waits
	 */
	public void leave(Waiting waiting) {
		if (waiting.state == Waiting.WAITS) {
			waiting.become(Waiting.GONE);
		}
	}

	/**
	 * The response may pass on.
	 * @param waiting what it has reached
	 */
	public void release(Waiting waiting) {
		waiting.become(Waiting.GONE);
		goOn();
	}

	private void goOn() {
		Lead lead = this.lead;
		if (lead != null && lead.thread == Thread.currentThread()) {
			lead.goesOn = true;
		}
		else {
			advance();
		}
	}

	/**
	 * The response that has reached a middleware goes no further; another one may follow.
	 * Only cancels if it has gone on or was discarded already.
	 * @param waiting what it has reached
	 * @param cancellation cancels what writes it
	 */
	public void discard(Waiting waiting, Runnable cancellation) {
		if (!waiting.isReached()) {
			cancellation.run();
			return;
		}
		waiting.state = Waiting.GONE;
		this.timeline.leaves(false);
		List<Passage> writers = takeWriters();
		cancellation.run();
		writers.forEach(Passage::refuse);
	}

	/**
	 * What to wait for before the response is written.
	 * @return completes when the response may be written
	 */
	Mono<Void> pass() {
		return new Mono<>() {

			@Override
			public void subscribe(CoreSubscriber<? super Void> actual) {
				ResponseGate.this.pass(actual);
			}

		};
	}

	private void pass(CoreSubscriber<? super Void> actual) {
		Passage passage = new Passage(this, actual);
		actual.onSubscribe(passage);
		if (isWaitedFor(passage)) {
			if (passage.first) {
				goOn();
			}
		}
		else {
			passage.open();
		}
	}

	private synchronized boolean isWaitedFor(Passage passage) {
		if (this.writers == null) {
			this.current = nextFrom(this.innermost);
			if (this.current == null) {
				return false;
			}
			passage.first = true;
			this.timeline.leaves(true);
			this.writers = new ArrayList<>(1);
		}
		this.writers.add(passage);
		return true;
	}

	/**
	 * Lead the response to the next one that waits for it, or out. Those that let it go
	 * at once are dealt with in a loop, not on the stack.
	 */
	private void advance() {
		ThreadActivity activity = this.timeline.activity();
		RequestRecord previous = activity.enter(this.timeline.record());
		try {
			lead();
		}
		finally {
			activity.exit(previous);
		}
	}

	private void lead() {
		Lead lead = new Lead();
		boolean goesOn = true;
		while (goesOn) {
			Waiting next = nextFrom(this.current);
			this.current = next;
			if (next == null) {
				letOut();
				return;
			}
			lead.goesOn = false;
			this.lead = lead;
			// One that leaves in this moment knows by itself that it was too late
			next.become(Waiting.REACHED);
			next.responseReached();
			if (this.lead == lead) {
				this.lead = null;
			}
			goesOn = lead.goesOn;
		}
	}

	private static @Nullable Waiting nextFrom(@Nullable Waiting start) {
		Waiting waiting = start;
		while (waiting != null && waiting.state != Waiting.WAITS) {
			waiting = waiting.outer;
		}
		return waiting;
	}

	private void letOut() {
		List<Passage> writers = takeWriters();
		this.timeline.returned(null);
		writers.forEach(Passage::open);
	}

	private synchronized List<Passage> takeWriters() {
		List<Passage> writers = this.writers;
		this.writers = null;
		return (writers != null) ? writers : List.of();
	}

	private synchronized void forget(Passage passage) {
		if (this.writers != null) {
			this.writers.remove(passage);
		}
	}

	/**
	 * A response that has a gate.
	 */
	interface Gated {

		/**
		 * The gate of this response.
		 */
		ResponseGate gate();

	}

	/**
	 * The thread that leads the response from one to the next.
	 */
	private static final class Lead {

		private final Thread thread = Thread.currentThread();

		/** The one it has reached has let it go at once, or has made another one. */
		private boolean goesOn;

	}

	/**
	 * The part of a middleware in one request, which the response has to reach before it
	 * is sent.
	 */
	public abstract static class Waiting extends Mono<Void> {

		private static final VarHandle STATE;

		static {
			try {
				STATE = MethodHandles.lookup().findVarHandle(Waiting.class, "state", int.class);
			}
			catch (ReflectiveOperationException ex) {
				throw new ExceptionInInitializerError(ex);
			}
		}

		private static final int NEW = 0;

		private static final int WAITS = 1;

		private static final int REACHED = 2;

		private static final int GONE = 3;

		private volatile int state;

		private @Nullable Waiting outer;

		/**
		 * Whether the response is here and waits.
		 */
		protected final boolean isReached() {
			return this.state == REACHED;
		}

		/**
		 * Only for those who are alone with it.
		 */
		void become(int state) {
			STATE.setRelease(this, state);
		}

		/**
		 * The head is decided. Has to be answered with {@link ResponseGate#release} or
		 * {@link ResponseGate#discard}, now or later.
		 */
		protected abstract void responseReached();

		/**
		 * The response that has reached the middleware is not to wait any longer.
		 */
		protected abstract void letGo();

	}

	/**
	 * One who wants to write.
	 */
	private static final class Passage implements Subscription {

		private final ResponseGate gate;

		private final CoreSubscriber<? super Void> actual;

		/** It has opened the way that others only join. */
		private boolean first;

		private volatile boolean cancelled;

		Passage(ResponseGate gate, CoreSubscriber<? super Void> actual) {
			this.gate = gate;
			this.actual = actual;
		}

		void open() {
			if (!this.cancelled) {
				this.actual.onComplete();
			}
		}

		void refuse() {
			if (!this.cancelled) {
				this.actual.onError(new IllegalStateException("Another response is sent instead"));
			}
		}

		@Override
		public void request(long n) {
		}

		@Override
		public void cancel() {
			this.cancelled = true;
			this.gate.forget(this);
		}

	}

}
