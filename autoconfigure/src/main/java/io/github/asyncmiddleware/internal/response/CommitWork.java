package io.github.asyncmiddleware.internal.response;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

import io.github.asyncmiddleware.internal.watch.ThreadActivity;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * What is done between the decision about a head and the head: commit actions in the
 * order in which they were registered, then response hooks, inner ones first.
 */
final class CommitWork {

	private final CommitListener request;

	/** Added to by the thread that the request is on. */
	private @Nullable List<Supplier<? extends Mono<Void>>> actions;

	CommitWork(CommitListener request) {
		this.request = request;
	}

	void add(Supplier<? extends Mono<Void>> action) {
		List<Supplier<? extends Mono<Void>>> actions = this.actions;
		if (actions == null) {
			actions = new ArrayList<>(2);
			this.actions = actions;
		}
		actions.add(action);
	}

	/**
	 * Begin the work.
	 * @param withActions whether the commit actions run, too
	 * @param failed called if one of them fails
	 * @return what to wait for, or {@code null} if all is done
	 */
	@Nullable Mono<Void> begin(boolean withActions, Runnable failed) {
		List<Supplier<? extends Mono<Void>>> actions = this.actions;
		if (actions == null || !withActions) {
			return this.request.beforeHead();
		}
		// Also where a middleware has answered, their time is the application's
		this.request.letOut();
		ThreadActivity activity = this.request.activity();
		if (activity.request() == this.request) {
			// Another one can be on this thread, which lets this one go on
			activity.at(null);
		}
		return Flux.concat(Flux.fromIterable(List.copyOf(actions)).map(Supplier::get))
			.doOnError((ex) -> failed.run())
			.then(Mono.defer(this::hooks));
	}

	private Mono<Void> hooks() {
		Mono<Void> hooks = this.request.beforeHead();
		return (hooks != null) ? hooks : Mono.empty();
	}

}
