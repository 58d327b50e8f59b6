package io.github.asyncmiddleware.metrics;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

import io.github.asyncmiddleware.internal.chain.Middleware;

/**
 * Gives the middlewares names that can stand in a {@code Server-Timing} header: tokens of
 * RFC 9110, section 5.6.2, of limited length, each a different one. Made once, at
 * start-up.
 * <p>
 * A name that is such a token stays as it is. Of the others, whatever may not be in a
 * token becomes an underscore and what is too long is cut. Where that leads to a name
 * that is taken, a number is put behind it.
 */
final class ServerTimingNames {

	static final int MAX_LENGTH = 40;

	private static final String PUNCTUATION = "!#$%&'*+-.^_`|~";

	private final Set<String> taken = new HashSet<>(ServerTimingText.RESERVED);

	private ServerTimingNames() {
	}

	/**
	 * The names of some middlewares.
	 * @param middlewares the middlewares
	 * @return a name for each, by its index
	 */
	static String[] of(List<Middleware> middlewares) {
		ServerTimingNames names = new ServerTimingNames();
		String[] result = new String[middlewares.stream().mapToInt(Middleware::index).max().orElse(-1) + 1];
		for (Middleware middleware : middlewares) {
			if (names.tryKeep(middleware.name())) {
				result[middleware.index()] = middleware.name();
			}
		}
		for (Middleware middleware : middlewares) {
			if (result[middleware.index()] == null) {
				result[middleware.index()] = names.find(token(middleware.name()));
			}
		}
		return result;
	}

	private boolean tryKeep(String name) {
		return token(name).equals(name) && this.taken.add(name);
	}

	private String find(String token) {
		String name = token;
		for (int number = 2; !this.taken.add(name); number++) {
			String suffix = "-" + number;
			name = token.substring(0, Math.min(token.length(), MAX_LENGTH - suffix.length())) + suffix;
		}
		return name;
	}

	/**
	 * The token that a name becomes.
	 * @param name the name
	 * @return the token, the name itself if it is one
	 */
	static String token(String name) {
		StringBuilder token = new StringBuilder();
		name.codePoints()
			.limit(MAX_LENGTH)
			.forEach((character) -> token.appendCodePoint(isAllowed(character) ? character : '_'));
		return token.isEmpty() ? "_" : token.toString();
	}

	private static boolean isAllowed(int character) {
		return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z')
				|| (character >= '0' && character <= '9') || PUNCTUATION.indexOf(character) >= 0;
	}

}
