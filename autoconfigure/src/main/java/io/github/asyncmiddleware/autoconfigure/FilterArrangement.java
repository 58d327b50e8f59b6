package io.github.asyncmiddleware.autoconfigure;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;

import io.github.asyncmiddleware.internal.chain.ChainEntry;
import io.github.asyncmiddleware.internal.chain.Middleware;
import org.jspecify.annotations.Nullable;

/**
 * Brings filters that Spring has put in order into the order of the chain: settles ties,
 * moves the middlewares that only say what they stand next to, and refuses
 * contradictions.
 * <p>
 * The foreign filters stay in the order they came in.
 */
final class FilterArrangement {

	private final List<Placed> settled;

	private final List<Placed> chain = new ArrayList<>();

	private final List<Placed> moved;

	private final List<Placed> floating = new ArrayList<>();

	private FilterArrangement(List<Placed> filters) {
		this.settled = settleTies(filters);
		for (Placed filter : this.settled) {
			boolean related = this.settled.stream().anyMatch(filter::relatesTo);
			((related && !filter.fixed()) ? this.floating : this.chain).add(filter);
		}
		this.floating.sort(Comparator.comparing((filter) -> filter.entry().name()));
		this.moved = List.copyOf(this.floating);
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
		return arrangement.entries();
	}

	/**
	 * Put a filter that Spring could not put in order among those that it has: behind the
	 * last one whose order is not higher.
	 * @param filter the filter
	 * @param filters the filters in the order of Spring
	 */
	static void insert(Placed filter, List<Placed> filters) {
		int position = filters.size();
		while (position > 0 && filters.get(position - 1).entry().order() > filter.entry().order()) {
			position--;
		}
		filters.add(position, filter);
	}

	/**
	 * Among filters of the same order the foreign ones come first, then the middlewares
	 * by name, as far as no relation of theirs says otherwise.
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
			List<Placed> byName = new ArrayList<>(tied.stream().filter(Placed::foreign).toList());
			tied.stream()
				.filter((filter) -> !filter.foreign())
				.sorted(Comparator.comparing((filter) -> filter.entry().name()))
				.forEach(byName::add);
			Set<Placed> visited = Collections.newSetFromMap(new IdentityHashMap<>());
			byName.forEach((filter) -> settle(filter, byName, visited, settled));
			from = to;
		}
		return settled;
	}

	/**
	 * Put a filter behind those that have to come before it. What is in a cycle is left
	 * as it is: that is refused later.
	 */
	private static void settle(Placed filter, List<Placed> tied, Set<Placed> visited, List<Placed> settled) {
		if (visited.add(filter)) {
			tied.stream()
				.filter((other) -> isSettledBefore(other, filter, tied))
				.forEach((other) -> settle(other, tied, visited, settled));
			settled.add(filter);
		}
	}

	private static boolean isSettledBefore(Placed filter, Placed other, List<Placed> tied) {
		if (filter.foreign() && other.foreign()) {
			return tied.indexOf(filter) < tied.indexOf(other);
		}
		return (filter.fixed() && filter.precedes(other)) || (other.fixed() && other.follows(filter));
	}

	private void placeFloating() {
		while (!this.floating.isEmpty()) {
			Placed next = this.floating.stream()
				.filter((candidate) -> this.floating.stream().noneMatch(candidate::relatesTo))
				.findFirst()
				.or(() -> this.floating.stream().filter((candidate) -> predecessor(candidate) == null).findFirst())
				.orElseThrow(this::cycle);
			this.floating.remove(next);
			this.chain.add(position(next), next);
		}
	}

	/**
	 * One of those not yet placed that has to come before another, whichever of the two
	 * says so.
	 */
	private @Nullable Placed predecessor(Placed filter) {
		return this.floating.stream()
			.filter((other) -> filter.follows(other) || other.precedes(filter))
			.findFirst()
			.orElse(null);
	}

	/**
	 * Everything not yet placed has a predecessor, so going back from one to the next
	 * comes to the same one twice.
	 */
	private InvalidMiddlewareException cycle() {
		List<Placed> path = new ArrayList<>();
		Placed filter = this.floating.get(0);
		while (filter != null && !path.contains(filter)) {
			path.add(0, filter);
			filter = predecessor(filter);
		}
		List<Placed> cycle = new ArrayList<>(path.subList(0, path.indexOf(filter) + 1));
		cycle.add(0, cycle.get(cycle.size() - 1));
		return new InvalidMiddlewareException(
				"The 'before' and 'after' of middlewares contradict each other: "
						+ cycle.stream().map(FilterArrangement::describe).collect(Collectors.joining(" > ")) + ".",
				"Remove one of the relations, or give one of the middlewares an order instead.");
	}

	/**
	 * Directly behind the last one that it follows, and behind those placed there before;
	 * else directly in front of the first one that it precedes; else where it stood.
	 */
	private int position(Placed filter) {
		int last = lastIndex(filter::follows);
		if (last < 0) {
			return this.chain.stream().anyMatch(filter::precedes) ? firstIndex(filter::precedes)
					: lastIndex((other) -> this.settled.indexOf(other) < this.settled.indexOf(filter)) + 1;
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

	/**
	 * The chain, in which a middleware that was moved has the order of the filter it was
	 * moved next to.
	 */
	private List<ChainEntry> entries() {
		List<ChainEntry> entries = new ArrayList<>();
		for (Placed filter : this.chain) {
			entries.add((this.moved.contains(filter) && filter.entry() instanceof Middleware middleware)
					? middleware.withOrder(orderNextTo(filter, entries)) : filter.entry());
		}
		return List.copyOf(entries);
	}

	private int orderNextTo(Placed filter, List<ChainEntry> outer) {
		boolean follows = this.chain.stream().anyMatch(filter::follows);
		if (follows && !outer.isEmpty()) {
			return outer.get(outer.size() - 1).order();
		}
		return this.chain.subList(outer.size(), this.chain.size())
			.stream()
			.filter((other) -> !this.moved.contains(other))
			.findFirst()
			.orElse(filter)
			.entry()
			.order();
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

	private InvalidMiddlewareException contradiction(Placed filter, String relation, Placed other) {
		String description = "The middleware %s has to run %s the filter %s, but %s.".formatted(describePlace(filter),
				relation, describePlace(other), (filter.fixed() && filter.entry().order() != other.entry().order())
						? "its own order says otherwise" : "other relations say otherwise");
		return new InvalidMiddlewareException(description,
				"Change the order or remove the relation, in @AsyncMiddleware or in the properties '%s.*'."
					.formatted(AsyncMiddlewareProperties.of(filter.entry().name())));
	}

	private String describePlace(Placed filter) {
		ChainEntry entry = entries().get(this.chain.indexOf(filter));
		String origin = filter.fixed() ? "" : this.moved.contains(filter) ? " by its relations" : " by default";
		return "'%s' (%s, order %d%s)".formatted(entry.name(), entry.type().getName(), entry.order(), origin);
	}

	private static String describe(Placed filter) {
		return "'%s' (%s)".formatted(filter.entry().name(), filter.entry().type().getName());
	}

	/**
	 * A filter with what its definition says about its place.
	 *
	 * @param entry the filter
	 * @param before the filters it has to precede
	 * @param after the filters it has to follow
	 * @param fixed whether an order of its own says where it stands
	 * @param foreign whether it is no middleware, also where it is run as one
	 */
	record Placed(ChainEntry entry, List<Class<?>> before, List<Class<?>> after, boolean fixed, boolean foreign) {

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
