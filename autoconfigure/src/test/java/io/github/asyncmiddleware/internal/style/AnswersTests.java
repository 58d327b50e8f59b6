package io.github.asyncmiddleware.internal.style;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;

import io.github.asyncmiddleware.OnRequest;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.beans.factory.support.DefaultListableBeanFactory;
import org.springframework.core.ReactiveAdapterRegistry;
import org.springframework.http.HttpEntity;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ProblemDetail;
import org.springframework.http.ResponseCookie;
import org.springframework.http.ResponseEntity;
import org.springframework.http.codec.HttpMessageWriter;
import org.springframework.http.codec.ServerCodecConfigurer;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.mock.http.server.reactive.MockServerHttpResponse;
import org.springframework.mock.web.server.MockServerWebExchange;
import org.springframework.web.ErrorResponse;
import org.springframework.web.reactive.accept.HeaderContentTypeResolver;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.reactive.result.method.annotation.ResponseEntityResultHandler;
import org.springframework.web.reactive.result.view.ViewResolver;
import org.springframework.web.server.ResponseStatusException;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Tests for {@link Answers}.
 */
class AnswersTests {

	private static final Duration SOON = Duration.ofSeconds(10);

	private static final String PROBLEM = "{\"detail\":\"no more\",\"instance\":\"/a\",\"status\":429,"
			+ "\"title\":\"Too Many Requests\"}";

	private static final String NO_ANSWER = "The @OnRequest method " + Hooks.OfAnything.class.getName()
			+ ".load() of the middleware 'bean' returned a %s, which is neither a request to go on with nor an answer:"
			+ " it has to be a ServerHttpRequest, ServerWebExchange, ServerResponse, ResponseEntity, ProblemDetail"
			+ " or ErrorResponse";

	private final MockServerWebExchange exchange = MockServerWebExchange.from(MockServerHttpRequest.get("/a"));

	private final List<HttpMessageWriter<?>> writers = ServerCodecConfigurer.create().getWriters();

	private final Answers answers = new Answers(() -> new Context(this.writers),
			() -> new ResponseEntityResultHandler(this.writers, new HeaderContentTypeResolver()));

	@Test
	void writesAServerResponse() {
		ServerResponse response = ServerResponse.status(HttpStatus.ACCEPTED)
			.header("X-Answer", "yes")
			.cookie(ResponseCookie.from("flavour", "sweet").build())
			.bodyValue(Map.of("a", 1))
			.block(SOON);
		assertThat(answer(new Hooks.OfServerResponse(), response)).isEqualTo("{\"a\":1}");
		assertThat(response().getStatusCode()).isEqualTo(HttpStatus.ACCEPTED);
		assertThat(response().getHeaders().getFirst("X-Answer")).isEqualTo("yes");
		assertThat(response().getHeaders().getContentType()).isEqualTo(MediaType.APPLICATION_JSON);
		assertThat(response().getCookies().getFirst("flavour").getValue()).isEqualTo("sweet");
	}

	@Test
	void leavesTheResponseAloneUntilItIsToBeWritten() {
		ServerResponse response = ServerResponse.notFound().build().block(SOON);
		this.answers.answer(response, hook(new Hooks.OfServerResponse()));
		this.answers.answer(ResponseEntity.notFound().build(), hook(new Hooks.OfAnything()));
		assertThat(response().getStatusCode()).isNull();
	}

	@Test
	void writesAResponseEntity() {
		ResponseEntity<Map<String, Integer>> entity = ResponseEntity.status(HttpStatus.ACCEPTED)
			.header("X-Answer", "yes")
			.body(Map.of("a", 1));
		assertThat(answer(new Hooks.OfEntity(), entity)).isEqualTo("{\"a\":1}");
		assertThat(response().getStatusCode()).isEqualTo(HttpStatus.ACCEPTED);
		assertThat(response().getHeaders().getFirst("X-Answer")).isEqualTo("yes");
		assertThat(response().getHeaders().getContentType()).isEqualTo(MediaType.APPLICATION_JSON);
	}

	@Test
	void writesAResponseEntityFromInsideOfAnAsynchronousType() {
		ResponseEntity<Map<String, Integer>> entity = ResponseEntity.ok(Map.of("a", 1));
		assertThat(answer(new Hooks.OfMonoOfEntity(), entity)).isEqualTo("{\"a\":1}");
	}

	@Test
	void writesAResponseEntityFromInsideOfACompletionStage() {
		ResponseEntity<Flux<String>> entity = ResponseEntity.ok(Flux.just("a", "b"));
		assertThat(answer(new Hooks.OfStageOfStream(), entity)).isEqualTo("ab");
	}

	@Test
	void writesAResponseEntityWithABodyThatIsPublished() {
		ResponseEntity<Flux<Integer>> entity = ResponseEntity.ok(Flux.just(1, 2));
		assertThat(answer(new Hooks.OfStream(), entity)).isEqualTo("[1,2]");
	}

	@Test
	void writesAResponseEntityOfAnUndeclaredType() {
		ResponseEntity<Map<String, Integer>> entity = ResponseEntity.ok(Map.of("a", 1));
		assertThat(answer(new Hooks.OfAnything(), entity)).isEqualTo("{\"a\":1}");
	}

	@Test
	void writesAResponseEntityOfAnUndeclaredTypeFromInsideOfAnAsynchronousType() {
		ResponseEntity<Map<String, Integer>> entity = ResponseEntity.ok(Map.of("a", 1));
		assertThat(answer(new Hooks.OfMonoOfAnything(), entity)).isEqualTo("{\"a\":1}");
	}

	@Test
	void writesAResponseEntityWithoutABody() {
		assertThat(answer(new Hooks.OfEntity(), ResponseEntity.noContent().build())).isEmpty();
		assertThat(response().getStatusCode()).isEqualTo(HttpStatus.NO_CONTENT);
		assertThat(response().isCommitted()).isTrue();
	}

	@Test
	void answersNotModifiedAsForControllers() {
		MockServerWebExchange exchange = MockServerWebExchange
			.from(MockServerHttpRequest.get("/a").header(HttpHeaders.IF_NONE_MATCH, "\"v1\""));
		ResponseEntity<String> entity = ResponseEntity.ok().eTag("v1").body("body");
		this.answers.answer(entity, hook(new Hooks.OfAnything())).handle(exchange).block(SOON);
		assertThat(exchange.getResponse().getStatusCode()).isEqualTo(HttpStatus.NOT_MODIFIED);
		assertThat(exchange.getResponse().getBodyAsString().block(SOON)).isEmpty();
	}

	@Test
	void writesAProblemDetail() {
		ProblemDetail problem = ProblemDetail.forStatusAndDetail(HttpStatus.TOO_MANY_REQUESTS, "no more");
		assertThat(answer(new Hooks.OfProblem(), problem)).isEqualTo(PROBLEM);
		assertThat(response().getStatusCode()).isEqualTo(HttpStatus.TOO_MANY_REQUESTS);
		assertThat(response().getHeaders().getContentType()).isEqualTo(MediaType.APPLICATION_PROBLEM_JSON);
	}

	@Test
	void writesAProblemDetailFromInsideOfAnAsynchronousType() {
		ProblemDetail problem = ProblemDetail.forStatusAndDetail(HttpStatus.TOO_MANY_REQUESTS, "no more");
		assertThat(answer(new Hooks.OfMonoOfProblem(), problem)).isEqualTo(PROBLEM);
	}

	@Test
	void writesAnErrorResponse() {
		ErrorResponse error = ErrorResponse
			.builder(new IllegalStateException(), HttpStatus.TOO_MANY_REQUESTS, "no more")
			.header("Retry-After", "1")
			.build();
		assertThat(answer(new Hooks.OfError(), error)).isEqualTo(PROBLEM);
		assertThat(response().getStatusCode()).isEqualTo(HttpStatus.TOO_MANY_REQUESTS);
		assertThat(response().getHeaders().getFirst("Retry-After")).isEqualTo("1");
	}

	@Test
	void writesAnExceptionThatIsReturnedAndIsAnErrorResponse() {
		ResponseStatusException error = new ResponseStatusException(HttpStatus.TOO_MANY_REQUESTS, "no more");
		assertThat(answer(new Hooks.OfAnything(), error)).isEqualTo(PROBLEM);
	}

	@Test
	void refusesWhatIsNoAnswer() {
		assertThatIllegalStateException().isThrownBy(() -> answer(new Hooks.OfAnything(), "secret"))
			.withMessage(NO_ANSWER.formatted(String.class.getName()));
		assertThatIllegalStateException().isThrownBy(() -> answer(new Hooks.OfAnything(), new HttpEntity<>("secret")))
			.withMessage(NO_ANSWER.formatted(HttpEntity.class.getName()));
		assertThatIllegalStateException().isThrownBy(() -> answer(new Hooks.OfAnything(), new IllegalStateException()))
			.withMessage(NO_ANSWER.formatted(IllegalStateException.class.getName()));
	}

	@Test
	void saysThatNobodyCanWriteAnEntity() {
		Answers answers = new Answers(() -> new Context(this.writers), () -> null);
		assertThatIllegalStateException().isThrownBy(
				() -> answers.answer(ResponseEntity.ok().build(), hook(new Hooks.OfAnything())).handle(this.exchange))
			.withMessage("There is no ResponseEntityResultHandler to write the answer of a hook");
	}

	private String answer(Object bean, Object value) {
		this.answers.answer(value, hook(bean)).handle(this.exchange).block(SOON);
		return response().getBodyAsString().block(SOON);
	}

	private MockServerHttpResponse response() {
		return this.exchange.getResponse();
	}

	private static HookMethod hook(Object bean) {
		HookCompiler compiler = new HookCompiler(new DefaultListableBeanFactory(),
				ReactiveAdapterRegistry.getSharedInstance(), List.of(), null);
		return compiler.onRequest("bean", bean, bean.getClass());
	}

	/**
	 * How a server response is written.
	 *
	 * @param messageWriters the writers
	 */
	record Context(List<HttpMessageWriter<?>> messageWriters) implements ServerResponse.Context {

		@Override
		public List<ViewResolver> viewResolvers() {
			return List.of();
		}

	}

	static class Hooks {

		static class OfServerResponse {

			@OnRequest
			Mono<ServerResponse> load() {
				return null;
			}

		}

		static class OfEntity {

			@OnRequest
			ResponseEntity<Map<String, Integer>> load() {
				return null;
			}

		}

		static class OfMonoOfEntity {

			@OnRequest
			Mono<ResponseEntity<Map<String, Integer>>> load() {
				return null;
			}

		}

		static class OfStream {

			@OnRequest
			ResponseEntity<Flux<Integer>> load() {
				return null;
			}

		}

		static class OfStageOfStream {

			@OnRequest
			CompletionStage<ResponseEntity<Flux<String>>> load() {
				return null;
			}

		}

		static class OfAnything {

			@OnRequest
			@Nullable Object load() {
				return null;
			}

		}

		static class OfMonoOfAnything {

			@OnRequest
			Mono<?> load() {
				return null;
			}

		}

		static class OfProblem {

			@OnRequest
			ProblemDetail load() {
				return null;
			}

		}

		static class OfMonoOfProblem {

			@OnRequest
			Mono<ProblemDetail> load() {
				return null;
			}

		}

		static class OfError {

			@OnRequest
			ErrorResponse load() {
				return null;
			}

		}

	}

}
