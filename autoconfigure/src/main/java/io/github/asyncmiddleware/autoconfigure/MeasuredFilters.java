package io.github.asyncmiddleware.autoconfigure;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

import io.github.asyncmiddleware.internal.chain.ChainEntry;
import io.github.asyncmiddleware.internal.chain.ForeignFilter;
import io.github.asyncmiddleware.internal.chain.Middleware;

/**
 * The foreign filters that are measured, with indexes behind those of the middlewares.
 * <p>
 * They are only known with a chain, and a further handler, such as that of a management
 * server, can bring more; so those who keep something for each are told. Filters of the
 * same name are one, whichever handlers they are in; a filter that has the name of
 * another one in the same chain, as filters that are no beans can, gets a number behind
 * it.
 */
final class MeasuredFilters {

	private final Map<String, Integer> indexes = new HashMap<>();

	private final List<Middleware> filters = new ArrayList<>();

	private final List<Consumer<List<Middleware>>> listeners = new ArrayList<>();

	private final int first;

	/**
	 * Create an instance that knows of no filter.
	 * @param first the first index that no middleware has
	 */
	MeasuredFilters(int first) {
		this.first = first;
	}

	/**
	 * Have the foreign filters of a chain measured.
	 * @param chain the chain
	 * @return the same chain, in which each foreign filter is measured
	 */
	List<ChainEntry> measure(List<ChainEntry> chain) {
		List<ChainEntry> measured = new ArrayList<>(chain.size());
		Set<String> names = new HashSet<>();
		List<Middleware> added = new ArrayList<>();
		synchronized (this) {
			for (ChainEntry entry : chain) {
				measured.add((entry instanceof ForeignFilter foreign) ? measure(foreign, names, added) : entry);
			}
			if (!added.isEmpty()) {
				this.filters.addAll(added);
				this.listeners.forEach((listener) -> listener.accept(List.copyOf(added)));
			}
		}
		return List.copyOf(measured);
	}

	private ForeignFilter measure(ForeignFilter foreign, Set<String> names, List<Middleware> added) {
		String name = foreign.name();
		for (int number = 2; !names.add(name); number++) {
			name = foreign.name() + "#" + number;
		}
		Integer known = this.indexes.get(name);
		int index = (known != null) ? known : this.first + this.indexes.size();
		Middleware measured = Middleware.ofForeign(index, name, foreign.type(), foreign.order(), foreign.filter());
		if (known == null) {
			this.indexes.put(name, index);
			added.add(measured);
		}
		return new ForeignFilter(name, foreign.type(), foreign.order(), foreign.filter(), measured);
	}

	/**
	 * Tell of all filters, those that are known already and those that follow.
	 * @param listener is given some that it has not been told of
	 */
	synchronized void tell(Consumer<List<Middleware>> listener) {
		if (!this.filters.isEmpty()) {
			listener.accept(List.copyOf(this.filters));
		}
		this.listeners.add(listener);
	}

}
