package io.github.asyncmiddleware.test;

import java.util.Locale;

import io.github.asyncmiddleware.internal.chain.Middleware;
import io.github.asyncmiddleware.internal.chain.Misuse;
import io.github.asyncmiddleware.internal.guard.MisuseReporter;

/**
 * A middleware has broken the rules of a filter.
 *
 * @param middleware the middleware
 * @param misuse what it has done
 * @param place the class and the name of the method
 */
record MisuseReport(Middleware middleware, Misuse misuse, String place) {

	/**
	 * What meters and logs call it.
	 */
	String kind() {
		return this.misuse.name().toLowerCase(Locale.ROOT);
	}

	/**
	 * As in the log of an application.
	 */
	@Override
	public String toString() {
		return "[" + kind() + "] " + MisuseReporter.describe(this.middleware, this.misuse, this.place);
	}

}
