package io.github.asyncmiddleware.internal.response;

import java.util.function.Supplier;

import io.github.asyncmiddleware.internal.record.RequestEnd;
import io.github.asyncmiddleware.internal.record.RequestRecord;
import io.github.asyncmiddleware.internal.watch.ThreadActivity;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

import org.springframework.http.HttpMethod;
import org.springframework.http.server.reactive.ServerHttpResponse;

/**
 * The request as its response sees it: told where the response is, and asked what has to
 * run before the head.
 * <p>
 * Called on the thread that the response is on. That an answer leaves, stays, fails or is
 * discarded is told in the lock of its commit, so in the order in which it happens.
 */
public interface CommitListener extends RequestRecord {

	/**
	 * Whether it is a HEAD request, whose answer has no body.
	 * @return {@code true} if it is
	 */
	default boolean isHead() {
		return HttpMethod.HEAD.equals(request().getMethod());
	}

	/**
	 * How often something was done to the response of the server.
	 * @return a number that differs if anything was touched in between
	 */
	int touches();

	/**
	 * The status or the body of the response is touched.
	 */
	void statusTouched();

	/**
	 * Headers or cookies of the response are changed, or can be from now on.
	 */
	void headersTouched();

	/**
	 * Whether the time is that of a middleware, so that what is done now is done by it.
	 * @return {@code false} for the handler and foreign filters
	 */
	boolean isWithMiddleware();

	/**
	 * A response is on its way out: no middleware works on it, unless it is shown to one.
	 * @param face the face of the response that it was written to
	 * @return {@code false} if the middleware that has made it has used up its time, so
	 * that it may not leave
	 */
	boolean tryLeave(ResponseFace face);

	/**
	 * The response that was on its way goes no further. Another one may follow.
	 * @param server whether it is the response of the server, and no decorator of it
	 */
	void stays(boolean server);

	/**
	 * The response that was on its way has failed before its head was sent: the part of
	 * the chain that made it has not answered.
	 */
	void answerFailed();

	/**
	 * An attempt to answer was discarded, and its head is being undone.
	 */
	void discarded();

	/**
	 * The middlewares are done with a response: from now on the time is the
	 * application's, unless the response was given up meanwhile.
	 * @param commit the commit of the response
	 * @param attempt the number of its attempt
	 */
	void letOut(ResponseCommit commit, int attempt);

	/**
	 * Whether there are response hooks.
	 * @return {@code true} if {@link #hooks} has to be asked for them
	 */
	boolean isHooked();

	/**
	 * Response hooks begin for the answer on its way out. In the lock of its commit, as
	 * its end is, so that none begin for an answer that was given up.
	 * @param attempt the number of the attempt
	 * @return runs them, and returns what the head has to wait for, or {@code null} if
	 * nothing; never fails
	 */
	Supplier<@Nullable Mono<Void>> hooks(int attempt);

	/**
	 * Status and headers are about to be handed to the server, and nothing can change
	 * them any more.
	 * @param status the status
	 * @param body whether a body follows whose end is not known yet
	 * @param response the response, to which a head decorator may add
	 */
	void head(int status, boolean body, ServerHttpResponse response);

	/**
	 * The head hands the connection to another protocol.
	 * @param response the response
	 */
	void upgrades(ServerHttpResponse response);

	/**
	 * Do something when the request has ended.
	 * @param action what to do; at once, if it has
	 */
	void atEnd(Runnable action);

	/**
	 * An error has ended the request that Reactor lets no operator see.
	 * @param error the error
	 */
	void fatal(Throwable error);

	/**
	 * Where the response notes what is known of its end.
	 * @return the end of the request
	 */
	RequestEnd end();

	/**
	 * Where to note that the current thread goes on with the request.
	 * @return the activity of the thread
	 */
	ThreadActivity activity();

}
