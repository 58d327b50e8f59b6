package io.github.asyncmiddleware.faults;

import org.springframework.http.HttpHeaders;

/**
 * A response as a client has got it, whole.
 */
record Answer(int status, HttpHeaders headers, String body) {

	/**
	 * Status and body in one line.
	 */
	String text() {
		return (this.status + " " + this.body).strip();
	}

	String header(String name) {
		return this.headers.getFirst(name);
	}

}
