package io.github.asyncmiddleware.internal.response;

import java.util.ArrayList;
import java.util.List;

import org.jspecify.annotations.Nullable;

/**
 * The writers that came second to one attempt: they write nothing and end with the first.
 */
final class SecondWriters {

	/** Guarded by this. */
	private final List<CarriedWriter> writers = new ArrayList<>(1);

	/** The first has ended. Guarded by this. */
	private boolean ended;

	/**
	 * Add a writer.
	 * @return {@code false} if the first has ended already
	 */
	synchronized boolean tryAdd(CarriedWriter writer) {
		return !this.ended && this.writers.add(writer);
	}

	private synchronized List<CarriedWriter> take() {
		this.ended = true;
		List<CarriedWriter> writers = List.copyOf(this.writers);
		this.writers.clear();
		return writers;
	}

	void end(@Nullable Throwable error) {
		take().forEach((writer) -> writer.endSubscriber(error));
	}

}
