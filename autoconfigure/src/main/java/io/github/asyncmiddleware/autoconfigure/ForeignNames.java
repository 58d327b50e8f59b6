package io.github.asyncmiddleware.autoconfigure;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

import io.github.asyncmiddleware.internal.chain.ChainEntry;
import io.github.asyncmiddleware.internal.chain.ForeignFilter;

/**
 * Shortens the names of foreign filters that are whole classes, as those of imported
 * beans are and that of Spring Security's filter is: to the simple name of the class,
 * unless another filter has that name.
 * <p>
 * What a filter is called once it is called in the chains of all handlers, whatever else
 * is in them.
 */
final class ForeignNames {

	/** A package and a class, which may be in another one. */
	private static final Pattern QUALIFIED = Pattern.compile("(?:[a-z_][\\w]*\\.)+[A-Z][\\w$.]*");

	/** The short names of filters, by the long ones. Guarded by this object. */
	private final Map<String, String> decided = new HashMap<>();

	/** Guarded by this object. */
	private final Set<String> taken;

	/**
	 * Create an instance.
	 * @param middlewares the names of the middlewares
	 */
	ForeignNames(Collection<String> middlewares) {
		this.taken = new HashSet<>(middlewares);
	}

	/**
	 * Shorten the names in a chain.
	 * @param chain the chain
	 * @return the same chain with the names that are shown
	 */
	synchronized List<ChainEntry> shorten(List<ChainEntry> chain) {
		Map<String, Set<String>> candidates = new HashMap<>();
		for (ChainEntry entry : chain) {
			candidates.computeIfAbsent(candidate(entry), (name) -> new HashSet<>()).add(entry.name());
		}
		List<ChainEntry> shortened = new ArrayList<>(chain.size());
		for (ChainEntry entry : chain) {
			String candidate = candidate(entry);
			boolean unique = candidates.getOrDefault(candidate, Set.of()).size() == 1;
			shortened.add((entry instanceof ForeignFilter foreign) ? foreign.withName(this.decided
				.computeIfAbsent(foreign.name(), (name) -> (unique && this.taken.add(candidate)) ? candidate : name))
					: entry);
		}
		return List.copyOf(shortened);
	}

	/**
	 * The simple name of the class. A lambda has none, so it is that of the class it is
	 * written in, as its name says.
	 */
	private static String candidate(ChainEntry entry) {
		if (!(entry instanceof ForeignFilter) || !QUALIFIED.matcher(entry.name()).matches()) {
			return entry.name();
		}
		String simple = entry.type().isHidden() ? "" : entry.type().getSimpleName();
		return simple.isEmpty() ? entry.name().substring(entry.name().lastIndexOf('.') + 1) : simple;
	}

}
