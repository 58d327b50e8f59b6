package io.github.asyncmiddleware.internal.guard;

/**
 * Where the reader of a log line finds the documentation, which is not in the jar.
 */
public final class Documentation {

	private static final String PAGES = "https://github.com/asyncmiddleware/async-middleware-spring-boot/blob/main/docs/";

	private Documentation() {
	}

	/**
	 * The last sentence of a text. Has no full stop, which would be taken for a part of
	 * the address.
	 * @param page the page, without its ending
	 * @param section the anchor of a section
	 * @return a blank and the sentence
	 */
	public static String see(String page, String section) {
		return " See " + PAGES + page + ".md#" + section;
	}

}
