package io.github.asyncmiddleware.test.shop;

import java.util.function.Supplier;

import reactor.core.publisher.Mono;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * What the middlewares ask.
 */
@Configuration(proxyBeanMethods = false)
class ShopConfiguration {

	@Bean
	Tokens tokens() {
		return (token) -> token.equals("Bearer good") ? Mono.just("ann") : Mono.empty();
	}

	@Bean
	Supplier<Mono<String>> flagsClient() {
		return () -> Mono.just("new-basket");
	}

}
