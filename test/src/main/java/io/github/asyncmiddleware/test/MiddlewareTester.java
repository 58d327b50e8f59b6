package io.github.asyncmiddleware.test;

import java.nio.charset.StandardCharsets;
import java.security.Principal;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

import io.github.asyncmiddleware.AsyncMiddleware;
import reactor.core.publisher.Mono;
import reactor.util.context.ContextView;

import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.http.HttpStatusCode;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.util.Assert;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebHandler;

/**
 * Runs middlewares of any style through the real engine, without a server, for unit
 * tests:
 *
 * <pre class="code">
 * private final MiddlewareTester tester = MiddlewareTester.of(new Authentication(this.tokens));
 *
 * &#064;Test
 * void answersWithoutToken() {
 * 	assertThat(this.tester.exchange(MockServerHttpRequest.get("/orders"))).answered().hasStatus(401);
 * }
 * </pre>
 *
 * The attributes of {@link AsyncMiddleware} apply, and what would fail the start of an
 * application fails the first exchange with the same text. An exchange also fails, with
 * an {@link AssertionError}, if a middleware breaks the rules of a filter, such as one
 * that does not wait for the rest of the chain, or blocks a thread that must not block,
 * and with the one of an assertion that fails in the handler of the test.
 * <p>
 * The clock of the engine stands still until a test advances it, see
 * {@link RunningExchange#advance}: timeouts never depend on how fast the machine is.
 * <p>
 * A tester is immutable; each {@code with...} method returns another one. It can be
 * shared by tests that run in parallel, and need not be closed.
 *
 * @see MiddlewareTestResult
 */
public final class MiddlewareTester {

	private final Setup setup;

	/** One for each thread that tests, so that those do not see each other's misuse. */
	private final Map<Thread, TestEngine> engines = new ConcurrentHashMap<>();

	private MiddlewareTester(Setup setup) {
		this.setup = setup;
	}

	/**
	 * Test some middlewares, which stand in the order that their attributes say. A
	 * {@code WebFilter} that is no middleware can be among them; it is tested like one,
	 * and comes last if it has no order.
	 * @param middlewares the middlewares
	 * @return a tester
	 * @throws IllegalArgumentException if an application would not run one of them, since
	 * it has no annotation, or if two have the same name, being of one class
	 */
	public static MiddlewareTester of(Object... middlewares) {
		MiddlewareTester tester = new MiddlewareTester(new Setup());
		for (Object middleware : middlewares) {
			tester = tester.with((setup) -> setup.add(MiddlewareBean.of(null, middleware)));
		}
		return tester;
	}

	/**
	 * Test the middlewares that configuration classes declare, with {@code @Bean} methods
	 * or by importing them. The beans are never destroyed.
	 * @param configurations the classes
	 * @return a tester
	 */
	public static MiddlewareTester ofConfiguration(Class<?>... configurations) {
		return of().withConfiguration(configurations);
	}

	/**
	 * Test one more middleware, under the name that its bean has in the application.
	 * @param name the name
	 * @param middleware the middleware
	 * @return a tester
	 */
	public MiddlewareTester withMiddleware(String name, Object middleware) {
		Assert.hasText(name, "'name' must not be empty");
		return with((setup) -> setup.add(MiddlewareBean.of(name, middleware)));
	}

	/**
	 * Test one more filter, which need not be a middleware, under the name of its bean.
	 * @param name the name
	 * @param filter the filter, for example a lambda
	 * @return a tester
	 */
	public MiddlewareTester withFilter(String name, WebFilter filter) {
		return withMiddleware(name, filter);
	}

	/**
	 * Add what configuration classes declare: middlewares, other filters, and what
	 * middlewares have injected.
	 * @param configurations the classes
	 * @return a tester
	 */
	public MiddlewareTester withConfiguration(Class<?>... configurations) {
		return with((setup) -> setup.configurations.addAll(List.of(configurations)));
	}

	/**
	 * Replace attributes of the annotation of the only middleware.
	 * @param attributes sets the attributes
	 * @return a tester
	 * @throws IllegalStateException if there is not exactly one middleware
	 */
	public MiddlewareTester withAttributes(Consumer<MiddlewareAttributes> attributes) {
		Assert.state(this.setup.beans.size() == 1, "Name the middleware whose attributes are meant");
		return withAttributes(this.setup.beans.get(0).name(), attributes);
	}

	/**
	 * Replace attributes of the annotation of a middleware.
	 * @param type the class of the middleware
	 * @param attributes sets the attributes
	 * @return a tester
	 * @throws IllegalArgumentException if no such middleware was given to this tester
	 */
	public MiddlewareTester withAttributes(Class<?> type, Consumer<MiddlewareAttributes> attributes) {
		return withAttributes(
				this.setup.beans.stream()
					.filter((bean) -> bean.isOf(type))
					.map(MiddlewareBean::name)
					.findFirst()
					.orElseThrow(() -> new IllegalArgumentException("None of the middlewares is a " + type.getName())),
				attributes);
	}

	/**
	 * Replace attributes of the annotation of a middleware. If there is none of that
	 * name, the first exchange fails.
	 * @param name the name of its bean
	 * @param attributes sets the attributes
	 * @return a tester
	 */
	public MiddlewareTester withAttributes(String name, Consumer<MiddlewareAttributes> attributes) {
		MiddlewareAttributes changed = new MiddlewareAttributes();
		attributes.accept(changed);
		return with((copy) -> copy.replace(name, changed.toProperties()));
	}

	/**
	 * Set properties of the application. Files such as {@code application.properties} are
	 * not read.
	 * @param pairs names and values, as {@code name=value}
	 * @return a tester
	 */
	public MiddlewareTester withPropertyValues(String... pairs) {
		return with((setup) -> {
			for (String pair : pairs) {
				int end = pair.indexOf('=');
				Assert.isTrue(end > 0, () -> "'" + pair + "' is not of the form name=value");
				setup.properties.put(pair.substring(0, end).strip(), pair.substring(end + 1).strip());
			}
		});
	}

	/**
	 * Set what stands behind the middlewares. The default answers with 200 and no body.
	 * @param handler the handler; if it throws an {@link AssertionError}, or emits one,
	 * the exchange fails with it
	 * @return a tester
	 */
	public MiddlewareTester withHandler(WebHandler handler) {
		Assert.notNull(handler, "'handler' must not be null");
		return with((setup) -> setup.handler = handler);
	}

	/**
	 * Set what stands behind the middlewares.
	 * @param routes the routes; any other path is answered with 404
	 * @return a tester
	 */
	public MiddlewareTester withRoutes(RouterFunction<?> routes) {
		return withHandler(RouterFunctions.toWebHandler(routes));
	}

	/**
	 * Set what stands behind the middlewares: a handler that always gives the same
	 * answer.
	 * @param status the status
	 * @param body the body, as plain text
	 * @return a tester
	 */
	public MiddlewareTester withResponse(int status, String body) {
		HttpStatusCode code = HttpStatusCode.valueOf(status);
		return withHandler((exchange) -> respond(exchange, code, body));
	}

	private static Mono<Void> respond(ServerWebExchange exchange, HttpStatusCode status, String body) {
		exchange.getResponse().setStatusCode(status);
		return exchange.getResponse()
			.writeWith(Mono.<DataBuffer>fromSupplier(
					() -> exchange.getResponse().bufferFactory().wrap(body.getBytes(StandardCharsets.UTF_8))));
	}

	/**
	 * Set the user that the exchange has when it reaches the first middleware.
	 * @param principal the user
	 * @return a tester
	 */
	public MiddlewareTester withPrincipal(Principal principal) {
		Assert.notNull(principal, "'principal' must not be null");
		return with((setup) -> setup.principal = principal);
	}

	/**
	 * Set the Reactor context with which the server subscribes to the response.
	 * @param context the context
	 * @return a tester
	 */
	public MiddlewareTester withContext(ContextView context) {
		Assert.notNull(context, "'context' must not be null");
		return with((setup) -> setup.context = context);
	}

	/**
	 * Do not fail an exchange in which a middleware breaks the rules of a filter, so that
	 * a test can assert which.
	 * @return a tester
	 */
	public MiddlewareTester withMisuseAllowed() {
		return with((setup) -> setup.misuseAllowed = true);
	}

	/**
	 * Do not fail an exchange in which a middleware blocks a thread that must not block.
	 * @return a tester
	 */
	public MiddlewareTester withBlockingAllowed() {
		return with((setup) -> setup.blockingAllowed = true);
	}

	/**
	 * Set how long to wait for an exchange in real time until it fails. Default is 10
	 * seconds. The time at a breakpoint that stops all threads hardly counts.
	 * @param limit the limit
	 * @return a tester
	 */
	public MiddlewareTester withTimeLimit(Duration limit) {
		Assert.isTrue(limit.compareTo(Duration.ZERO) > 0, "'limit' must be positive");
		return with((setup) -> setup.timeLimit = limit);
	}

	private MiddlewareTester with(Consumer<Setup> change) {
		Setup changed = new Setup(this.setup);
		change.accept(changed);
		return new MiddlewareTester(changed);
	}

	/**
	 * Send a request and wait for its end.
	 * @param request the request, for example from
	 * {@code MockServerHttpRequest.get("/orders")}
	 * @return what came of it
	 * @throws MiddlewareStartException if an application with these middlewares would not
	 * start
	 * @throws AssertionError if the request does not end, if a middleware breaks the
	 * rules of a filter or blocks a thread, or if an assertion of the handler fails
	 */
	public MiddlewareTestResult exchange(MockServerHttpRequest request) {
		return start(request).await();
	}

	/**
	 * Send a request and wait for its end.
	 * @param request the request, which need not be built
	 * @return what came of it
	 * @throws MiddlewareStartException if an application with these middlewares would not
	 * start
	 * @throws AssertionError if the request does not end, if a middleware breaks the
	 * rules of a filter or blocks a thread, or if an assertion of the handler fails
	 */
	public MiddlewareTestResult exchange(MockServerHttpRequest.BaseBuilder<?> request) {
		return exchange(request.build());
	}

	/**
	 * Send a request and do not wait for its end, to advance the clock while it runs, or
	 * to leave.
	 * @param request the request
	 * @return the request that runs
	 * @throws MiddlewareStartException if an application with these middlewares would not
	 * start
	 * @throws AssertionError if a middleware blocks a thread
	 */
	public RunningExchange start(MockServerHttpRequest request) {
		Assert.notNull(request, "'request' must not be null");
		TestEngine engine = engine();
		return new RunningExchange(engine, engine.start(request), this.setup);
	}

	/**
	 * Send a request and do not wait for its end, to advance the clock while it runs, or
	 * to leave.
	 * @param request the request, which need not be built
	 * @return the request that runs
	 * @throws MiddlewareStartException if an application with these middlewares would not
	 * start
	 * @throws AssertionError if a middleware blocks a thread
	 */
	public RunningExchange start(MockServerHttpRequest.BaseBuilder<?> request) {
		return start(request.build());
	}

	private TestEngine engine() {
		TestEngine engine = this.engines.get(Thread.currentThread());
		if (engine == null) {
			engine = new TestEngine(this.setup);
			this.engines.keySet().removeIf((other) -> !other.isAlive());
			this.engines.put(Thread.currentThread(), engine);
		}
		return engine;
	}

}
