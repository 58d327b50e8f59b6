package io.github.asyncmiddleware.benchmarks;

import io.github.asyncmiddleware.benchmarks.server.HelloApplication;

/**
 * Starts an application as {@link PriceServer} does, tells how long that took, and serves
 * until it is stopped. Does not look at what the application has become, which would take
 * time and memory too.
 */
public final class StartUp {

	private StartUp() {
	}

	/**
	 * Start.
	 * @param args the name of a {@link PriceVariant} and the number of middlewares
	 */
	public static void main(String[] args) {
		PriceVariant variant = PriceVariant.valueOf(args[0]);
		HelloApplication
			.announce(PriceServer.run(variant, DistinctFilters.types(variant.template(), Integer.parseInt(args[1]))));
	}

}
