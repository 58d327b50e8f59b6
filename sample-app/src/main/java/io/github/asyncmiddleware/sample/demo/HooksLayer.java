package io.github.asyncmiddleware.sample.demo;

import io.github.asyncmiddleware.OnRequest;
import io.github.asyncmiddleware.OnResponse;

import org.springframework.http.HttpHeaders;
import org.springframework.http.server.reactive.ServerHttpResponse;

/**
 * A layer of the onion with a method before the rest of the chain, which may block, and
 * one before the head of the response.
 */
class HooksLayer {

	private final String name;

	HooksLayer(String name) {
		this.name = name;
	}

	@OnRequest
	void before(ServerHttpResponse response) {
		HttpHeaders headers = response.getHeaders();
		headers.add(OnionConfiguration.HEADER, this.name + " before");
		headers.add(OnionConfiguration.THREAD_HEADER, Thread.currentThread().getName());
	}

	@OnResponse
	void after(HttpHeaders headers) {
		headers.add(OnionConfiguration.HEADER, this.name + " after");
	}

}
