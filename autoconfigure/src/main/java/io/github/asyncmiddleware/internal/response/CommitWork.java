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

	private final ResponseCommit commit;

	private final CommitListener request;

	/**
	 * Guarded by the commit. That there are some is seen by a writer that has arrived
	 * after them.
	 */
	private @Nullable List<Supplier<? extends Mono<Void>>> actions;

	CommitWork(ResponseCommit commit) {
		this.commit = commit;
		this.request = commit.request();
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
	 * @param writer writes the answer
	 * @param withActions whether the commit actions run, too
	 * @return what to wait for, or {@code null} if all is done
	 */
	@Nullable Mono<Void> begin(ResponseWriter writer, boolean withActions) {
		if (this.actions == null || !withActions) {
			return hooks(writer);
		}
		List<Supplier<? extends Mono<Void>>> actions;
		synchronized (this.commit) {
			actions = List.copyOf(this.actions);
		}
		// Also where a middleware has answered, their time is the application's
		this.request.letOut(this.commit, writer.attempt());
		ThreadActivity activity = this.request.activity();
		if (activity.request() == this.request) {
			// Another one can be on this thread, which lets this one go on
			activity.at(null);
		}
		return Flux.concat(Flux.fromIterable(actions).map(Supplier::get))
			.doOnError((ex) -> this.commit.actionFailed(writer))
			.then(Mono.defer(() -> {
				Mono<Void> hooks = hooks(writer);
				return (hooks != null) ? hooks : Mono.empty();
			}));
	}

	private @Nullable Mono<Void> hooks(ResponseWriter writer) {
		if (!this.request.isHooked()) {
			return null;
		}
		Supplier<@Nullable Mono<Void>> hooks;
		synchronized (this.commit) {
			if (!CommitWord.was(this.commit.word(), writer.attempt(), CommitWord.COMMITTING)) {
				return null;
			}
			hooks = this.request.hooks(writer.attempt());
		}
		return hooks.get();
	}

}
