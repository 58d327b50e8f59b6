package io.github.asyncmiddleware.autoconfigure;

import java.util.List;

import io.github.asyncmiddleware.AsyncMiddleware;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.context.runner.WebApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.web.server.WebFilter;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link AsyncMiddlewareServletAutoConfiguration}.
 */
@ExtendWith(OutputCaptureExtension.class)
class AsyncMiddlewareServletAutoConfigurationTests {

	private static final AutoConfigurations BOTH = AutoConfigurations.of(AsyncMiddlewareAutoConfiguration.class,
			AsyncMiddlewareServletAutoConfiguration.class);

	private final WebApplicationContextRunner runner = new WebApplicationContextRunner().withConfiguration(BOTH);

	@Test
	void warnsOnceThatMiddlewaresDoNotRun(CapturedOutput output) {
		this.runner.withUserConfiguration(Middlewares.class).run((context) -> {
			assertThat(context).hasNotFailed().doesNotHaveBean(MiddlewareChain.class);
			assertThat(warnings(output)).containsExactly("The beans [audit, locale] are annotated with @AsyncMiddleware"
					+ " but never run: this is a servlet application, and they take part in the filter chain of WebFlux"
					+ " only. Use WebFlux instead of Spring MVC (spring.main.web-application-type=reactive if both are"
					+ " there), or remove the beans.");
		});
	}

	@Test
	void warnsOfMiddlewaresInAParentContextToo(CapturedOutput output) {
		try (AnnotationConfigApplicationContext parent = new AnnotationConfigApplicationContext(Middlewares.class)) {
			this.runner.withParent(parent).run((context) -> {
				assertThat(context).hasNotFailed();
				assertThat(warnings(output)).singleElement().asString().startsWith("The beans [audit, locale] are");
			});
		}
	}

	@Test
	void saysNothingWithoutMiddlewares(CapturedOutput output) {
		this.runner.run((context) -> {
			assertThat(context).hasNotFailed();
			assertThat(warnings(output)).isEmpty();
		});
	}

	@Test
	void saysNothingInAReactiveApplication(CapturedOutput output) {
		MiddlewareRunner.create().withConfiguration(BOTH).withUserConfiguration(Middlewares.class).run((context) -> {
			assertThat(context).hasSingleBean(MiddlewareChain.class)
				.doesNotHaveBean(AsyncMiddlewareServletAutoConfiguration.class);
			assertThat(warnings(output)).isEmpty();
		});
	}

	@Test
	void saysNothingWithoutAWebApplication(CapturedOutput output) {
		new ApplicationContextRunner().withConfiguration(BOTH)
			.withUserConfiguration(Middlewares.class)
			.run((context) -> {
				assertThat(context).hasNotFailed()
					.doesNotHaveBean(MiddlewareChain.class)
					.doesNotHaveBean(AsyncMiddlewareServletAutoConfiguration.class);
				assertThat(warnings(output)).isEmpty();
			});
	}

	private static List<String> warnings(CapturedOutput output) {
		return output.getAll()
			.lines()
			.filter((line) -> line.contains("@AsyncMiddleware"))
			.map((line) -> line.substring(line.indexOf("The beans")))
			.toList();
	}

	@Configuration(proxyBeanMethods = false)
	static class Middlewares {

		@Bean
		@AsyncMiddleware
		WebFilter locale() {
			return MiddlewareRunner.tracing("locale");
		}

		@Bean
		@AsyncMiddleware
		WebFilter audit() {
			return MiddlewareRunner.tracing("audit");
		}

	}

}
