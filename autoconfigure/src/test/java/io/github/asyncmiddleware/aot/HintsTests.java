package io.github.asyncmiddleware.aot;

import java.util.List;
import java.util.concurrent.CompletionStage;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.LiveResponse;
import io.github.asyncmiddleware.OnRequest;
import io.github.asyncmiddleware.OnResponse;
import io.github.asyncmiddleware.testsupport.PassingFilter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.aot.generate.ClassNameGenerator;
import org.springframework.aot.generate.DefaultGenerationContext;
import org.springframework.aot.generate.GeneratedFiles.Kind;
import org.springframework.aot.generate.InMemoryGeneratedFiles;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.predicate.RuntimeHintsPredicates;
import org.springframework.boot.web.context.reactive.GenericReactiveWebApplicationContext;
import org.springframework.context.aot.ApplicationContextAotGenerator;
import org.springframework.http.HttpStatus;
import org.springframework.http.ProblemDetail;
import org.springframework.http.ResponseEntity;
import org.springframework.javapoet.ClassName;
import org.springframework.web.reactive.function.server.HandlerFilterFunction;
import org.springframework.web.reactive.function.server.HandlerFunction;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for what is registered for native images.
 */
class HintsTests {

	@ParameterizedTest
	@ValueSource(classes = { Direct.class, Asynchronous.class, Stage.class, Streamed.class, Subclass.class,
			Listed.class, Inherited.class })
	void registersHookMethodsAndWhatTheyAnswerWith(Class<?> type) throws Exception {
		RuntimeHints hints = hintsOf(type);
		Class<?> declaring = (type == Subclass.class) ? Direct.class : type;
		assertThat(RuntimeHintsPredicates.reflection().onMethodInvocation(declaring.getDeclaredMethod("before")))
			.accepts(hints);
		assertThat(RuntimeHintsPredicates.reflection().onMethodInvocation(Refusal.class.getMethod("reason")))
			.accepts(hints);
		assertThat(RuntimeHintsPredicates.reflection().onMethodInvocation(Detail.class.getMethod("text")))
			.accepts(hints);
	}

	@Test
	void registersAProblemDetailOfTheUser() throws Exception {
		assertThat(RuntimeHintsPredicates.reflection().onMethodInvocation(OwnProblem.class.getMethod("getCode")))
			.accepts(hintsOf(Problem.class));
	}

	@Test
	void registersResponseHooks() throws Exception {
		RuntimeHints hints = hintsOf(After.class);
		assertThat(RuntimeHintsPredicates.reflection().onMethodInvocation(After.class.getDeclaredMethod("after")))
			.accepts(hints);
		assertThat(RuntimeHintsPredicates.reflection().onType(Refusal.class)).rejects(hints);
	}

	@ParameterizedTest
	@ValueSource(classes = { Native.class, Awaiting.class, Direct.class })
	void generatesADefinitionForEachStyle(Class<?> type) {
		InMemoryGeneratedFiles files = new InMemoryGeneratedFiles();
		generate(type, files);
		assertThat(files.getGeneratedFiles(Kind.SOURCE).keySet())
			.anyMatch((file) -> file.contains("HintsTests__BeanDefinitions"));
	}

	private static RuntimeHints hintsOf(Class<?> type) {
		return generate(type, new InMemoryGeneratedFiles());
	}

	private static RuntimeHints generate(Class<?> type, InMemoryGeneratedFiles files) {
		GenericReactiveWebApplicationContext context = new GenericReactiveWebApplicationContext();
		context.registerBean("middleware", type);
		DefaultGenerationContext generation = new DefaultGenerationContext(
				new ClassNameGenerator(ClassName.get(HintsTests.class)), files);
		new ApplicationContextAotGenerator().processAheadOfTime(context, generation);
		generation.writeGeneratedContent();
		return generation.getRuntimeHints();
	}

	public record Detail(String text) {

	}

	public record Refusal(String reason, Detail detail) {

	}

	public static class OwnProblem extends ProblemDetail {

		public int getCode() {
			return 7;
		}

	}

	@AsyncMiddleware
	static class Direct {

		@OnRequest
		ResponseEntity<Refusal> before() {
			return ResponseEntity.ok(new Refusal("", new Detail("")));
		}

	}

	@AsyncMiddleware
	static class Subclass extends Direct {

	}

	@AsyncMiddleware
	static class Asynchronous {

		@OnRequest
		Mono<ResponseEntity<Refusal>> before() {
			return Mono.empty();
		}

	}

	@AsyncMiddleware
	static class Stage {

		@OnRequest
		CompletionStage<ResponseEntity<Refusal>> before() {
			return Mono.<ResponseEntity<Refusal>>empty().toFuture();
		}

	}

	@AsyncMiddleware
	static class Streamed {

		@OnRequest
		Flux<ResponseEntity<Refusal>> before() {
			return Flux.empty();
		}

	}

	@AsyncMiddleware
	static class Listed {

		@OnRequest
		Mono<ResponseEntity<List<Refusal>>> before() {
			return Mono.empty();
		}

	}

	static class Refused extends ResponseEntity<Refusal> {

		Refused() {
			super(HttpStatus.UNAUTHORIZED);
		}

	}

	@AsyncMiddleware
	static class Inherited {

		@OnRequest
		Refused before() {
			return new Refused();
		}

	}

	@AsyncMiddleware
	static class Problem {

		@OnRequest
		Mono<OwnProblem> before() {
			return Mono.empty();
		}

	}

	@AsyncMiddleware
	static class After {

		@OnResponse
		void after() {
		}

	}

	@AsyncMiddleware
	static class Native extends PassingFilter {

	}

	@AsyncMiddleware
	static class Awaiting implements HandlerFilterFunction<LiveResponse, ServerResponse> {

		@Override
		public Mono<ServerResponse> filter(ServerRequest request, HandlerFunction<LiveResponse> next) {
			return next.handle(request).cast(ServerResponse.class);
		}

	}

}
