package io.github.asyncmiddleware.metrics;

import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

import io.github.asyncmiddleware.internal.chain.Middleware;
import org.jspecify.annotations.Nullable;

/**
 * Gives the middlewares names that can stand in a {@code Server-Timing} header: tokens of
 * RFC 9110, section 5.6.2, of limited length, each a different one. Made at start-up;
 * those of foreign filters, which come with the handlers, when they first occur.
 * <p>
 * A name that is such a token stays as it is. Of the others, whatever may not be in a
 * token becomes an underscore and what is too long is cut. Where that leads to a name
 * that is taken, a number is put behind it.
 */
final class ServerTimingNames {

	static final int MAX_LENGTH = 40;

	private static final String PUNCTUATION = "!#$%&'*+-.^_`|~";

	private final Set<String> taken = new HashSet<>(ServerTimingText.RESERVED);

	/** By the index of the middleware. Replaced by a longer one, never changed. */
	private volatile @Nullable String[] names;

	/**
	 * Create names.
	 * @param middlewares the middlewares there are
	 */
	ServerTimingNames(List<Middleware> middlewares) {
		@Nullable String[] names = new String[middlewares.stream().mapToInt(Middleware::index).max().orElse(-1) + 1];
		for (Middleware middleware : middlewares) {
			if (tryKeep(middleware.name())) {
				names[middleware.index()] = middleware.name();
			}
		}
		for (Middleware middleware : middlewares) {
			if (names[middleware.index()] == null) {
				names[middleware.index()] = find(token(middleware.name()));
			}
		}
		this.names = names;
	}

	/**
	 * The name of a middleware.
	 * @param middleware the middleware
	 * @return always the same
	 */
	String of(Middleware middleware) {
		@Nullable String[] names = this.names;
		String name = (middleware.index() < names.length) ? names[middleware.index()] : null;
		return (name != null) ? name : add(middleware);
	}

	private synchronized String add(Middleware middleware) {
		int index = middleware.index();
		@Nullable String[] names = Arrays.copyOf(this.names, Math.max(this.names.length, index + 1));
		String name = names[index];
		if (name == null) {
			name = tryKeep(middleware.name()) ? middleware.name() : find(token(middleware.name()));
			names[index] = name;
			this.names = names;
		}
		return name;
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
