package io.github.asyncmiddleware.internal.style;

import java.util.concurrent.Callable;
import java.util.function.Predicate;

import org.jspecify.annotations.Nullable;
import reactor.core.CoreSubscriber;
import reactor.core.Scannable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;

/**
 * Blocking work as a Mono. Each subscription is an {@link OffloadedCall} of its own.
 *
 * @param <T> the type of the result
 */
final class OffloadedMono<T> extends Mono<T> implements Scannable {

	private final Offloader offloader;

	private final Limit limit;

	private final Callable<? extends @Nullable T> work;

	private final Predicate<? super @Nullable T> staysOffloaded;

	private OffloadedMono(Offloader offloader, Limit limit, Callable<? extends @Nullable T> work,
			Predicate<? super @Nullable T> staysOffloaded) {
		this.offloader = offloader;
		this.limit = limit;
		this.work = work;
		this.staysOffloaded = staysOffloaded;
	}

	static <T> Mono<T> create(Offloader offloader, Limit limit, Callable<? extends @Nullable T> work,
			Predicate<? super @Nullable T> staysOffloaded) {
		return onAssembly(new OffloadedMono<>(offloader, limit, work, staysOffloaded));
	}

	@Override
	public void subscribe(CoreSubscriber<? super T> actual) {
		ThreadLocals.Snapshot snapshot;
		try {
			snapshot = this.offloader.threadLocals().capture(actual.currentContext());
		}
		catch (RuntimeException | LinkageError ex) {
			Operators.error(actual, Thrown.toSignal(ex));
			return;
		}
		OffloadedCall<T> call = new OffloadedCall<>(actual, this.offloader, this.limit, this.work, this.staysOffloaded,
				snapshot);
		actual.onSubscribe(call);
		this.offloader.start(call);
	}

	@Override
	@SuppressWarnings("rawtypes")
	public @Nullable Object scanUnsafe(Attr key) {
		return (key == Attr.RUN_STYLE) ? Attr.RunStyle.ASYNC : null;
	}

	@Override
	public String stepName() {
		return "offloaded";
	}

}
