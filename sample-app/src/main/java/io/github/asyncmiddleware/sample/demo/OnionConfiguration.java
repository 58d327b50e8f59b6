package io.github.asyncmiddleware.sample.demo;

import io.github.asyncmiddleware.AsyncMiddleware;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * Puts four layers around one page, which note the order in which they run. The two
 * adjacent ones that may block share one hop to another thread.
 */
@Configuration(proxyBeanMethods = false)
class OnionConfiguration {

	static final String PATH = "/demo/onion";

	static final String HEADER = "X-Onion";

	static final String THREAD_HEADER = "X-Onion-Thread";

	@Bean
	@AsyncMiddleware(order = 1001, path = PATH)
	AwaitLayer awaitOuter() {
		return new AwaitLayer("awaitOuter");
	}

	@Bean
	@AsyncMiddleware(order = 1002, path = PATH)
	AwaitLayer awaitInner() {
		return new AwaitLayer("awaitInner");
	}

	@Bean
	@AsyncMiddleware(order = 1003, path = PATH)
	HooksLayer hooksOuter() {
		return new HooksLayer("hooksOuter");
	}

	@Bean
	@AsyncMiddleware(order = 1004, path = PATH)
	HooksLayer hooksInner() {
		return new HooksLayer("hooksInner");
	}

}
