package io.github.asyncmiddleware.testsupport.boot;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

import org.springframework.http.HttpHeaders;

/**
 * What a client got.
 *
 * @param status the status, or 0 if there was no head
 * @param headers the headers
 * @param body the body, as far as it came
 * @param complete whether the whole answer came
 */
public record Answer(int status, HttpHeaders headers, String body, boolean complete) {

	/** The connection or stream was closed before there was a head. */
	public static final Answer NONE = new Answer(0, new HttpHeaders(), "", false);

	/**
	 * Status and body in one line.
	 * @return the line
	 */
	public String text() {
		return (this.status + " " + this.body).strip();
	}

	/**
	 * The first header of a name.
	 * @param name the name
	 * @return its value, or {@code null} if there is none
	 */
	public String header(String name) {
		return this.headers.getFirst(name);
	}

	/**
	 * The headers as a map.
	 * @return names in lower case; of several of one name the last
	 */
	public Map<String, String> fields() {
		Map<String, String> fields = new LinkedHashMap<>();
		this.headers
			.forEach((name, values) -> fields.put(name.toLowerCase(Locale.ROOT), values.get(values.size() - 1)));
		return fields;
	}

}
