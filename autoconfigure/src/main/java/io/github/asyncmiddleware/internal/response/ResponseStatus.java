package io.github.asyncmiddleware.internal.response;

import io.github.asyncmiddleware.internal.record.RequestEnd;

import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.server.reactive.ServerHttpResponse;

/**
 * What the status of a response says: what the client is going to see, and whether there
 * may be a body.
 */
final class ResponseStatus {

	private final ServerHttpResponse response;

	private final CommitListener request;

	/** The response of the server was asked for, as upgrade strategies do. */
	private boolean unwrapped;

	ResponseStatus(ServerHttpResponse response, CommitListener request) {
		this.response = response;
		this.request = request;
	}

	void unwrapped() {
		// A strategy runs in the handler
		this.unwrapped |= !this.request.isWithMiddleware();
	}

	/**
	 * What the strategy would have sent is not sent.
	 */
	void discarded() {
		this.unwrapped = false;
	}

	/**
	 * The status that the head would have now.
	 */
	HttpStatusCode code() {
		HttpStatusCode status = this.response.getStatusCode();
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
		if (!this.unwrapped || !Upgrade.isRequestedBy(this.request.request())) {
			return false;
		}
		HttpStatusCode status = this.response.getStatusCode();
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
				this.request.head(HttpStatus.UPGRADE_REQUIRED.value(), false, this.response);
			}
			else {
				this.request.upgrades(this.response);
			}
			return;
		}
		HttpStatusCode status = this.response.getStatusCode();
		this.request.head((status != null) ? status.value() : 200, body, this.response);
	}

	/**
	 * Whether the status that was decided on has a body.
	 */
	boolean allowsBody() {
		HttpStatusCode status = this.response.getStatusCode();
		return status == null || !(status.is1xxInformational() || HttpStatus.NO_CONTENT.isSameCodeAs(status)
				|| HttpStatus.NOT_MODIFIED.isSameCodeAs(status));
	}

	/**
	 * Take a length off where there is no body that could have it: RFC 9110, section 8.6.
	 */
	void dropLength() {
		if (!allowsBody() && !HttpStatus.NOT_MODIFIED.isSameCodeAs(code())) {
			this.response.getHeaders().remove(HttpHeaders.CONTENT_LENGTH);
		}
	}

}
