package io.github.asyncmiddleware.test.howto;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.MiddlewareOrder;

import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication.Type;
import org.springframework.context.annotation.Bean;

/**
 * Brings {@link ClientVersion} into every application that has the library.
 */
@AutoConfiguration
@ConditionalOnWebApplication(type = Type.REACTIVE)
public class ClientVersionAutoConfiguration {

	@Bean
	@ConditionalOnMissingBean
	@AsyncMiddleware(order = MiddlewareOrder.BEFORE_SECURITY, excludePath = "${client.version.exclude:/health}")
	ClientVersion clientVersion(@Value("${client.version.oldest:3}") int oldest) {
		return new ClientVersion(oldest);
	}

}
