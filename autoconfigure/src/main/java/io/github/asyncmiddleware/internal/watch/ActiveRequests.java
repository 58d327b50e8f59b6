package io.github.asyncmiddleware.internal.watch;

import java.time.Duration;

import io.github.asyncmiddleware.internal.chain.Middleware;

/**
 * How many requests wait for which middleware, as of the last count. Written by one
 * thread, read by any.
 */
public final class ActiveRequests {

	private volatile Counts counts = new Counts(new int[0], new long[0]);

	/**
	 * How many requests wait for a middleware.
	 * @param middleware the middleware
	 * @return the number
	 */
	public int count(Middleware middleware) {
		int[] requests = this.counts.requests;
		return (middleware.index() < requests.length) ? requests[middleware.index()] : 0;
	}

	/**
	 * How long the request has been waiting that waits longest.
	 * @param middleware the middleware
	 * @return the time, zero if none does
	 */
	public Duration oldest(Middleware middleware) {
		long[] oldest = this.counts.oldest;
		return (middleware.index() < oldest.length) ? Duration.ofMillis(oldest[middleware.index()]) : Duration.ZERO;
	}

	/**
	 * Replace all numbers.
	 * @param requests how many wait, by the index of the middleware
	 * @param oldest how long the oldest one does, in milliseconds
	 */
	public void set(int[] requests, long[] oldest) {
		this.counts = new Counts(requests, oldest);
	}

	/**
	 * Numbers that belong together.
	 *
	 * @param requests by the index of the middleware
	 * @param oldest in milliseconds
	 */
	private record Counts(int[] requests, long[] oldest) {

	}

}
