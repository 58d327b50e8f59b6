package io.github.asyncmiddleware.concurrency;

/**
 * Words for how often a buffer was released.
 */
public final class Leaks {

	private Leaks() {
	}

	/**
	 * What is wrong with a buffer whose request is over.
	 * @param buffer the buffer
	 * @return something to append to an outcome, nothing if it was released once
	 */
	public static String of(CountedBuffer buffer) {
		return switch (buffer.releases()) {
			case 0 -> ", leaked";
			case 1 -> "";
			default -> ", released " + buffer.releases() + " times";
		};
	}

}
