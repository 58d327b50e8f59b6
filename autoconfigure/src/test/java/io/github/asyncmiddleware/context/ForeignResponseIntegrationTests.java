package io.github.asyncmiddleware.context;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.LiveResponse;
import io.github.asyncmiddleware.OnFailure;
import io.github.asyncmiddleware.OnRequest;
import io.github.asyncmiddleware.OnResponse;
import io.github.asyncmiddleware.testsupport.boot.Answer;
import io.github.asyncmiddleware.testsupport.boot.BootServer;
import io.github.asyncmiddleware.testsupport.boot.Client;
import io.github.asyncmiddleware.testsupport.boot.MeterChanges;
import io.github.asyncmiddleware.testsupport.boot.Protocol;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Mono;

import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.annotation.Order;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.http.HttpStatus;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.http.server.reactive.ServerHttpResponseDecorator;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.reactive.function.server.HandlerFilterFunction;
import org.springframework.web.reactive.function.server.HandlerFunction;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for foreign filters that pass on responses, requests and exchanges which are no
 * decorators.
 */
@TestInstance(Lifecycle.PER_CLASS)
class ForeignResponseIntegrationTests {

	/** Longer than any machine takes to notice that a deadline has passed. */
	private static final Duration WORK = Duration.ofSeconds(60);

	private BootServer server;

	@BeforeAll
	void start() {
		this.server = BootServer.start(Application.class);
	}

	@AfterAll
	void stop() {
		this.server.close();
	}

	/**
	 * What is foreign, where that happens, and how the client asks.
	 */
	static Stream<Arguments> foreign() {
		return Stream.of("none", "response", "status", "request", "exchange")
			.flatMap((what) -> Stream.of("outside", "between")
				.flatMap((where) -> Stream.of(Arguments.of(what, where, Protocol.HTTP_1_1, "GET"),
						Arguments.of(what, where, Protocol.H2C, "GET"),
						Arguments.of(what, where, Protocol.HTTP_1_1, "HEAD"))));
	}

	@ParameterizedTest
	@MethodSource("foreign")
	void leaveARefusalWhatItIs(String what, String where, Protocol protocol, String method) {
		Call call = new Call(what, where, protocol, method);
		expect(call, 401, "answered", "ok", "refuses", "refusesAndCompletes", "refusesAwait", "refusesHook",
				"refusesBlocking", "refusesSkip");
	}

	@ParameterizedTest
	@MethodSource("foreign")
	void leaveAClosedDeadlineClosed(String what, String where, Protocol protocol, String method) {
		Call call = new Call(what, where, protocol, method);
		expect(call, 503, "timeout", "error_page", "slow", "slowAwait", "slowHook", "slowBlocking");
	}

	@ParameterizedTest
	@MethodSource("foreign")
	void leaveAnOpenDeadlineOpen(String what, String where, Protocol protocol, String method) {
		Call call = new Call(what, where, protocol, method);
		expect(call, 200, "timeout_open", "ok", "slowSkip", "slowAwaitSkip", "slowHookSkip", "slowBlockingSkip");
	}

	@ParameterizedTest
	@MethodSource("foreign")
	void leaveMisuseMisuse(String what, String where, Protocol protocol, String method) {
		MeterChanges changes = this.server.changes();
		expect(new Call(what, where, protocol, method), 500, "misused", "error_page", "drops");
		assertThat(changes.settled()).contains("misuse drops dropped_next");
	}

	@ParameterizedTest
	@MethodSource("foreign")
	void letMiddlewaresAwait(String what, String where, Protocol protocol, String method) {
		Call call = new Call(what, where, protocol, method);
		Answer answer = expect(call, 202, "passed", "ok", "awaits");
		assertThat(answer.fields()).containsEntry("x-awaits", "200");
		Answer replaced = expect(call, 418, "passed", "ok", "replaces");
		assertThat(replaced.body()).isEqualTo(method.equals("HEAD") ? "" : "teapot");
	}

	@ParameterizedTest
	@MethodSource("foreign")
	void letHooksRun(String what, String where, Protocol protocol, String method) {
		Answer answer = expect(new Call(what, where, protocol, method), 200, "passed", "ok", "hooks");
		assertThat(answer.fields()).containsEntry("x-hooks", "200");
	}

	/**
	 * Make one request for each of some middlewares, and expect the same of all.
	 */
	private Answer expect(Call call, int status, String own, String request, String... middlewares) {
		MeterChanges changes = this.server.changes();
		Answer answer = Answer.NONE;
		List<String> statuses = new ArrayList<>();
		List<String> expected = new ArrayList<>();
		String outcome = List.of("SUCCESS", "", "CLIENT_ERROR", "SERVER_ERROR").get(status / 100 - 2);
		for (String middleware : middlewares) {
			answer = Client.exchange(call.protocol(), this.server.port(), call.method(), "/" + middleware,
					"X-Foreign: " + call.what(), "X-Where: " + call.where());
			statuses.add(middleware + " " + answer.status() + " " + answer.complete());
			expected.addAll(List.of("own first passed", "own " + middleware + " " + own, "request.ttfb " + status,
					"requests " + request, "ttfb first " + outcome, "ttfb " + middleware + " " + outcome));
		}
		List<String> recorded = changes.after(middlewares.length);
		assertThat(statuses).containsExactlyElementsOf(
				Stream.of(middlewares).map((middleware) -> middleware + " " + status + " true").toList());
		assertThat(recorded).filteredOn((sample) -> !sample.startsWith("misuse "))
			.containsExactlyInAnyOrderElementsOf(expected);
		return answer;
	}

	/**
	 * Go on with an exchange that is foreign, and send what its response keeps back.
	 */
	static Mono<Void> pass(ServerWebExchange exchange, WebFilterChain chain, String where) {
		ServerWebExchange foreign = foreign(exchange, where);
		Mono<Void> rest = chain.filter(foreign);
		return (foreign.getResponse() instanceof LateStatus response) ? rest.then(Mono.defer(response::setComplete))
				: rest;
	}

	/**
	 * An exchange of which a part is known by its interface alone, or whose response
	 * keeps its status back.
	 */
	static ServerWebExchange foreign(ServerWebExchange exchange, String where) {
		if (!where.equals(exchange.getRequest().getHeaders().getFirst("X-Where"))) {
			return exchange;
		}
		return switch (String.valueOf(exchange.getRequest().getHeaders().getFirst("X-Foreign"))) {
			case "response" ->
				exchange.mutate().response(proxy(ServerHttpResponse.class, exchange.getResponse())).build();
			case "status" -> exchange.mutate().response(new LateStatus(exchange.getResponse())).build();
			case "request" -> exchange.mutate().request(proxy(ServerHttpRequest.class, exchange.getRequest())).build();
			case "exchange" -> proxy(ServerWebExchange.class,
					exchange.mutate()
						.response(proxy(ServerHttpResponse.class, exchange.getResponse()))
						.request(proxy(ServerHttpRequest.class, exchange.getRequest()))
						.build());
			default -> exchange;
		};
	}

	private static <T> T proxy(Class<T> type, T target) {
		return type
			.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] { type }, (proxy, method, arguments) -> {
				try {
					return method.invoke(target, arguments);
				}
				catch (InvocationTargetException ex) {
					throw ex.getCause();
				}
			}));
	}

	private record Call(String what, String where, Protocol protocol, String method) {

	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class Application {

		@Bean
		@Order(-30)
		WebFilter outside() {
			return (exchange, chain) -> pass(exchange, chain, "outside");
		}

		@Bean
		@AsyncMiddleware(order = -20)
		WebFilter first() {
			return (exchange, chain) -> chain.filter(exchange);
		}

		@Bean
		@Order(-10)
		WebFilter between() {
			return (exchange, chain) -> pass(exchange, chain, "between");
		}

		@Bean
		Handlers handlers() {
			return new Handlers();
		}

		@Bean
		@AsyncMiddleware(path = "/refuses")
		Refuses refuses() {
			return new Refuses();
		}

		@Bean
		@AsyncMiddleware(path = "/refusesSkip", onFailure = OnFailure.SKIP)
		Refuses refusesSkip() {
			return new Refuses();
		}

		@Bean
		@AsyncMiddleware(path = "/refusesAndCompletes")
		WebFilter refusesAndCompletes() {
			return (exchange, chain) -> {
				exchange.getResponse().setStatusCode(HttpStatus.UNAUTHORIZED);
				return exchange.getResponse().setComplete();
			};
		}

		@Bean
		@AsyncMiddleware(path = "/refusesAwait")
		HandlerFilterFunction<LiveResponse, ServerResponse> refusesAwait() {
			return (request, next) -> ServerResponse.status(HttpStatus.UNAUTHORIZED).build();
		}

		@Bean
		@AsyncMiddleware(path = "/refusesHook")
		RefusesHook refusesHook() {
			return new RefusesHook();
		}

		@Bean
		@AsyncMiddleware(path = "/refusesBlocking")
		RefusesBlocking refusesBlocking() {
			return new RefusesBlocking();
		}

		@Bean
		@AsyncMiddleware(path = "/slow", timeout = "20ms")
		Slow slow() {
			return new Slow();
		}

		@Bean
		@AsyncMiddleware(path = "/slowSkip", timeout = "20ms", onFailure = OnFailure.SKIP)
		Slow slowSkip() {
			return new Slow();
		}

		@Bean
		@AsyncMiddleware(path = "/slowAwait", timeout = "20ms")
		SlowAwait slowAwait() {
			return new SlowAwait();
		}

		@Bean
		@AsyncMiddleware(path = "/slowAwaitSkip", timeout = "20ms", onFailure = OnFailure.SKIP)
		SlowAwait slowAwaitSkip() {
			return new SlowAwait();
		}

		@Bean
		@AsyncMiddleware(path = "/slowHook", timeout = "20ms")
		SlowHook slowHook() {
			return new SlowHook();
		}

		@Bean
		@AsyncMiddleware(path = "/slowHookSkip", timeout = "20ms", onFailure = OnFailure.SKIP)
		SlowHook slowHookSkip() {
			return new SlowHook();
		}

		@Bean
		@AsyncMiddleware(path = "/slowBlocking", timeout = "20ms")
		SlowBlocking slowBlocking() {
			return new SlowBlocking();
		}

		@Bean
		@AsyncMiddleware(path = "/slowBlockingSkip", timeout = "20ms", onFailure = OnFailure.SKIP)
		SlowBlocking slowBlockingSkip() {
			return new SlowBlocking();
		}

		@Bean
		@AsyncMiddleware(path = "/drops")
		WebFilter drops() {
			return (exchange, chain) -> Mono.empty();
		}

		@Bean
		@AsyncMiddleware(path = "/awaits")
		HandlerFilterFunction<LiveResponse, ServerResponse> awaits() {
			return (request, next) -> next.handle(request).map((response) -> {
				response.headers().set("X-Awaits", String.valueOf(response.statusCode().value()));
				response.setStatusCode(HttpStatus.ACCEPTED);
				return response;
			});
		}

		@Bean
		@AsyncMiddleware(path = "/replaces")
		HandlerFilterFunction<LiveResponse, ServerResponse> replaces() {
			return (request, next) -> next.handle(request)
				.flatMap((response) -> ServerResponse.status(HttpStatus.I_AM_A_TEAPOT).bodyValue("teapot"));
		}

		@Bean
		@AsyncMiddleware(path = "/hooks")
		Hooks hooks() {
			return new Hooks();
		}

	}

	/**
	 * A response that has its status set when it is written.
	 */
	static final class LateStatus extends ServerHttpResponseDecorator {

		private @Nullable HttpStatusCode status;

		LateStatus(ServerHttpResponse response) {
			super(response);
		}

		@Override
		public boolean setStatusCode(@Nullable HttpStatusCode status) {
			this.status = status;
			return !isCommitted();
		}

		@Override
		public @Nullable HttpStatusCode getStatusCode() {
			return (this.status != null) ? this.status : super.getStatusCode();
		}

		@Override
		public Mono<Void> writeWith(Publisher<? extends DataBuffer> body) {
			setStatus();
			return super.writeWith(body);
		}

		@Override
		public Mono<Void> writeAndFlushWith(Publisher<? extends Publisher<? extends DataBuffer>> body) {
			setStatus();
			return super.writeAndFlushWith(body);
		}

		@Override
		public Mono<Void> setComplete() {
			setStatus();
			return super.setComplete();
		}

		private void setStatus() {
			if (this.status != null) {
				super.setStatusCode(this.status);
			}
		}

	}

	/**
	 * Sets a status and completes.
	 */
	static class Refuses implements WebFilter {

		@Override
		public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
			exchange.getResponse().setStatusCode(HttpStatus.UNAUTHORIZED);
			return Mono.empty();
		}

	}

	/**
	 * Answers without blocking.
	 */
	static class RefusesHook {

		@OnRequest
		Mono<Void> load(ServerHttpResponse response) {
			response.setStatusCode(HttpStatus.UNAUTHORIZED);
			return Mono.empty();
		}

	}

	/**
	 * Answers from another thread.
	 */
	static class RefusesBlocking {

		@OnRequest
		void load(ServerHttpResponse response) {
			response.setStatusCode(HttpStatus.UNAUTHORIZED);
		}

	}

	/**
	 * Is slower than it may be.
	 */
	static class Slow implements WebFilter {

		@Override
		public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
			return Mono.delay(WORK).then(chain.filter(exchange));
		}

	}

	/**
	 * Is slower than it may be.
	 */
	static class SlowAwait implements HandlerFilterFunction<LiveResponse, ServerResponse> {

		@Override
		public Mono<ServerResponse> filter(ServerRequest request, HandlerFunction<LiveResponse> next) {
			return Mono.delay(WORK).then(next.handle(request)).cast(ServerResponse.class);
		}

	}

	/**
	 * Is slower than it may be.
	 */
	static class SlowHook {

		@OnRequest
		Mono<Void> load() {
			return Mono.delay(WORK).then();
		}

	}

	/**
	 * Is slower than it may be.
	 */
	static class SlowBlocking {

		@OnRequest
		void load() throws InterruptedException {
			Thread.sleep(WORK.toMillis());
		}

	}

	/**
	 * Stamps the head.
	 */
	static class Hooks {

		@OnRequest
		void before() {
		}

		@OnResponse
		void after(ServerHttpResponse response, HttpStatusCode status) {
			response.getHeaders().set("X-Hooks", String.valueOf(status.value()));
		}

	}

	@RestController
	static class Handlers {

		@RequestMapping("/**")
		Mono<String> any() {
			return Mono.just("handled");
		}

	}

}
