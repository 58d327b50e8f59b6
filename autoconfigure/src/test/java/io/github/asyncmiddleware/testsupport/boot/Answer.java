package io.github.asyncmiddleware.testsupport.boot;

import java.util.Map;

/**
 * What a client got.
 *
 * @param status the status, or 0 if there was no head
 * @param headers the headers, names in lower case; of several of one name the last
 * @param body the body, as far as it came
 * @param complete whether the whole answer came
 */
public record Answer(int status, Map<String, String> headers, String body, boolean complete) {

	/** The connection or stream was closed before there was a head. */
	public static final Answer NONE = new Answer(0, Map.of(), "", false);

}
