package io.github.asyncmiddleware.internal.style;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import io.github.asyncmiddleware.OnFailure;
import io.github.asyncmiddleware.OnRequest;
import io.github.asyncmiddleware.OnResponse;
import io.github.asyncmiddleware.internal.chain.MiddlewareCode;
import io.github.asyncmiddleware.testsupport.TestChain;
import io.github.asyncmiddleware.testsupport.TestDeadlines;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.ResponseEntity;
import org.springframework.http.server.reactive.HttpHandler;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.mock.http.server.reactive.MockServerHttpResponse;
import org.springframework.mock.web.server.MockServerWebExchange;
import org.springframework.web.server.ResponseStatusException;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.ServerWebExchangeDecorator;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;
import org.springframework.web.server.WebSession;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that an {@code @OnResponse} method runs for exactly the middlewares whose code
 * was started.
 */
class BegunHooksTests {

	private static final Duration TIMEOUT = Duration.ofMillis(200);

	private static final Duration LONG = Duration.ofSeconds(1);

	private final TestDeadlines deadlines = new TestDeadlines();

	/** What waits for a thread. */
	private final Queue<Runnable> tasks = new ArrayDeque<>();

	private final Offloader offloader = new Offloader(this.tasks::add, 4, 4);

	private final MockServerHttpResponse response = new MockServerHttpResponse();

	private final CountDownLatch entered = new CountDownLatch(1);

	private final CountDownLatch released = new CountDownLatch(1);

	private @Nullable Thread worker;

	@AfterEach
	void release() throws InterruptedException {
		this.released.countDown();
		if (this.worker != null) {
			this.worker.join();
		}
	}

	@ParameterizedTest
	@EnumSource(OnFailure.class)
	void oneThatGetsNoThreadInTime(OnFailure onFailure) {
		start(chain().middleware("hook", onFailure, TIMEOUT, code(new Blocking(), false)));
		this.deadlines.advance(LONG);
		assertStatus(onFailure);
		assertSeen();
		this.tasks.remove().run();
		assertSeen();
	}

	@ParameterizedTest
	@EnumSource(OnFailure.class)
	void oneThatIsGivenUpAtWork(OnFailure onFailure) throws InterruptedException {
		start(chain().middleware("hook", onFailure, TIMEOUT, code(new Blocking(), false)));
		beginWork();
		this.deadlines.advance(LONG);
		assertStatus(onFailure);
		assertSeen("blocking");
	}

	@Test
	void oneOfAGroupThatIsDecidedBeforeItGetsAThread() {
		Sinks.One<ResponseEntity<Void>> answer = Sinks.one();
		start(chain().middleware("first", code(new Answers(answer), true))
			.middleware("hook", code(new Blocking(), true)));
		answer.tryEmitValue(ResponseEntity.status(HttpStatus.FORBIDDEN).build());
		assertThat(this.response.getStatusCode()).isEqualTo(HttpStatus.FORBIDDEN);
		assertSeen("answers");
	}

	@Test
	void oneOfAGroupThatIsDecidedWhileItIsAtWork() throws InterruptedException {
		Sinks.One<ResponseEntity<Void>> answer = Sinks.one();
		start(chain().middleware("first", code(new Answers(answer), true))
			.middleware("hook", code(new Blocking(), true)));
		beginWork();
		answer.tryEmitValue(ResponseEntity.status(HttpStatus.FORBIDDEN).build());
		assertThat(this.response.getStatusCode()).isEqualTo(HttpStatus.FORBIDDEN);
		assertSeen("blocking", "answers");
	}

	@ParameterizedTest
	@EnumSource(OnFailure.class)
	void oneWhoseArgumentIsRefused(OnFailure onFailure) {
		for (Object bean : List.of(new WantsSession(), new WantsSessionBlocking())) {
			MockServerHttpResponse response = new MockServerHttpResponse();
			start(chain().middleware("outer", withoutSession()).middleware("hook", onFailure, code(bean, false)),
					response);
			assertThat(response.getStatusCode()).isEqualTo(HttpStatus.BAD_REQUEST);
			assertThat(response.getHeaders().headerNames()).doesNotContain("X-Seen");
		}
	}

	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void oneThatHasBegunInTheRunBefore(boolean observed) {
		WebFilter retries = (exchange, next) -> next.filter(exchange).retry(1);
		TestChain chain = observed ? chain().observer((request, step, context) -> null) : chain();
		start(chain.middleware("retries", retries)
			.middleware("hook", OnFailure.FAIL, TIMEOUT, code(new Notes(), false))
			.middleware("fails", (exchange, next) -> Mono.error(new IllegalStateException("test"))));
		this.tasks.remove().run();
		assertThat(this.tasks).as("of the second run").hasSize(1);
		this.deadlines.advance(LONG);
		assertThat(this.response.getStatusCode()).isEqualTo(HttpStatus.SERVICE_UNAVAILABLE);
		assertSeen("notes");
	}

	/**
	 * Where Spring runs the filter by itself, the response has to run the method.
	 */
	@Test
	void oneThatIsNotObservedAndGetsNoThread() {
		Offloader full = new Offloader((task) -> {
			throw new RejectedExecutionException();
		}, 1, 0);
		assertThat(alone(code(new Notes(), false, full))).isEmpty();
	}

	@Test
	void oneThatIsNotObservedAndWhoseArgumentIsRefused() {
		MiddlewareCode code = code(new WantsSession(), false);
		MiddlewareCode refused = MiddlewareCode
			.of((exchange, next) -> withoutSession().filter(exchange, (inner) -> code.filter().filter(inner, next)));
		assertThat(alone(refused)).isEmpty();
	}

	@Test
	void oneThatIsNotObservedAndRunsTwice() {
		MiddlewareCode code = code(new InPlace(), false);
		AtomicInteger runs = new AtomicInteger();
		WebFilterChain fails = (exchange) -> (runs.getAndIncrement() == 0)
				? Mono.error(new IllegalStateException("test")) : Mono.empty();
		MiddlewareCode retries = MiddlewareCode
			.of((exchange, next) -> Mono.defer(() -> code.filter().filter(exchange, fails)).retry(1));
		assertThat(alone(retries)).containsExactly("in place");
		assertThat(runs).hasValue(2);
	}

	@Test
	void oneOfAGroupThatIsNotObserved() {
		WebFilter swaps = (exchange, next) -> next.filter(new ServerWebExchangeDecorator(exchange) {

			private final Map<String, Object> attributes = new ConcurrentHashMap<>();

			@Override
			public Map<String, Object> getAttributes() {
				return this.attributes;
			}

		});
		start(chain().middleware("outer", (exchange, next) -> next.filter(exchange))
			.foreign("swaps", swaps)
			.middleware("first", code(new InPlace(), true))
			.middleware("second", code(new InPlace(), true)));
		assertSeen("in place", "in place");
	}

	/**
	 * Run a filter without the engine, then commit.
	 * @return what the method has added
	 */
	private static List<String> alone(MiddlewareCode code) {
		MockServerWebExchange exchange = MockServerWebExchange.from(MockServerHttpRequest.get("/"));
		code.filter().filter(exchange, (rest) -> Mono.empty()).onErrorComplete().block(LONG);
		exchange.getResponse().setComplete().block(LONG);
		return exchange.getResponse().getHeaders().getOrDefault("X-Seen", List.of());
	}

	private static WebFilter withoutSession() {
		return (exchange, next) -> next.filter(new ServerWebExchangeDecorator(exchange) {

			@Override
			public Mono<WebSession> getSession() {
				return Mono.error(new ResponseStatusException(HttpStatus.BAD_REQUEST));
			}

		});
	}

	private void assertStatus(OnFailure onFailure) {
		assertThat(this.response.getStatusCode())
			.isEqualTo((onFailure == OnFailure.SKIP) ? HttpStatus.ACCEPTED : HttpStatus.SERVICE_UNAVAILABLE);
	}

	private void assertSeen(String... names) {
		assertThat(this.response.getHeaders().getOrDefault("X-Seen", List.of())).containsExactly(names);
	}

	private void start(TestChain chain) {
		start(chain, this.response);
	}

	private void start(TestChain chain, MockServerHttpResponse response) {
		HttpHandler handler = chain.build((exchange) -> {
			exchange.getResponse().setStatusCode(HttpStatus.ACCEPTED);
			return exchange.getResponse().setComplete();
		});
		handler.handle(MockServerHttpRequest.get("/").build(), response).subscribe();
	}

	private void beginWork() throws InterruptedException {
		this.worker = new Thread(this.tasks.remove());
		this.worker.start();
		assertThat(this.entered.await(10, TimeUnit.SECONDS)).isTrue();
	}

	private TestChain chain() {
		return new TestChain().quietErrors().deadlines(this.deadlines);
	}

	private MiddlewareCode code(Object bean, boolean concurrent) {
		return code(bean, concurrent, this.offloader);
	}

	private static MiddlewareCode code(Object bean, boolean concurrent, Offloader offloader) {
		return HookCodes.of(bean, concurrent, () -> offloader);
	}

	class Blocking {

		@OnRequest
		void before(ServerWebExchange exchange) {
			BegunHooksTests.this.entered.countDown();
			while (BegunHooksTests.this.released.getCount() > 0) {
				Thread.onSpinWait();
			}
		}

		@OnResponse
		void after(HttpHeaders headers) {
			headers.add("X-Seen", "blocking");
		}

	}

	static class Answers {

		private final Sinks.One<ResponseEntity<Void>> answer;

		Answers(Sinks.One<ResponseEntity<Void>> answer) {
			this.answer = answer;
		}

		@OnRequest
		Mono<ResponseEntity<Void>> before() {
			return this.answer.asMono();
		}

		@OnResponse
		void after(HttpHeaders headers) {
			headers.add("X-Seen", "answers");
		}

	}

	static class Notes {

		@OnRequest
		void before() {
		}

		@OnResponse
		void after(HttpHeaders headers) {
			headers.add("X-Seen", "notes");
		}

	}

	static class InPlace {

		@OnRequest(blocking = false)
		void before() {
		}

		@OnResponse
		void after(HttpHeaders headers) {
			headers.add("X-Seen", "in place");
		}

	}

	static class WantsSession {

		@OnRequest(blocking = false)
		void before(WebSession session) {
		}

		@OnResponse
		void after(HttpHeaders headers, HttpStatusCode status) {
			headers.add("X-Seen", "wants session");
		}

	}

	static class WantsSessionBlocking {

		@OnRequest
		void before(WebSession session) {
		}

		@OnResponse
		void after(HttpHeaders headers, HttpStatusCode status) {
			headers.add("X-Seen", "wants session");
		}

	}

}
