package io.github.asyncmiddleware.internal.response;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

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
 * @param end the head when the attempt ended that had begun with this one, or
 * {@code null} as long as that goes on
 * @param touches what had been done to the response by then
 */
public record ResponseHead(ResponseCommit commit, @Nullable HttpStatusCode status, @Nullable HttpHeaders headers,
		@Nullable MultiValueMap<String, ResponseCookie> cookies, @Nullable ResponseHead end, int touches) {

	static ResponseHead of(ResponseCommit commit) {
		int touches = commit.request.touches();
		ServerHttpResponse response = commit.response;
		HttpHeaders headers = response.getHeaders();
		MultiValueMap<String, ResponseCookie> cookies = response.getCookies();
		return new ResponseHead(commit, response.getStatusCode(),
				headers.isEmpty() ? null : HttpHeaders.copyOf(headers), cookies.isEmpty() ? null : copyOf(cookies),
				null, touches);
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
	 * The attempt that has begun with this head has failed or was cancelled, so what is
	 * done to the response from now on is not its work.
	 * @return the same head, which leaves that alone when it is restored
	 */
	public ResponseHead ended() {
		synchronized (this.commit) {
			return new ResponseHead(this.commit, this.status, this.headers, this.cookies, of(this.commit),
					this.touches);
		}
	}

	/**
	 * Let the response have it again, with what was changed since the attempt has ended.
	 * In the lock of the commit.
	 */
	public void restore() {
		ResponseHead now = (this.end != null) ? of(this.commit) : null;
		applyTo(this.commit.response);
		if (this.end != null && now != null) {
			now.repeatSince(this.end);
		}
		this.commit.forgetHead();
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

	/**
	 * Do once more what has led to this head.
	 * @param before the head before that
	 */
	private void repeatSince(ResponseHead before) {
		ServerHttpResponse response = this.commit.response;
		if (!Objects.equals(this.status, before.status)) {
			response.setStatusCode(this.status);
		}
		repeat(headersOf(before.headers), headersOf(this.headers), headersOf(response.getHeaders()));
		repeat(cookiesOf(before.cookies), cookiesOf(this.cookies), response.getCookies());
	}

	/**
	 * Do what has led from one map to another to a third one. A value that was added to
	 * others is added, as those can be of the attempt.
	 */
	private static <V> void repeat(MultiValueMap<String, V> before, MultiValueMap<String, V> after,
			MultiValueMap<String, V> target) {
		before.keySet().stream().filter((name) -> !after.containsKey(name)).forEach(target::remove);
		after.forEach((name, values) -> {
			List<V> known = before.get(name);
			if (known != null && values.size() > known.size() && values.subList(0, known.size()).equals(known)) {
				target.addAll(name, values.subList(known.size(), values.size()));
			}
			else if (!values.equals(known)) {
				target.put(name, values);
			}
		});
	}

	/** There is no other way to treat headers as cookies are. */
	@SuppressWarnings("removal")
	private static MultiValueMap<String, String> headersOf(@Nullable HttpHeaders headers) {
		return ((headers != null) ? headers : new HttpHeaders()).asMultiValueMap();
	}

	private static MultiValueMap<String, ResponseCookie> cookiesOf(
			@Nullable MultiValueMap<String, ResponseCookie> cookies) {
		return (cookies != null) ? cookies : new LinkedMultiValueMap<>();
	}

}
