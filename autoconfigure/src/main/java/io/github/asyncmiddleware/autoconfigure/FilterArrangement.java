package io.github.asyncmiddleware.autoconfigure;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.function.Predicate;

import io.github.asyncmiddleware.internal.chain.ChainEntry;
import io.github.asyncmiddleware.internal.chain.Middleware;

/**
 * Brings filters that Spring has put in order into the order of the chain: settles ties,
 * moves the middlewares that only say next to whom they stand, and refuses
 * contradictions.
 * <p>
 * The foreign filters stay in the order they came in.
 */
final class FilterArrangement {

	private final List<Placed> chain = new ArrayList<>();

	private final List<Placed> floating = new ArrayList<>();

	private FilterArrangement(List<Placed> filters) {
		List<Placed> settled = settleTies(filters);
		for (Placed filter : settled) {
			boolean related = settled.stream().anyMatch(filter::relatesTo);
			((related && !filter.fixed()) ? this.floating : this.chain).add(filter);
		}
		this.floating.sort(Comparator.comparing((filter) -> filter.entry().name()));
	}

	/**
	 * Arrange filters.
	 * @param filters the filters in the order of Spring
	 * @return the chain, outermost first
	 * @throws InvalidMiddlewareException if relations contradict orders or each other
	 */
	static List<ChainEntry> arrange(List<Placed> filters) {
		FilterArrangement arrangement = new FilterArrangement(filters);
		arrangement.placeFloating();
		arrangement.checkRelations();
		return arrangement.chain.stream().map(Placed::entry).toList();
	}

	/**
	 * Among filters of the same order the foreign ones come first, then the middlewares
	 * by name.
	 */
	private static List<Placed> settleTies(List<Placed> filters) {
		List<Placed> settled = new ArrayList<>(filters.size());
		int from = 0;
		while (from < filters.size()) {
			int to = from + 1;
			while (to < filters.size() && filters.get(to).entry().order() == filters.get(from).entry().order()) {
				to++;
			}
			List<Placed> tied = filters.subList(from, to);
			tied.stream().filter((filter) -> !isMiddleware(filter)).forEach(settled::add);
			tied.stream()
				.filter(FilterArrangement::isMiddleware)
				.sorted(Comparator.comparing((filter) -> filter.entry().name()))
				.forEach(settled::add);
			from = to;
		}
		return settled;
	}

	private static boolean isMiddleware(Placed filter) {
		return filter.entry() instanceof Middleware;
	}

	private void placeFloating() {
		while (!this.floating.isEmpty()) {
			Placed next = null;
			Iterator<Placed> candidates = this.floating.iterator();
			while (next == null && candidates.hasNext()) {
				Placed candidate = candidates.next();
				if (this.floating.stream().noneMatch(candidate::relatesTo)) {
					next = candidate;
					candidates.remove();
				}
			}
			if (next == null) {
				throw new InvalidMiddlewareException(
						"The middlewares %s wait for each other: their 'before' and 'after' form a cycle."
							.formatted(this.floating.stream().map(FilterArrangement::describe).toList()),
						"Remove one of the relations, or give one of the middlewares an order.");
			}
			this.chain.add(position(next), next);
		}
	}

	/**
	 * Directly behind the last one that it follows, and behind those placed there before;
	 * else directly in front of the first one that it precedes.
	 */
	private int position(Placed filter) {
		int last = lastIndex(filter::follows);
		if (last < 0) {
			return firstIndex(filter::precedes);
		}
		int position = last + 1;
		Placed anchor = this.chain.get(last);
		while (position < this.chain.size() && this.chain.get(position).follows(anchor)
				&& !this.chain.get(position).fixed() && !filter.precedes(this.chain.get(position))) {
			position++;
		}
		return position;
	}

	private int firstIndex(Predicate<Placed> predicate) {
		int index = 0;
		while (!predicate.test(this.chain.get(index))) {
			index++;
		}
		return index;
	}

	private int lastIndex(Predicate<Placed> predicate) {
		int index = this.chain.size() - 1;
		while (index >= 0 && !predicate.test(this.chain.get(index))) {
			index--;
		}
		return index;
	}

	private void checkRelations() {
		for (int i = 0; i < this.chain.size(); i++) {
			Placed filter = this.chain.get(i);
			for (int j = 0; j < this.chain.size(); j++) {
				Placed other = this.chain.get(j);
				if (j < i && filter.precedes(other)) {
					throw contradiction(filter, "before", other);
				}
				if (j > i && filter.follows(other)) {
					throw contradiction(filter, "after", other);
				}
			}
		}
	}

	private static InvalidMiddlewareException contradiction(Placed filter, String relation, Placed other) {
		String description = "The middleware %s has to run %s the filter %s, but %s.".formatted(describe(filter),
				relation, describe(other),
				filter.fixed() ? "its own order says otherwise" : "other relations say otherwise");
		return new InvalidMiddlewareException(description,
				"Change the order or remove the relation, in @AsyncMiddleware or in the properties '%s.%s.*'."
					.formatted(AsyncMiddlewareProperties.MIDDLEWARE, filter.entry().name()));
	}

	private static String describe(Placed filter) {
		ChainEntry entry = filter.entry();
		return "'%s' (%s, order %d)".formatted(entry.name(), entry.type().getName(), entry.order());
	}

	/**
	 * A filter with what its definition says about its place.
	 *
	 * @param entry the filter
	 * @param before the filters it has to precede
	 * @param after the filters it has to follow
	 * @param fixed whether an order of its own says where it stands
	 */
	record Placed(ChainEntry entry, List<Class<?>> before, List<Class<?>> after, boolean fixed) {

		private boolean precedes(Placed other) {
			return this != other && matches(this.before, other.entry);
		}

		private boolean follows(Placed other) {
			return this != other && matches(this.after, other.entry);
		}

		private boolean relatesTo(Placed other) {
			return precedes(other) || follows(other);
		}

		private static boolean matches(List<Class<?>> types, ChainEntry entry) {
			return types.stream()
				.anyMatch((type) -> type.isAssignableFrom(entry.type()) || type.isInstance(entry.filter()));
		}

	}

}
