package io.github.asyncmiddleware.wire;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.server.reactive.HttpHandlerDecoratorFactory;

/**
 * Follows each request of an application to its end, and each pooled buffer to its
 * release.
 */
@Configuration(proxyBeanMethods = false)
class Followed {

	@Bean
	PooledBuffers buffers() {
		return new PooledBuffers();
	}

	@Bean
	LostEnds ends() {
		return new LostEnds();
	}

	@Bean
	HttpHandlerDecoratorFactory followed(PooledBuffers buffers, LostEnds ends) {
		return (handler) -> ends.follow(buffers.follow(handler));
	}

}
