package io.github.asyncmiddleware.internal.response;

import java.util.ArrayList;

import org.jspecify.annotations.Nullable;

import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.ResponseCookie;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.util.LinkedMultiValueMap;
import org.springframework.util.MultiValueMap;

/**
 * Status, headers and cookies of a response as they were at one moment.
 *
 * @param commit the commit of the response
 * @param status the status, if there was one
 * @param headers a copy of the headers, or {@code null} if there were none
 * @param cookies a copy of the cookies, or {@code null} if there were none
 */
public record ResponseHead(ResponseCommit commit, @Nullable HttpStatusCode status, @Nullable HttpHeaders headers,
		@Nullable MultiValueMap<String, ResponseCookie> cookies) {

	static ResponseHead of(ResponseCommit commit) {
		ServerHttpResponse response = commit.response;
		HttpHeaders headers = response.getHeaders();
		MultiValueMap<String, ResponseCookie> cookies = response.getCookies();
		return new ResponseHead(commit, response.getStatusCode(),
				headers.isEmpty() ? null : HttpHeaders.copyOf(headers), cookies.isEmpty() ? null : copyOf(cookies));
	}

	/**
	 * A copy that shares no list, since values are added to those.
	 */
	private static MultiValueMap<String, ResponseCookie> copyOf(MultiValueMap<String, ResponseCookie> cookies) {
		MultiValueMap<String, ResponseCookie> copy = new LinkedMultiValueMap<>(cookies.size());
		cookies.forEach((name, values) -> copy.put(name, new ArrayList<>(values)));
		return copy;
	}

	/**
	 * Let the response have it again. In the lock of the commit.
	 */
	public void restore() {
		applyTo(this.commit.response);
	}

	/**
	 * Let a face of the response have it, as far as that may change the head.
	 * @param response the face
	 */
	public void applyTo(ServerHttpResponse response) {
		response.setStatusCode(this.status);
		response.getHeaders().clear();
		if (this.headers != null) {
			response.getHeaders().putAll(HttpHeaders.copyOf(this.headers));
		}
		response.getCookies().clear();
		if (this.cookies != null) {
			response.getCookies().putAll(copyOf(this.cookies));
		}
	}

}
