package io.github.asyncmiddleware.autoconfigure;

import java.util.List;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.OnRequest;
import io.github.asyncmiddleware.OnResponse;
import io.github.asyncmiddleware.docs.KotlinKeyService;
import io.github.asyncmiddleware.testsupport.PassingFilter;
import io.github.asyncmiddleware.testsupport.boot.LogCapture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import reactor.core.publisher.Mono;

import org.springframework.beans.factory.support.BeanDefinitionRegistry;
import org.springframework.beans.factory.support.RootBeanDefinition;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.test.context.runner.ReactiveWebApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Lazy;
import org.springframework.security.config.web.server.ServerHttpSecurity;
import org.springframework.security.web.server.SecurityWebFilterChain;
import org.springframework.security.web.server.WebFilterChainProxy;
import org.springframework.web.server.WebFilter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for annotations and attributes that can have no effect: none of them is off in
 * silence.
 */
class IneffectiveMiddlewareTests {

	private static final String HERE = IneffectiveMiddlewareTests.class.getName();

	private static final String NAME_A_FILTER = "Name the class of a filter or of another middleware, or remove it. The"
			+ " filter of Spring Security is org.springframework.security.web.server.WebFilterChainProxy.";

	private final ReactiveWebApplicationContextRunner runner = MiddlewareRunner.create();

	@ParameterizedTest
	@CsvSource({ "Plain", "PlainResponse", "Inherits", "LazyPlain" })
	void refusesHooksInABeanThatIsNoMiddleware(String type) throws ClassNotFoundException {
		fails(this.runner.withBean("plain", Class.forName(HERE + "$" + type)),
				"The bean 'plain' (" + HERE + "$" + type
						+ ") has @OnRequest or @OnResponse methods, but is not annotated"
						+ " with @AsyncMiddleware, so they never run.",
				"Annotate the class or its @Bean method with @AsyncMiddleware, or remove the annotations from the"
						+ " methods.");
	}

	@Test
	void acceptsHooksOfABeanWhoseMethodIsAnnotated() {
		assertThat(warnings(this.runner.withUserConfiguration(AnnotatedMethod.class))).isEmpty();
	}

	/**
	 * Its method needs Kotlin, which is not there.
	 */
	@Test
	void acceptsABeanWhoseMethodsCannotBeLookedAt() {
		assertThatExceptionOfType(NoClassDefFoundError.class).isThrownBy(KotlinKeyService.class::getDeclaredMethods);
		RootBeanDefinition lazy = new RootBeanDefinition(KotlinKeyService.class);
		lazy.setLazyInit(true);
		assertThat(warnings(this.runner.withBean("pass", Pass.class)
			.withInitializer((context) -> ((BeanDefinitionRegistry) context).registerBeanDefinition("kotlin", lazy))))
			.isEmpty();
	}

	@Test
	void refusesAClassThatNoFilterCanHave() {
		fails(this.runner.withBean("misplaced", BeforeString.class), "The 'before' of the middleware 'misplaced' ("
				+ HERE + "$BeforeString) names java.lang.String, which is no filter.", NAME_A_FILTER);
	}

	@Test
	void refusesTheClassOfABeanThatIsNoFilter() {
		fails(this.runner.withBean("misplaced", AfterSecurityChain.class)
			.withBean("chain", SecurityWebFilterChain.class, () -> ServerHttpSecurity.http().build()),
				"The 'after' of the middleware 'misplaced' (" + HERE + "$AfterSecurityChain) names"
						+ " org.springframework.security.web.server.SecurityWebFilterChain, the class of the bean 'chain',"
						+ " which is no filter.",
				NAME_A_FILTER);
	}

	@Test
	void saysThatAClassIsNoFilter() {
		assertThat(warnings(this.runner.withBean("misplaced", AfterSecurityChain.class)))
			.containsExactly("The 'after' of" + " the middleware 'misplaced' (" + HERE + "$AfterSecurityChain) names"
					+ " org.springframework.security.web.server.SecurityWebFilterChain, which has no effect: it is not the class"
					+ " of a filter. " + NAME_A_FILTER);
	}

	@Test
	void saysThatAMiddlewareStandsNextToItself() {
		assertThat(warnings(this.runner.withBean("self", BeforeItself.class)))
			.containsExactly("The 'before' of the" + " middleware 'self' (" + HERE
					+ "$BeforeItself) names its own class, which has no effect. Remove it.");
	}

	@Test
	void acceptsTheClassesOfFiltersThatAreAbsent() {
		assertThat(warnings(this.runner.withBean("optional", AfterAbsent.class))).isEmpty();
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', value = { "/a/** | /a/**", "/a/**,/b | /b,/a/**", "/a/{id} | /a/**", "/a | /a/**",
			"a | /a", " | /**", "/a/b/c | /**", "/{x} | /{x}" })
	void refusesAPathThatIsExcluded(String path, String excluded) {
		this.runner.withBean("pass", Pass.class)
			.withPropertyValues("async-middleware.middleware.pass.path=" + ((path != null) ? path : ""),
					"async-middleware.middleware.pass.exclude-path=" + excluded)
			.run((context) -> {
				assertThat(context).hasFailed();
				FailureAnalysis analysis = new InvalidMiddlewareFailureAnalyzer().analyze(context.getStartupFailure());
				assertThat(analysis.getDescription())
					.startsWith("The middleware 'pass' (" + HERE + "$Pass) never runs: its 'excludePath' [")
					.contains("] leaves out all of its 'path' [");
				assertThat(analysis.getAction())
					.isEqualTo("Narrow 'excludePath', in @AsyncMiddleware or in the property"
							+ " 'async-middleware.middleware.pass.exclude-path'. To switch the middleware off, set"
							+ " 'async-middleware.middleware.pass.enabled' to false.");
			});
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', value = { "/a/** | /a/b", "/ab | /a/**", "/{x} | /a", " | /a/**", "/a/** | /*/b/**" })
	void acceptsAPathOfWhichSomethingIsLeft(String path, String excluded) {
		assertThat(warnings(this.runner.withBean("pass", Pass.class)
			.withPropertyValues("async-middleware.middleware.pass.path=" + ((path != null) ? path : ""),
					"async-middleware.middleware.pass.exclude-path=" + excluded)))
			.isEmpty();
	}

	@Test
	void saysWhichOfSeveralPathsIsExcluded() {
		assertThat(warnings(this.runner.withBean("pass", Pass.class)
			.withPropertyValues("async-middleware.middleware.pass.path=/a,/b/c",
					"async-middleware.middleware.pass.exclude-path=/b/**")))
			.containsExactly("The 'path' [/b/c] of the middleware 'pass' (" + HERE + "$Pass) has no effect, since its"
					+ " 'excludePath' [/b/**] leaves it out. Remove it from one of them.");
	}

	@ParameterizedTest
	@CsvSource({ "Pass", "InPlace", "Asynchronous", "AsynchronousResponse" })
	void saysThatABoundIsForBlockingMethods(String type) throws ClassNotFoundException {
		assertThat(warnings(this.runner.withBean("bounded", Class.forName(HERE + "$" + type))
			.withPropertyValues("async-middleware.middleware.bounded.max-concurrent=3")))
			.containsExactly("The property 'async-middleware.middleware.bounded.max-concurrent' has no effect: the"
					+ " middleware 'bounded' (" + HERE + "$" + type
					+ ") never blocks a thread of its own. Remove it, or bound" + " the work where it is done.");
	}

	@ParameterizedTest
	@CsvSource({ "Blocking", "BlockingResponse" })
	void boundsBlockingMethods(String type) throws ClassNotFoundException {
		assertThat(warnings(this.runner.withBean("bounded", Class.forName(HERE + "$" + type))
			.withPropertyValues("async-middleware.middleware.bounded.max-concurrent=3"))).isEmpty();
	}

	private static void fails(ReactiveWebApplicationContextRunner runner, String description, String action) {
		runner.run((context) -> {
			assertThat(context).hasFailed();
			FailureAnalysis analysis = new InvalidMiddlewareFailureAnalyzer().analyze(context.getStartupFailure());
			assertThat(analysis).as(() -> "" + context.getStartupFailure()).isNotNull();
			assertThat(analysis.getDescription()).isEqualTo(description);
			assertThat(analysis.getAction()).isEqualTo(action);
		});
	}

	private static List<String> warnings(ReactiveWebApplicationContextRunner runner) {
		try (LogCapture log = LogCapture.ofOurs()) {
			runner.run((context) -> assertThat(context).hasNotFailed());
			return log.events()
				.stream()
				.filter((event) -> event.startsWith("WARN "))
				.map((event) -> event.substring(event.indexOf(": ") + 2))
				.toList();
		}
	}

	static class Plain {

		@OnRequest
		void before() {
		}

	}

	static class PlainResponse {

		@OnResponse
		void after() {
		}

	}

	static class Inherits extends Plain {

	}

	@Lazy
	static class LazyPlain extends Plain {

	}

	@Configuration(proxyBeanMethods = false)
	static class AnnotatedMethod {

		@Bean
		@AsyncMiddleware
		Plain plain() {
			return new Plain();
		}

	}

	@AsyncMiddleware
	static class Pass extends PassingFilter {

	}

	@AsyncMiddleware(before = String.class)
	static class BeforeString extends Pass {

	}

	@AsyncMiddleware(after = SecurityWebFilterChain.class)
	static class AfterSecurityChain extends Pass {

	}

	@AsyncMiddleware(before = BeforeItself.class)
	static class BeforeItself extends Pass {

	}

	@AsyncMiddleware(after = { WebFilterChainProxy.class, Plain.class, WebFilter.class })
	static class AfterAbsent extends Pass {

	}

	@AsyncMiddleware
	static class InPlace {

		@OnRequest(blocking = false)
		void before() {
		}

	}

	@AsyncMiddleware
	static class Asynchronous {

		@OnRequest
		Mono<Void> before() {
			return Mono.empty();
		}

	}

	@AsyncMiddleware
	static class AsynchronousResponse {

		@OnResponse
		Mono<Void> after() {
			return Mono.empty();
		}

	}

	@AsyncMiddleware
	static class Blocking {

		@OnRequest
		void before() {
		}

	}

	@AsyncMiddleware
	static class BlockingResponse {

		@OnRequest
		Mono<Void> before() {
			return Mono.empty();
		}

		@OnResponse(blocking = true)
		void after() {
		}

	}

}
