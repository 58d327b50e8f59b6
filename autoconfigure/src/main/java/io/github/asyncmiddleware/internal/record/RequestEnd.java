package io.github.asyncmiddleware.internal.record;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

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

	private static final VarHandle ENDING;

	static {
		try {
			ENDING = MethodHandles.lookup().findVarHandle(RequestEnd.class, "ending", Ending.class);
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

	private volatile @Nullable Ending ending;

	private @Nullable Throwable error;

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
		if (this.ending == null) {
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
		if (this.ending == null) {
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
	 */
	public void writeFailed() {
		// A server that throws from the last signal makes a failure of what was written
		if (this.ending == null) {
			this.writeFailed = true;
		}
	}

	/**
	 * The client has left while bytes of it were being read.
	 */
	public void clientLost() {
		this.clientLost = true;
	}

	/**
	 * Whether the client has left while bytes of it were being read.
	 * @return {@code true} if nothing that is sent reaches anyone
	 */
	public boolean isClientLost() {
		return this.clientLost;
	}

	/**
	 * Whether an error only tells that the client has left: nothing that is rendered for
	 * it reaches anyone. An error of a connection to another server can look the same, so
	 * it takes both the error and a request body that broke off.
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
	 * @return {@code false} if it was over already
	 */
	public boolean ended(Ending ending, @Nullable Throwable error) {
		if (this.ending != null || !ENDING.compareAndSet(this, null, ending)) {
			return false;
		}
		this.error = error;
		return true;
	}

	/**
	 * What the end means.
	 * @param head whether a head was committed
	 * @param exchange the exchange, if the request got that far
	 * @return the result
	 */
	public RequestResult judge(boolean head, @Nullable ServerWebExchange exchange) {
		Ending ending = this.ending;
		if (ending == Ending.FATAL) {
			return RequestResult.FATAL;
		}
		if (ending == Ending.UPGRADE) {
			return RequestResult.UPGRADED;
		}
		if (!head) {
			return (ending == Ending.CANCEL || isDisconnect(this.error) || this.clientLost)
					? RequestResult.GONE_BEFORE_HEAD : RequestResult.FATAL;
		}
		if (this.bodyError != null) {
			return isClientLost(this.bodyError) ? RequestResult.GONE_AFTER_HEAD : RequestResult.CUT;
		}
		if (this.writeFailed || (!isBodyWhole() && ending != Ending.ERROR) || isDisconnect(this.error)) {
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

}
