package io.github.asyncmiddleware.internal.style;

import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.Predicate;

import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * How much blocking work of one middleware may run at a time, within the bound of all.
 */
final class Limit {

	private final Offloader offloader;

	private final int maxConcurrent;

	/** In the order in which they came. Guarded by {@link Admission}. */
	private final Set<BoundedCall> waiting = new LinkedHashSet<>();

	/** How many calls run. Guarded by {@link Admission}. */
	private int active;

	Limit(Offloader offloader, int maxConcurrent) {
		this.offloader = offloader;
		this.maxConcurrent = maxConcurrent;
	}

	/**
	 * Call something that blocks, for each subscription.
	 * <p>
	 * The result is emitted by the thread that has worked for it, after the work has
	 * ended in every respect; nothing, for {@code null}. What is thrown becomes an error
	 * signal, see {@link Thrown}, and so does a lack of permits:
	 * {@link io.github.asyncmiddleware.internal.chain.OverloadException}. Cancelling
	 * takes waiting work out of the queue and interrupts running work, once; its result
	 * is discarded.
	 * @param work what blocks
	 * @param staysOffloaded whether the next call that is subscribed to while this result
	 * is emitted, by the emitting thread, may go on with its permit; asked after the
	 * work, on its thread, and not if it has failed
	 * @param <T> the type of the result
	 * @return the result
	 */
	<T> Mono<T> call(Callable<? extends @Nullable T> work, Predicate<? super @Nullable T> staysOffloaded) {
		return OffloadedMono.create(this.offloader, this, work, staysOffloaded);
	}

	/**
	 * Called under the monitor of {@link Admission}, as all of the following.
	 */
	boolean hasRoom() {
		return this.active < this.maxConcurrent;
	}

	void enter() {
		this.active++;
	}

	void leave() {
		this.active--;
	}

	void enqueue(BoundedCall call) {
		this.waiting.add(call);
	}

	void dequeue(BoundedCall call) {
		this.waiting.remove(call);
	}

	boolean hasWaiting() {
		return !this.waiting.isEmpty();
	}

	/**
	 * The call that has waited longest, if there is room for it.
	 */
	@Nullable BoundedCall first() {
		return (hasRoom() && hasWaiting()) ? this.waiting.iterator().next() : null;
	}

	Set<BoundedCall> waiting() {
		return this.waiting;
	}

}
