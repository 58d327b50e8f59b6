package io.github.asyncmiddleware.internal.record;

import java.io.FileNotFoundException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.file.FileSystemException;
import java.util.Arrays;

import org.jspecify.annotations.Nullable;

import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.handler.ExceptionHandlingWebHandler;
import org.springframework.web.util.DisconnectedClientHelper;

/**
 * Gathers what is noticed of the end of one request, from any thread, and judges what it
 * means.
 * <p>
 * A server may cancel a request whose answer it has sent or complete one whose client has
 * left, and exception handlers may hide a failed write, so the kind of the last signal
 * alone does not say it.
 */
public final class RequestEnd {

	private static final VarHandle END;

	static {
		try {
			END = MethodHandles.lookup().findVarHandle(RequestEnd.class, "end", End.class);
		}
		catch (ReflectiveOperationException ex) {
			throw new ExceptionInInitializerError(ex);
		}
	}

	private volatile boolean bodyComplete;

	private volatile boolean bodyCancelled;

	private volatile @Nullable Throwable bodyError;

	private volatile boolean writeFailed;

	private volatile boolean clientLost;

	private volatile @Nullable End end;

	/**
	 * Every element of the body is on its way to the server.
	 */
	public void bodyComplete() {
		this.bodyComplete = true;
	}

	/**
	 * A body whose head is with the server was cancelled. The server may have all of its
	 * elements already, and drops those that it has not written.
	 */
	public void bodyCancelled() {
		// A server that is done, or has lost its client, cancels too
		if (this.end == null) {
			this.bodyCancelled = true;
		}
	}

	/**
	 * A body begins. If it follows one that has failed, that one was not sent.
	 */
	public void bodyBegins() {
		if (this.bodyError != null) {
			this.bodyError = null;
		}
	}

	/**
	 * The application has failed to produce the rest of the body.
	 * @param error why
	 */
	public void bodyFailed(Throwable error) {
		// One that fails since the server has lost its client has not failed by itself
		if (this.end == null && !isWriteLost()) {
			this.bodyError = error;
		}
	}

	/**
	 * Why the application has not produced the whole body.
	 * @return the error, or {@code null} if there was none
	 */
	public @Nullable Throwable bodyError() {
		return this.bodyError;
	}

	/**
	 * Why the body whose head is with the server is not whole.
	 * @return the error that the application has failed with, or one that tells that a
	 * filter has cancelled the body; {@code null} if it is whole
	 */
	public @Nullable Throwable cut() {
		Throwable error = this.bodyError;
		if (error != null || isBodyWhole()) {
			return error;
		}
		return new IllegalStateException("The body of the response was cancelled before its end");
	}

	private boolean isBodyWhole() {
		return this.bodyComplete && !this.bodyCancelled;
	}

	/**
	 * The server could not write the response.
	 * @param error the error, if the server makes the body by itself: then it can be that
	 * of the application, such as a file that is not there
	 */
	public void writeFailed(@Nullable Throwable error) {
		End end = this.end;
		if (error instanceof FileSystemException || error instanceof FileNotFoundException) {
			bodyFailed(error);
		}
		// A server that throws from the last signal makes a failure of what was written.
		// One that has lost its client may say so while the response is handed to it
		else if (end == null || end.ending() == Ending.CANCEL) {
			this.writeFailed = true;
		}
	}

	/**
	 * Whether the server could not write a response whose head it has.
	 * @return {@code true} if nothing that is sent reaches the client; {@code false} if
	 * the application has failed to produce the body
	 */
	public boolean isWriteLost() {
		return this.writeFailed && this.bodyError == null;
	}

	/**
	 * The client has left while bytes of it were being read.
	 */
	public void clientLost() {
		this.clientLost = true;
	}

	/**
	 * Whether the client has left while bytes of it were being read.
	 * @return {@code true} if nothing that is sent reaches the client
	 */
	public boolean isClientLost() {
		return this.clientLost;
	}

	/**
	 * Whether an error only tells that the client has left: nothing that is rendered for
	 * it reaches the client. An error of a connection to another server can look the
	 * same, so it takes both the error and a request body that broke off.
	 * @param error the error
	 * @return {@code true} if it is no failure of the application
	 */
	public boolean isClientLost(@Nullable Throwable error) {
		return this.clientLost && isDisconnect(error);
	}

	/**
	 * The request is over.
	 * @param ending how
	 * @param error the error, if it was one
	 * @param time when, if it has no head; 0 if it has one
	 * @return {@code false} if it was over already
	 */
	public boolean ended(Ending ending, @Nullable Throwable error, long time) {
		return this.end == null && END.compareAndSet(this, null, End.of(ending, error, time));
	}

	/**
	 * When the request was over, if it had no head by then.
	 * @return by the clock of the request; 0 if it had, or is not over
	 */
	public long time() {
		End end = this.end;
		return (end != null) ? end.time() : 0;
	}

	/**
	 * What the end means.
	 * @param head whether a head was committed
	 * @param exchange the exchange, if the request got that far
	 * @return the result
	 */
	public RequestResult judge(boolean head, @Nullable ServerWebExchange exchange) {
		End end = this.end;
		Ending ending = (end != null) ? end.ending() : null;
		Throwable error = (end != null) ? end.error() : null;
		if (ending == Ending.FATAL) {
			return RequestResult.FATAL;
		}
		if (ending == Ending.UPGRADE) {
			return RequestResult.UPGRADED;
		}
		if (!head) {
			return (ending == Ending.CANCEL || isDisconnect(error) || this.clientLost) ? RequestResult.GONE_BEFORE_HEAD
					: RequestResult.FATAL;
		}
		if (this.bodyError != null) {
			return isClientLost(this.bodyError) ? RequestResult.GONE_AFTER_HEAD : RequestResult.CUT;
		}
		if (this.writeFailed || (!isBodyWhole() && ending != Ending.ERROR) || isDisconnect(error)) {
			return RequestResult.GONE_AFTER_HEAD;
		}
		if (ending == Ending.ERROR) {
			return RequestResult.CUT;
		}
		return (rendered(exchange) != null) ? RequestResult.ERROR_PAGE : RequestResult.OK;
	}

	private static boolean isDisconnect(@Nullable Throwable error) {
		return error != null && DisconnectedClientHelper.isClientDisconnectedException(error);
	}

	/**
	 * The error that exception handlers render, or have rendered.
	 * @param exchange the exchange, if the request got that far
	 * @return the error, or {@code null} if there is none
	 */
	public static @Nullable Throwable rendered(@Nullable ServerWebExchange exchange) {
		return (exchange != null) ? exchange.getAttribute(ExceptionHandlingWebHandler.HANDLED_WEB_EXCEPTION) : null;
	}

	/**
	 * How a request has ended, and when. Most have no more to say than the signal, so
	 * there is one object for each.
	 *
	 * @param ending the signal
	 * @param error the error, if it was one
	 * @param time when, if there was no head; else 0
	 */
	private record End(Ending ending, @Nullable Throwable error, long time) {

		private static final End[] PLAIN = Arrays.stream(Ending.values())
			.map((ending) -> new End(ending, null, 0))
			.toArray(End[]::new);

		static End of(Ending ending, @Nullable Throwable error, long time) {
			return (error == null && time == 0) ? PLAIN[ending.ordinal()] : new End(ending, error, time);
		}

	}

}
