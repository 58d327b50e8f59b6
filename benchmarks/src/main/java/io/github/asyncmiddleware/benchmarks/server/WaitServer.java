package io.github.asyncmiddleware.benchmarks.server;

import java.util.Arrays;

/**
 * Serves {@code GET /hello} behind three middlewares that wait, until it is stopped.
 */
public final class WaitServer {

	private WaitServer() {
	}

	/**
	 * Start.
	 * @param args the name of a {@link WaitVariant}, and properties to override with as
	 * {@code --name=value}
	 */
	public static void main(String[] args) {
		WaitVariant variant = WaitVariant.valueOf(args[0]);
		HelloApplication.announce(HelloApplication.builder()
			.sources(variant.configuration())
			.properties(variant.properties())
			.run(Arrays.copyOfRange(args, 1, args.length)));
	}

}
