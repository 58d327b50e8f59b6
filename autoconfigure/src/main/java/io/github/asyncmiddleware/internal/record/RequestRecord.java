package io.github.asyncmiddleware.internal.record;

import org.jspecify.annotations.Nullable;

import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.web.server.ServerWebExchange;

/**
 * What is known of one request, and where its time goes.
 */
public interface RequestRecord {

	/**
	 * The request as the server received it.
	 * @return the request
	 */
	ServerHttpRequest request();

	/**
	 * The exchange as the first filter saw it.
	 * @return the exchange, or {@code null} if the request did not get that far
	 */
	@Nullable ServerWebExchange exchange();

	/**
	 * The part of the middleware that was entered last, from which all of them can be
	 * reached.
	 * @return the last part, or {@code null} if no middleware was entered
	 */
	@Nullable StepRecord last();

	/**
	 * When the request arrived.
	 * @return nanoseconds, on the clock of the engine
	 */
	long arrived();

	/**
	 * Whether a head was committed.
	 * @return {@code false} if the request ended without one
	 */
	boolean hasHead();

	/**
	 * The status of the head.
	 * @return the status code, or 0 without a head
	 */
	int status();

	/**
	 * The time from the arrival of the request to its head.
	 * @return nanoseconds; only meaningful with a head
	 */
	long ttfb();

	/**
	 * The time from the arrival of the request to its head, or to its end where it has
	 * none.
	 * @return nanoseconds; only meaningful with a head, or once the request has ended
	 */
	long total();

	/**
	 * The time from the turn of a middleware to the head.
	 * @param step the part of the middleware
	 * @return nanoseconds; only meaningful with a head
	 */
	long ttfb(StepRecord step);

	/**
	 * What is left of the time to first byte of the first middleware when the own times
	 * of all are taken off: handler, foreign filters and commit actions.
	 * @return nanoseconds; only meaningful with a head, and 0 if no middleware was
	 * entered
	 */
	long app();

	/**
	 * What the time to first byte of the first middleware would be if the head were now.
	 * The own times are brought up to this moment, and from then on the time is the
	 * application's. For a {@link HeadDecorator} only.
	 * @return nanoseconds, 0 if no middleware was entered
	 */
	long ttfbSoFar();

	/**
	 * The middleware that the request waits for, as seen by a thread that watches: of
	 * several at the same time, the first that is still at work. The fields are written
	 * without any order towards that thread, so what it sees may be a moment old.
	 * @return its part, or {@code null} for the application
	 */
	@Nullable StepRecord awaited();

	/**
	 * Whether bytes of the client are being waited for now.
	 * @return {@code true} if no middleware can do anything about it
	 */
	boolean isWaitingForClient();

	/**
	 * Whether the request has ended.
	 * @return {@code true} if nothing of it may run any more
	 */
	boolean isEnded();

}
