package io.github.asyncmiddleware.internal.response;

import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * The part of one middleware in one request to which the response is shown before it is
 * sent.
 * <p>
 * It answers with exactly one of {@link ResponseCommit#release} and
 * {@link ResponseCommit#discard}, now or later, on any thread. It is a Mono so that one
 * object can serve as both for a middleware that awaits.
 */
public abstract class Waiting extends Mono<Void> {

	/**
	 * The next one outwards, or itself if there is none; {@code null} before it has
	 * joined the line. Set once, before that tells of it.
	 */
	@Nullable Waiting outer;

	/**
	 * The part of the chain that the middleware belongs to.
	 * @return the innermost part that can be discarded, or {@code null} if none can
	 */
	protected @Nullable AttemptExchange part() {
		return null;
	}

	/**
	 * Whether the middleware belongs to a part of the chain.
	 */
	final boolean isWithin(AttemptExchange part) {
		AttemptExchange own = part();
		return own != null && (own == part || own.isInside(part));
	}

	/**
	 * Whether a response can be one that the middleware waits for. One that has joined
	 * the line and has not started the rest lets what comes past.
	 * @return {@code false} if the response is not shown to it
	 */
	protected boolean isWaiting() {
		return true;
	}

	/**
	 * The head is decided.
	 * @param writer what writes the response
	 * @return {@code false} if the part of the middleware is over, and the response with
	 * it
	 */
	protected abstract boolean shown(ResponseWriter writer);

	/**
	 * The response that this one has released is sent, or was taken by the next one
	 * outwards. Called if {@link ResponseCommit#release} has returned {@code true}.
	 * @param error why it could not be sent, or {@code null} if it was
	 */
	protected abstract void sent(@Nullable Throwable error);

	/**
	 * Whether a response is a handshake that was given up further in while this held it.
	 * @param writer what writes the response, or {@code null} if nothing was shown
	 * @return {@code true} if another response can be shown in its place
	 */
	protected static boolean isGivenUpUpgrade(@Nullable ResponseWriter writer) {
		return writer != null && writer.isUpgrade() && writer.isOver();
	}

	/**
	 * Whether a response is the handshake of another protocol. What makes the upgrade
	 * waits for it, and has to be cancelled where the handshake is discarded.
	 * @param writer what writes the response, or {@code null} if nothing was shown
	 * @return {@code true} if it is
	 */
	protected static boolean isUpgrade(@Nullable ResponseWriter writer) {
		return writer != null && writer.isUpgrade();
	}

	/**
	 * Whether the middleware has decided to let the response pass on.
	 * @return {@code true} if the response does not wait for it any more
	 */
	public boolean hasLetGo() {
		return false;
	}

	/**
	 * The response that was shown is not to wait any longer.
	 * @return {@code false} if the middleware has decided otherwise, or was given up
	 */
	public abstract boolean tryDecide();

	/**
	 * Let the response pass on, which was decided.
	 */
	public abstract void letGo();

}
