package io.github.asyncmiddleware.test;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.OnRequest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.publisher.Mono;

import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Configuration;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.catchThrowable;

/**
 * Tests for {@link MiddlewareStartException}, which has the text of the failed start of
 * an application.
 */
@ExtendWith(OutputCaptureExtension.class)
class MiddlewareStartExceptionTests {

	@Test
	void refusesWhatIsWrittenInNoStyle(CapturedOutput output) {
		assertFailsAsAnApplication(new NoStyle(), output);
	}

	@Test
	void refusesWhatIsWrittenInTwoStyles(CapturedOutput output) {
		assertFailsAsAnApplication(new TwoStyles(), output);
	}

	@Test
	void refusesHooksWithArgumentsThatCannotBe(CapturedOutput output) {
		assertFailsAsAnApplication(new WrongArgument(), output);
	}

	@Test
	void refusesAttributesThatCannotBe(CapturedOutput output) {
		assertFailsAsAnApplication(new WrongPath(), output);
	}

	private static void assertFailsAsAnApplication(Object middleware, CapturedOutput output) {
		MiddlewareTester tester = MiddlewareTester.of().withConfiguration(middleware.getClass());
		Throwable failure = catchThrowable(() -> tester.exchange(MockServerHttpRequest.get("/")));
		assertThat(failure).isInstanceOf(MiddlewareStartException.class);
		catchThrowable(() -> new SpringApplicationBuilder(Application.class, middleware.getClass())
			.web(WebApplicationType.REACTIVE)
			.properties("server.port=0")
			.run());
		assertThat(output.getErr() + output.getOut()).contains("APPLICATION FAILED TO START")
			.contains(String.valueOf(failure.getMessage()));
		assertThatExceptionOfType(MiddlewareStartException.class)
			.isThrownBy(() -> MiddlewareTester.of(middleware).exchange(MockServerHttpRequest.get("/")))
			.withMessage(failure.getMessage());
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class Application {

	}

	@AsyncMiddleware
	static class Good {

		@OnRequest
		Mono<Void> load() {
			return Mono.empty();
		}

	}

	@AsyncMiddleware
	static class NoStyle {

	}

	@AsyncMiddleware
	static class TwoStyles extends Good implements WebFilter {

		@Override
		public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
			return chain.filter(exchange);
		}

	}

	@AsyncMiddleware
	static class WrongArgument {

		@OnRequest
		Mono<Void> load(@PathVariable String id) {
			return Mono.empty();
		}

	}

	@AsyncMiddleware(path = "/{")
	static class WrongPath extends Good {

	}

}
