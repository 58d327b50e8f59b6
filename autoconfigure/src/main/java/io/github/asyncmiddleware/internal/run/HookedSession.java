package io.github.asyncmiddleware.internal.run;

import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * The session of a request while response hooks run. It was saved before, with the other
 * actions before the head, so what a hook changes has to be saved once more.
 */
public interface HookedSession {

	/**
	 * Response hooks begin: from now on each caller that asks for the session counts.
	 */
	void beginHooks();

	/**
	 * Save the session if a hook has asked for it since the last time.
	 * @return what to wait for, or {@code null} if there is nothing to save; fails if the
	 * session cannot be saved
	 */
	@Nullable Mono<Void> save();

}
