package io.github.asyncmiddleware.autoconfigure;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;

import org.jspecify.annotations.Nullable;

/**
 * Compares names as people write them: {@code requestId}, {@code request-id} and
 * {@code REQUESTID} are the same.
 */
final class MiddlewareNames {

	private static final int MAX_SLIPS = 2;

	private MiddlewareNames() {
	}

	/**
	 * The form in which names that are the same are equal.
	 */
	static String uniform(String name) {
		StringBuilder uniform = new StringBuilder(name.length());
		name.toLowerCase(Locale.ROOT).codePoints().filter(Character::isLetterOrDigit).forEach(uniform::appendCodePoint);
		return uniform.toString();
	}

	/**
	 * The word that a misspelled one of a known vocabulary was probably meant to be.
	 * @return the nearest candidate, or {@code null} if none is near
	 */
	static @Nullable String nearest(String word, Collection<String> candidates) {
		return nearest(word, candidates, Integer.MAX_VALUE);
	}

	/**
	 * The middleware that a misspelled name was probably meant to be. Two slips at most:
	 * names that are long and share an end, such as {@code authMiddleware} and
	 * {@code corsMiddleware}, are different names.
	 * @return the nearest candidate, or {@code null} if none is near
	 */
	static @Nullable String misspelled(String name, Collection<String> candidates) {
		return nearest(name, candidates, MAX_SLIPS);
	}

	private static @Nullable String nearest(String name, Collection<String> candidates, int most) {
		String uniform = uniform(name);
		int tolerance = Math.min(most, Math.max(1, uniform.length() / 3));
		return candidates.stream()
			.filter((candidate) -> distance(uniform, uniform(candidate)) <= tolerance)
			.min(Comparator.<String>comparingInt((candidate) -> distance(uniform, uniform(candidate)))
				.thenComparing(Comparator.naturalOrder()))
			.orElse(null);
	}

	/**
	 * Whether two names are those of one series, such as {@code auth1} and {@code auth2}.
	 */
	static boolean differInDigitsOnly(String name, String other) {
		return uniform(name).replaceAll("\\d", "").equals(uniform(other).replaceAll("\\d", ""));
	}

	/**
	 * How many letters have to be put in, taken out or changed (Levenshtein), where two
	 * neighbours that changed places count once.
	 */
	private static int distance(String from, String to) {
		int[][] distance = new int[from.length() + 1][to.length() + 1];
		for (int i = 0; i <= from.length(); i++) {
			for (int j = 0; j <= to.length(); j++) {
				if (i == 0 || j == 0) {
					distance[i][j] = i + j;
					continue;
				}
				int change = (from.charAt(i - 1) != to.charAt(j - 1)) ? 1 : 0;
				distance[i][j] = Math.min(distance[i - 1][j - 1] + change,
						Math.min(distance[i - 1][j], distance[i][j - 1]) + 1);
				if (i > 1 && j > 1 && from.charAt(i - 1) == to.charAt(j - 2)
						&& from.charAt(i - 2) == to.charAt(j - 1)) {
					distance[i][j] = Math.min(distance[i][j], distance[i - 2][j - 2] + 1);
				}
			}
		}
		return distance[from.length()][to.length()];
	}

}
