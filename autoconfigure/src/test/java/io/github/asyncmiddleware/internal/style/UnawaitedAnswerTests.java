package io.github.asyncmiddleware.internal.style;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

import io.github.asyncmiddleware.LiveResponse;
import io.github.asyncmiddleware.OnRequest;
import io.github.asyncmiddleware.internal.chain.MiddlewareCode;
import io.github.asyncmiddleware.internal.chain.MisuseGuard;
import io.github.asyncmiddleware.internal.watch.ThreadActivities;
import io.github.asyncmiddleware.testsupport.RecordingListener;
import io.github.asyncmiddleware.testsupport.TestChain;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

import org.springframework.http.HttpStatus;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.mock.http.server.reactive.MockServerHttpResponse;
import org.springframework.web.reactive.function.server.HandlerFilterFunction;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.server.WebFilter;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for a middleware that starts the rest of the chain, does not await it, and
 * answers: one further in that is still at work is not to blame for the answer.
 */
class UnawaitedAnswerTests {

	private final Sinks.Empty<Void> work = Sinks.empty();

	private final AtomicInteger handled = new AtomicInteger();

	private final List<String> misuses = new CopyOnWriteArrayList<>();

	private final RecordingListener listener = new RecordingListener();

	private final TestChain chain = new TestChain().listener(this.listener)
		.activities(new ThreadActivities())
		.handler((exchange) -> Mono.fromRunnable(this.handled::incrementAndGet));

	@ParameterizedTest
	@EnumSource
	void blamesTheOneThatDoesNotAwait(Inner inner) throws Exception {
		this.chain.guard((middleware, misuse, request) -> this.misuses.add(misuse + " of " + middleware.name()));
		assertThat(status(inner)).isEqualTo(HttpStatus.ACCEPTED);
		assertThat(this.misuses).containsExactly("UNAWAITED_NEXT of outer");
		assertThat(this.handled).hasValue(0);
		assertThat(this.listener.take().results()).containsExactly("outer PASSED", "inner CANCELLED");
	}

	/**
	 * Threads of the application, such as those of an executor, have no mark.
	 */
	@ParameterizedTest
	@EnumSource
	void blamesTheOneThatDoesNotAwaitOnAThreadThatIsNotWatched(Inner inner) throws Exception {
		this.chain.activities(ThreadActivities.NONE);
		blamesTheOneThatDoesNotAwait(inner);
	}

	/**
	 * A filter that accepts work and has it done by the rest of the chain is left alone.
	 */
	@Test
	void anEndOfItsOwnBehindAMeasuredFilterIsAnAnswer() throws Exception {
		this.chain.measured("accepts", (exchange, next) -> {
			exchange.getResponse().setStatusCode(HttpStatus.ACCEPTED);
			return exchange.getResponse().setComplete().then(next.filter(exchange));
		}).middleware("refuses", (exchange, next) -> {
			exchange.getResponse().setStatusCode(HttpStatus.UNAUTHORIZED);
			return Mono.empty();
		}).build().handle(MockServerHttpRequest.get("/").build(), new MockServerHttpResponse()).subscribe();
		assertThat(this.listener.take().results()).endsWith("refuses ANSWERED");
	}

	@ParameterizedTest
	@EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "HOOK")
	void runsTheRestWhereTheEngineDoesNotStepIn(Inner inner) throws Exception {
		Sinks.Empty<Void> end = Sinks.empty();
		this.chain.guard(MisuseGuard.OFF)
			.foreign("keeps the request", (exchange, next) -> next.filter(exchange).then(end.asMono()));
		assertThat(status(inner)).isEqualTo(HttpStatus.ACCEPTED);
		assertThat(this.handled).hasValue(1);
		end.tryEmitEmpty();
		this.listener.take();
	}

	private HttpStatus status(Inner inner) {
		MockServerHttpResponse response = new MockServerHttpResponse();
		this.chain.middleware("outer", (exchange, next) -> {
			next.filter(exchange).subscribe();
			exchange.getResponse().setStatusCode(HttpStatus.ACCEPTED);
			return exchange.getResponse().setComplete();
		})
			.middleware("inner", inner.code(this.work.asMono()))
			.build()
			.handle(MockServerHttpRequest.get("/").build(), response)
			.subscribe();
		this.work.tryEmitEmpty();
		return (HttpStatus) response.getStatusCode();
	}

	/**
	 * What the one further in goes on with, once the answer is out.
	 */
	enum Inner {

		FILTER {

			@Override
			MiddlewareCode code(Mono<Void> work) {
				WebFilter filter = (exchange, next) -> work.then(next.filter(exchange));
				return MiddlewareCode.of(filter);
			}

		},

		AWAIT {

			@Override
			MiddlewareCode code(Mono<Void> work) {
				HandlerFilterFunction<LiveResponse, ServerResponse> function = (request,
						next) -> work.then(next.handle(request)).cast(ServerResponse.class);
				return new AwaitFilter(function, List::of, () -> AwaitFilterTests.CONTEXT).toCode();
			}

		},

		HOOK {

			@Override
			MiddlewareCode code(Mono<Void> work) {
				return hook(new Hook(work));
			}

		},

		HOOK_WITH_A_REQUEST {

			@Override
			MiddlewareCode code(Mono<Void> work) {
				return hook(new RequestHook(work));
			}

		};

		abstract MiddlewareCode code(Mono<Void> work);

		private static MiddlewareCode hook(Object bean) {
			return HookCodes.inPlace(bean, false);
		}

	}

	static class Hook {

		private final Mono<Void> work;

		Hook(Mono<Void> work) {
			this.work = work;
		}

		@OnRequest
		Mono<Void> before() {
			return this.work;
		}

	}

	static class RequestHook {

		private final Mono<Void> work;

		RequestHook(Mono<Void> work) {
			this.work = work;
		}

		@OnRequest
		Mono<ServerHttpRequest> before(ServerHttpRequest request) {
			return this.work.thenReturn(request.mutate().header("X-Inner", "1").build());
		}

	}

}
