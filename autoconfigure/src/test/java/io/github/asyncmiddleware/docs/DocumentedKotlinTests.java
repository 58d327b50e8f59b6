package io.github.asyncmiddleware.docs;

import io.github.asyncmiddleware.autoconfigure.AsyncMiddlewareAutoConfiguration;
import io.github.asyncmiddleware.testsupport.PatientClient;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.context.PropertyPlaceholderAutoConfiguration;
import org.springframework.boot.test.context.runner.ReactiveWebApplicationContextRunner;
import org.springframework.boot.webflux.autoconfigure.HttpHandlerAutoConfiguration;
import org.springframework.boot.webflux.autoconfigure.WebFluxAutoConfiguration;

/**
 * Tests that the Kotlin code on the pages does what they say.
 */
@Tag("kotlin")
class DocumentedKotlinTests {

	@Test
	void answersEarlyOrGoesOn() {
		new ReactiveWebApplicationContextRunner()
			.withConfiguration(
					AutoConfigurations.of(AsyncMiddlewareAutoConfiguration.class, HttpHandlerAutoConfiguration.class,
							WebFluxAutoConfiguration.class, PropertyPlaceholderAutoConfiguration.class))
			.withBean(KotlinKeyService.class)
			.withBean(KotlinKeys.class)
			.run((context) -> {
				PatientClient.of(context)
					.get()
					.uri("/nowhere")
					.exchange()
					.expectStatus()
					.isUnauthorized()
					.expectHeader()
					.valueEquals("X-Final-Status", "401 UNAUTHORIZED");
				PatientClient.of(context)
					.get()
					.uri("/nowhere")
					.header("X-Api-Key", "secret")
					.exchange()
					.expectStatus()
					.isNotFound()
					.expectHeader()
					.valueEquals("X-Final-Status", "404 NOT_FOUND");
			});
	}

}
