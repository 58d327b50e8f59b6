package io.github.asyncmiddleware.test;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ref.WeakReference;
import java.security.Principal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.LiveResponse;
import io.github.asyncmiddleware.OnFailure;
import io.github.asyncmiddleware.OnRequest;
import io.github.asyncmiddleware.OnResponse;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.NonBlocking;
import reactor.util.context.Context;

import org.springframework.beans.factory.annotation.Value;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.MethodParameter;
import org.springframework.core.Ordered;
import org.springframework.http.HttpMethod;
import org.springframework.http.HttpStatus;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.ResponseEntity;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.web.reactive.BindingContext;
import org.springframework.web.reactive.function.server.HandlerFilterFunction;
import org.springframework.web.reactive.function.server.HandlerFunction;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.reactive.result.method.HandlerMethodArgumentResolver;
import org.springframework.web.server.ResponseStatusException;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.springframework.web.reactive.function.server.RouterFunctions.route;

/**
 * Tests for {@link MiddlewareTester}.
 */
class MiddlewareTesterTests {

	@Test
	void runsAFilter() {
		assertThat(MiddlewareTester.of(new Native()).withResponse(201, "hello").exchange(get("/"))).passed()
			.hasStatus(201)
			.hasHeader("X-Native", "1")
			.hasBody("hello")
			.reachedHandler();
	}

	@Test
	void runsAFunctionThatAwaitsTheResponse() {
		MiddlewareTester tester = MiddlewareTester.of(new Await());
		assertThat(tester.exchange(get("/"))).passed().hasStatusOk().hasHeader("X-Status", "OK").hasNoBody();
		assertThat(tester.withResponse(404, "").exchange(get("/"))).passed()
			.hasStatus(HttpStatus.NOT_FOUND)
			.doesNotHaveHeader("X-Status");
	}

	@Test
	void runsHooks() {
		MiddlewareTester tester = MiddlewareTester.of(new Hooks());
		assertThat(tester.exchange(get("/"))).passed().hasHeader("X-Final", "200");
		assertThat(tester.exchange(get("/").header("X-Deny", "1"))).answered()
			.hasStatus(403)
			.hasHeader("X-Final", "403")
			.hasBody("denied")
			.didNotReachHandler();
	}

	@Test
	void runsAFilterThatIsNoMiddleware() {
		WebFilter filter = (exchange, chain) -> {
			exchange.getResponse().getHeaders().set("X-Plain", "1");
			return chain.filter(exchange);
		};
		assertThat(MiddlewareTester.of(filter).exchange(get("/"))).passed().hasHeader("X-Plain", "1");
	}

	@Test
	void failsForAMissingAwait() {
		MiddlewareTester tester = MiddlewareTester.of(new MissingAwait());
		assertThatExceptionOfType(AssertionError.class).isThrownBy(() -> tester.exchange(get("/")))
			.withMessage("[unawaited_next] The middleware 'middlewareTesterTests.MissingAwait' ("
					+ MissingAwait.class.getName()
					+ ", order 0) completed without waiting for the rest of the chain. Return the Mono that chain.filter(exchange) returns instead of subscribing to it. See "
					+ "https://github.com/asyncmiddleware/async-middleware-spring-boot/blob/main/docs/misuse.md#unawaited_next");
		assertThat(tester.withMisuseAllowed().exchange(get("/"))).hasMisuse("unawaited_next");
	}

	@Test
	void usesTheArgumentResolversOfAConfiguration() {
		MiddlewareTester tester = MiddlewareTester.ofConfiguration(ResolverConfiguration.class);
		assertThat(tester.exchange(get("/"))).answered().hasStatus(418);
	}

	@Test
	void namesTheClassThatALambdaIsWrittenIn() {
		MiddlewareTester tester = MiddlewareTester.of((WebFilter) (exchange, chain) -> Mono.empty());
		assertThatExceptionOfType(AssertionError.class).isThrownBy(() -> tester.exchange(get("/")))
			.withMessageContaining("'webFilter' (" + MiddlewareTesterTests.class.getName() + ", order");
	}

	@Test
	void failsForAnyOtherMisuse() {
		WebFilter dropping = (exchange, chain) -> Mono.empty();
		WebFilter repeating = (exchange, chain) -> chain.filter(exchange).switchIfEmpty(chain.filter(exchange));
		WebFilter late = (exchange, chain) -> exchange.getResponse().setComplete().then(chain.filter(exchange));
		WebFilter returningNull = (exchange, chain) -> null;
		assertMisuse("dropped_next", dropping);
		assertMisuse("repeated_next", repeating);
		assertMisuse("late_next", late);
		assertMisuse("null_result", returningNull);
	}

	private static void assertMisuse(String kind, WebFilter filter) {
		MiddlewareTester tester = MiddlewareTester.of(filter);
		assertThatExceptionOfType(AssertionError.class).isThrownBy(() -> tester.exchange(get("/")))
			.withMessageStartingWith("[" + kind + "] The middleware 'webFilter' (");
		assertThat(tester.withMisuseAllowed().exchange(get("/"))).hasMisuse(kind);
	}

	@Test
	void saysWhatAMiddlewareFailedWith() {
		MiddlewareTester tester = MiddlewareTester.of(new Failing());
		assertThat(tester.exchange(get("/"))).failed()
			.failedWith(UncheckedIOException.class)
			.hasStatus(500)
			.didNotReachHandler();
		assertThat(tester.withAttributes((attributes) -> attributes.onFailure(OnFailure.SKIP)).exchange(get("/")))
			.skipped()
			.hasResult("failed_open")
			.failedWith(UncheckedIOException.class)
			.hasStatusOk()
			.reachedHandler();
	}

	@Test
	void countsTheCallsOfTheHandler() {
		AtomicInteger calls = new AtomicInteger();
		WebFilter retrying = (exchange, chain) -> chain.filter(exchange).retry(1);
		assertThat(MiddlewareTester.of(retrying)
			.withHandler((exchange) -> (calls.incrementAndGet() == 1) ? Mono.error(new IllegalStateException("busy"))
					: exchange.getResponse().setComplete())
			.exchange(get("/"))).passed().hasStatusOk().reachedHandler(2);
	}

	@Test
	void tellsTheFailureOfTheHandler() {
		assertThat(MiddlewareTester.of(new Native())
			.withHandler((exchange) -> Mono.error(new ResponseStatusException(HttpStatus.CONFLICT, "twice")))
			.exchange(get("/"))).passed()
			.hasStatus(409)
			.failure()
			.isInstanceOf(ResponseStatusException.class)
			.hasMessageContaining("twice");
	}

	@Test
	void appliesTheAttributesOfTheAnnotation() {
		MiddlewareTester tester = MiddlewareTester.of(new Scoped());
		assertThat(tester.exchange(get("/api/orders"))).passed();
		assertThat(tester.exchange(get("/api/health"))).didNotRun().hasStatusOk();
		assertThat(tester.exchange(MockServerHttpRequest.post("/api/orders"))).didNotRun();
		assertThat(tester.exchange(get("/"))).didNotRun();
	}

	@Test
	void replacesAttributesOfTheAnnotation() {
		MiddlewareTester tester = MiddlewareTester.of(new Scoped());
		assertThat(
				tester.withAttributes((attributes) -> attributes.path("/{id:[0-9]{1,3}}", "/b")).exchange(get("/12")))
			.passed();
		assertThat(tester.withAttributes(Scoped.class, (attributes) -> attributes.path().method(HttpMethod.POST))
			.exchange(MockServerHttpRequest.post("/"))).passed();
		assertThat(tester.withAttributes((attributes) -> attributes.excludePath()).exchange(get("/api/health")))
			.passed();
		assertThat(tester.withPropertyValues("async-middleware.middleware.[middlewareTesterTests.Scoped].path=/x")
			.exchange(get("/x"))).passed();
		assertThat(tester.withPropertyValues("async-middleware.enabled=false").exchange(get("/api/orders"))).didNotRun()
			.reachedHandler();
		assertThat(tester.exchange(get("/12"))).didNotRun();
	}

	@Test
	void refusesAttributesOfAMiddlewareThatIsNotThere() {
		MiddlewareTester tester = MiddlewareTester.of(new Native())
			.withAttributes("natvie", (attributes) -> attributes.order(1));
		assertThatIllegalArgumentException().isThrownBy(() -> tester.exchange(get("/")))
			.withMessage(
					"There is no middleware 'natvie' to replace attributes of, only [middlewareTesterTests.Native]");
		assertThatIllegalArgumentException()
			.isThrownBy(() -> MiddlewareTester.of().withAttributes(Hooks.class, (attributes) -> attributes.order(1)));
	}

	@Test
	void runsAChain() {
		MiddlewareTester tester = MiddlewareTester.of(new Hooks(), new Native())
			.withFilter("legacy", (exchange, chain) -> chain.filter(exchange))
			.withAttributes(Native.class, (attributes) -> attributes.order(-10));
		MiddlewareTestResult result = tester.exchange(get("/"));
		assertThat(result).ran("middlewareTesterTests.Native", "middlewareTesterTests.Hooks", "legacy").hasStatusOk();
		assertThat(result.middleware(Native.class)).passed();
		assertThat(result.middleware("legacy")).passed();
		MiddlewareTestResult denied = tester.exchange(get("/").header("X-Deny", "1"));
		assertThat(denied.middleware(Native.class)).passed();
		assertThat(denied.middleware(Hooks.class)).answered();
		assertThat(denied.middleware("legacy")).didNotRun();
		assertThat(denied).hasStatus(403).hasHeader("X-Native", "1").didNotReachHandler();
	}

	/**
	 * As in an application, where a filter that is no middleware comes before the
	 * middlewares of the same order, whatever their names are.
	 */
	@Test
	void runsAFilterBeforeTheMiddlewaresOfItsOrder() {
		MiddlewareTester tester = MiddlewareTester.of(new Native()).withFilter("zlast", new OrderedFilter());
		assertThat(tester.withAttributes(Native.class, (attributes) -> attributes.order(OrderedFilter.ORDER))
			.exchange(get("/"))).ran("zlast", "middlewareTesterTests.Native");
		assertThat(tester.withAttributes(Native.class, (attributes) -> attributes.order(OrderedFilter.ORDER - 1))
			.exchange(get("/"))).ran("middlewareTesterTests.Native", "zlast");
	}

	@Test
	void refusesToGuessWhichMiddlewareIsMeant() {
		MiddlewareTester tester = MiddlewareTester.of(new Hooks(), new Native());
		MiddlewareTestResult result = tester.exchange(get("/"));
		assertThatIllegalStateException().isThrownBy(() -> assertThat(result).passed())
			.withMessage("There are 2 middlewares [middlewareTesterTests.Hooks, middlewareTesterTests.Native];"
					+ " use assertThat(result.middleware(...)) to name one");
		assertThatIllegalArgumentException().isThrownBy(() -> result.middleware("hooks"));
		assertThatIllegalStateException().isThrownBy(() -> tester.withAttributes((attributes) -> attributes.order(1)));
	}

	@Test
	void runsWhatConfigurationClassesDeclare() {
		assertThat(MiddlewareTester.ofConfiguration(MiddlewareConfiguration.class)
			.withPropertyValues("served.by=kit")
			.exchange(get("/"))).passed().hasHeader("X-Served-By", "kit");
	}

	@Test
	void runsBehindRoutesAndForUsers() {
		MiddlewareTester tester = MiddlewareTester.of(new Who())
			.withRoutes(
					route().GET("/orders/{id}", (request) -> ServerResponse.ok().bodyValue(request.pathVariable("id")))
						.build());
		assertThat(tester.withPrincipal(() -> "ann").exchange(get("/orders/7"))).passed()
			.hasHeader("X-User", "ann")
			.hasBody("7");
		assertThat(tester.exchange(get("/orders/7"))).answered().hasStatus(401).didNotReachHandler();
		assertThat(tester.withPrincipal(() -> "ann").exchange(get("/other"))).passed().hasStatus(404);
	}

	@Test
	void passesTheReactorContextOn() {
		WebFilter filter = (exchange, chain) -> Mono.deferContextual((context) -> {
			exchange.getResponse().getHeaders().set("X-Tenant", context.get("tenant"));
			return chain.filter(exchange);
		});
		assertThat(MiddlewareTester.of(filter).withContext(Context.of("tenant", "acme")).exchange(get("/")))
			.hasHeader("X-Tenant", "acme");
	}

	@Test
	void savesWhatAHookSetsOnTheSession() {
		assertThat(MiddlewareTester.of(new Basket()).exchange(get("/"))).passed()
			.satisfies((result) -> assertThat(result.getCookies()).containsKey("SESSION"));
	}

	@Test
	void answersHeadRequestsWithoutBody() {
		assertThat(
				MiddlewareTester.of(new Native()).withResponse(200, "hello").exchange(MockServerHttpRequest.head("/")))
			.passed()
			.hasHeader("Content-Length", "5")
			.hasNoBody();
	}

	@Test
	void tellsAFailureBeforeTheHead() {
		MiddlewareTestResult result = MiddlewareTester.of(new FailingStamp()).exchange(get("/"));
		assertThat(result).hasStatusOk();
		assertThat(result).skipped().failedWith(UncheckedIOException.class);
		assertThatExceptionOfType(AssertionError.class).isThrownBy(() -> assertThat(result).passed())
			.withMessage("Expected the result of the middleware 'middlewareTesterTests.FailingStamp' ("
					+ FailingStamp.class.getName()
					+ ") to be 'passed', but it is 'failed_open': java.io.UncheckedIOException: no stamp")
			.withCauseInstanceOf(UncheckedIOException.class);
	}

	@Test
	void runsBlockingHooksOnAnotherThread() {
		AtomicReference<Thread> thread = new AtomicReference<>();
		assertThat(MiddlewareTester.of(new Jdbc(thread)).exchange(get("/"))).passed();
		assertThat(thread.get()).isNotSameAs(Thread.currentThread()).isNotInstanceOf(NonBlocking.class);
	}

	@Test
	void canBeSharedByThreads() throws Exception {
		MiddlewareTester bad = MiddlewareTester.of(new MissingAwait()).withMisuseAllowed();
		MiddlewareTester good = MiddlewareTester.of(new Hooks());
		ExecutorService threads = Executors.newFixedThreadPool(4);
		try {
			List<Future<?>> all = new ArrayList<>();
			for (int i = 0; i < 4; i++) {
				all.add(threads.submit(() -> {
					for (int j = 0; j < 20; j++) {
						assertThat(bad.exchange(get("/")).getMisuse()).containsExactly("unawaited_next");
						assertThat(good.exchange(get("/")).getMisuse()).isEmpty();
					}
				}));
			}
			for (Future<?> each : all) {
				each.get(30, TimeUnit.SECONDS);
			}
		}
		finally {
			threads.shutdownNow();
		}
	}

	@Test
	void runsNeighboursAtTheSameTime() {
		List<Sinks.Empty<Void>> answers = List.of(Sinks.empty(), Sinks.empty());
		MiddlewareTester tester = MiddlewareTester.of()
			.withMiddleware("a", new Waiting(answers.get(0)))
			.withMiddleware("b", new Waiting(answers.get(1)));
		RunningExchange exchange = tester.start(get("/")).awaitEntered("a").awaitEntered("b");
		exchange.advance(Duration.ofMillis(10));
		answers.get(1).tryEmitEmpty();
		exchange.advance(Duration.ofMillis(20));
		answers.get(0).tryEmitEmpty();
		MiddlewareTestResult result = exchange.await();
		assertThat(result.middleware("b")).passed().hasOwnTime(Duration.ofMillis(10));
		assertThat(result.middleware("a")).passed().hasOwnTime(Duration.ofMillis(20));
	}

	@Test
	void keepsNothing() {
		List<WeakReference<Object>> middlewares = new ArrayList<>();
		Set<Thread> threads = new HashSet<>();
		for (int i = 0; i < 5; i++) {
			AtomicReference<Thread> thread = new AtomicReference<>();
			Jdbc middleware = new Jdbc(thread);
			assertThat(MiddlewareTester.of(middleware).exchange(get("/"))).passed();
			middlewares.add(new WeakReference<>(middleware));
			threads.add(thread.get());
		}
		long end = System.nanoTime() + Duration.ofSeconds(30).toNanos();
		while (System.nanoTime() < end && (threads.stream().anyMatch(Thread::isAlive)
				|| middlewares.stream().anyMatch((middleware) -> middleware.get() != null))) {
			System.gc();
			LockSupport.parkNanos(Duration.ofMillis(50).toNanos());
		}
		assertThat(threads).noneMatch(Thread::isAlive);
		assertThat(middlewares).allMatch((middleware) -> middleware.get() == null);
	}

	@Test
	void doesNotRunWhatAnApplicationWouldNotRun() {
		assertThatIllegalArgumentException().isThrownBy(() -> MiddlewareTester.of(new Forgotten()))
			.withMessageStartingWith(Forgotten.class.getName()
					+ " is neither annotated with @AsyncMiddleware nor a WebFilter, so an application would not run it.");
		assertThatIllegalArgumentException().isThrownBy(() -> MiddlewareTester.of(Native.class));
		assertThatIllegalArgumentException().isThrownBy(() -> MiddlewareTester.of(new Native(), new Native()))
			.withMessage("There are two middlewares 'middlewareTesterTests.Native';"
					+ " name one of them with withMiddleware or withFilter");
	}

	@Test
	void putsAFilterThatIsNoMiddlewareWhereAnApplicationDoes() {
		WebFilter unordered = (exchange, chain) -> chain.filter(exchange);
		assertThat(MiddlewareTester.of(new Native()).withMiddleware("a", unordered).exchange(get("/")))
			.ran("middlewareTesterTests.Native", "a");
	}

	private static MockServerHttpRequest.BaseBuilder<?> get(String path) {
		return MockServerHttpRequest.get(path);
	}

	@AsyncMiddleware
	static class Native implements WebFilter {

		@Override
		public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
			exchange.getResponse().getHeaders().set("X-Native", "1");
			return chain.filter(exchange);
		}

	}

	@AsyncMiddleware
	static class MissingAwait implements WebFilter {

		@Override
		public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
			chain.filter(exchange).subscribe();
			return Mono.empty();
		}

	}

	@AsyncMiddleware
	static class Await implements HandlerFilterFunction<LiveResponse, ServerResponse> {

		@Override
		public Mono<ServerResponse> filter(ServerRequest request, HandlerFunction<LiveResponse> next) {
			return next.handle(request).map((response) -> {
				if (response.statusCode() == HttpStatus.OK) {
					response.headers().set("X-Status", "OK");
				}
				return response;
			});
		}

	}

	@AsyncMiddleware
	static class Hooks {

		@OnRequest
		Mono<ResponseEntity<String>> check(ServerHttpRequest request) {
			return request.getHeaders().containsHeader("X-Deny") ? Mono.just(ResponseEntity.status(403).body("denied"))
					: Mono.empty();
		}

		@OnResponse
		void stamp(ServerHttpResponse response, HttpStatusCode status) {
			response.getHeaders().set("X-Final", String.valueOf(status.value()));
		}

	}

	@AsyncMiddleware(path = "/api/**", excludePath = "/api/health", method = "GET")
	static class Scoped extends Native {

	}

	@AsyncMiddleware
	static class Failing {

		@OnRequest
		Mono<Void> load() {
			return Mono.error(new UncheckedIOException(new IOException("no flags")));
		}

	}

	@AsyncMiddleware
	static class FailingStamp {

		@OnResponse
		void stamp() {
			throw new UncheckedIOException("no stamp", new IOException());
		}

	}

	@AsyncMiddleware
	static class Who {

		@OnRequest
		Mono<ResponseEntity<Void>> check(Mono<Principal> principal, ServerHttpResponse response) {
			return principal.doOnNext((user) -> response.getHeaders().set("X-User", user.getName()))
				.map((user) -> Optional.<ResponseEntity<Void>>empty())
				.defaultIfEmpty(Optional.of(ResponseEntity.status(401).build()))
				.flatMap(Mono::justOrEmpty);
		}

	}

	@AsyncMiddleware
	static class Basket {

		@OnRequest
		Mono<Void> open(ServerWebExchange exchange) {
			return exchange.getSession().doOnNext((session) -> session.getAttributes().put("basket", "1")).then();
		}

	}

	@AsyncMiddleware
	static class Jdbc {

		private final AtomicReference<Thread> thread;

		Jdbc(AtomicReference<Thread> thread) {
			this.thread = thread;
		}

		@OnRequest
		void load() {
			Mono.delay(Duration.ofMillis(1)).block();
			this.thread.set(Thread.currentThread());
		}

	}

	@AsyncMiddleware(concurrent = true)
	static class Waiting {

		private final Sinks.Empty<Void> answer;

		Waiting(Sinks.Empty<Void> answer) {
			this.answer = answer;
		}

		@OnRequest
		Mono<Void> load() {
			return this.answer.asMono();
		}

	}

	static class Forgotten {

		@OnRequest
		void load() {
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class MiddlewareConfiguration {

		@Bean
		@AsyncMiddleware
		WebFilter servedBy(@Value("${served.by}") String name) {
			return (exchange, chain) -> {
				exchange.getResponse().getHeaders().set("X-Served-By", name);
				return chain.filter(exchange);
			};
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class ResolverConfiguration {

		@Bean
		Brewing brewing() {
			return new Brewing();
		}

		@Bean
		@AsyncMiddleware
		Teapot teapot() {
			return new Teapot();
		}

	}

	static class Teapot {

		@OnRequest(blocking = false)
		ResponseEntity<Void> answer(Tea tea) {
			return ResponseEntity.status(tea.status).build();
		}

	}

	record Tea(HttpStatus status) {

	}

	static class Brewing implements HandlerMethodArgumentResolver {

		@Override
		public boolean supportsParameter(MethodParameter parameter) {
			return parameter.getParameterType() == Tea.class;
		}

		@Override
		public Mono<Object> resolveArgument(MethodParameter parameter, BindingContext context,
				ServerWebExchange exchange) {
			return Mono.just(new Tea(HttpStatus.I_AM_A_TEAPOT));
		}

	}

	static class OrderedFilter implements WebFilter, Ordered {

		static final int ORDER = 7;

		@Override
		public int getOrder() {
			return ORDER;
		}

		@Override
		public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
			return chain.filter(exchange);
		}

	}

}
