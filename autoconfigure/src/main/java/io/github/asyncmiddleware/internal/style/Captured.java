package io.github.asyncmiddleware.internal.style;

import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;

import org.springframework.util.Assert;

/**
 * Takes the value out of a {@link Mono} that has it when it is subscribed to. In contrast
 * to {@link Mono#block()} it can be used on an event loop, because it never waits.
 * <p>
 * One for each value, used on one thread.
 */
final class Captured implements CoreSubscriber<Object> {

	private @Nullable Object value;

	private @Nullable Throwable error;

	private boolean ended;

	private Captured() {
	}

	/**
	 * Take the value out of a {@link Mono}.
	 * @param mono emits its value while it is subscribed to
	 * @return the value, or {@code null} if there is none
	 * @throws Throwable the error that it signals
	 */
	static @Nullable Object from(Mono<Object> mono) throws Throwable {
		Captured captured = new Captured();
		mono.subscribe(captured);
		Assert.state(captured.ended, "A synchronous argument resolver did not resolve its argument at once");
		if (captured.error != null) {
			throw captured.error;
		}
		return captured.value;
	}

	@Override
	public void onSubscribe(Subscription subscription) {
		subscription.request(Long.MAX_VALUE);
	}

	@Override
	public void onNext(Object value) {
		this.value = value;
	}

	@Override
	public void onError(Throwable error) {
		this.error = error;
		this.ended = true;
	}

	@Override
	public void onComplete() {
		this.ended = true;
	}

}
