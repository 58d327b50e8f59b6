package io.github.asyncmiddleware.internal.response;

import io.github.asyncmiddleware.internal.record.RequestEnd;

import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.HttpStatusCode;

/**
 * What the status of a response says: what the client is going to see, and whether there
 * may be a body.
 */
final class ResponseStatus {

	private final ResponseCommit commit;

	private final CommitListener request;

	/**
	 * The attempt in which the response of the server was asked for, as upgrade
	 * strategies do; if that is discarded, so is what the strategy would have sent. Set
	 * in the lock of the commit, and read once the writer of the strategy has passed
	 * that.
	 */
	private int unwrapped = -1;

	ResponseStatus(ResponseCommit commit) {
		this.commit = commit;
		this.request = commit.request();
	}

	void unwrapped(ResponseFace face) {
		synchronized (this.commit) {
			// A strategy runs in the handler
			if (face.attempt() == this.commit.attempt() && !this.request.isWithMiddleware()) {
				this.unwrapped = face.attempt();
			}
		}
	}

	/**
	 * The status that the head would have now.
	 */
	HttpStatusCode code() {
		HttpStatusCode status = this.commit.response.getStatusCode();
		if (status != null && !HttpStatus.OK.isSameCodeAs(status)) {
			return status;
		}
		return isUpgrade() ? HttpStatus.SWITCHING_PROTOCOLS : HttpStatus.OK;
	}

	/**
	 * Whether an upgrade strategy is to answer. The client chooses the header, so it
	 * takes more than that: the strategy takes the connection, the status is left to it,
	 * and no error is being rendered.
	 */
	boolean isUpgrade() {
		if (this.unwrapped != this.commit.attempt() || !Upgrade.isRequestedBy(this.request.request())) {
			return false;
		}
		HttpStatusCode status = this.commit.response.getStatusCode();
		return (status == null || HttpStatus.OK.isSameCodeAs(status))
				&& RequestEnd.rendered(this.request.exchange()) == null;
	}

	/**
	 * Tell the request about a head that is with the server.
	 * @param body whether a body follows whose end is not known yet
	 * @param none whether there is no body at all, as in a handshake
	 */
	void sent(boolean body, boolean none) {
		if (none && isUpgrade()) {
			if (Upgrade.isOfUnknownVersion(this.request.request())) {
				this.request.head(HttpStatus.UPGRADE_REQUIRED.value(), false, this.commit.response);
			}
			else {
				this.request.upgrades(this.commit.response);
			}
			return;
		}
		HttpStatusCode status = this.commit.response.getStatusCode();
		this.request.head((status != null) ? status.value() : 200, body, this.commit.response);
	}

	/**
	 * Whether the status that was decided on has a body.
	 */
	boolean allowsBody() {
		HttpStatusCode status = this.commit.response.getStatusCode();
		return status == null || !(status.is1xxInformational() || HttpStatus.NO_CONTENT.isSameCodeAs(status)
				|| HttpStatus.NOT_MODIFIED.isSameCodeAs(status));
	}

	/**
	 * Take a length off where there is no body that could have it: RFC 9110, section 8.6.
	 */
	void dropLength() {
		if (!allowsBody() && !HttpStatus.NOT_MODIFIED.isSameCodeAs(code())) {
			this.commit.response.getHeaders().remove(HttpHeaders.CONTENT_LENGTH);
		}
	}

}
