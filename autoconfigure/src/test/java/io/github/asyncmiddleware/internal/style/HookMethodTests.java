package io.github.asyncmiddleware.internal.style;

import java.lang.management.ManagementFactory;
import java.security.Principal;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TimeZone;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

import com.sun.management.ThreadMXBean;
import io.github.asyncmiddleware.OnRequest;
import io.github.asyncmiddleware.OnResponse;
import org.aopalliance.intercept.MethodInterceptor;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;
import reactor.test.publisher.TestPublisher;

import org.springframework.aop.framework.ProxyFactory;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.beans.factory.support.DefaultListableBeanFactory;
import org.springframework.context.expression.StandardBeanExpressionResolver;
import org.springframework.core.MethodParameter;
import org.springframework.core.ReactiveAdapterRegistry;
import org.springframework.core.ReactiveTypeDescriptor;
import org.springframework.format.support.DefaultFormattingConversionService;
import org.springframework.http.HttpCookie;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.http.HttpStatus;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.mock.web.server.MockServerWebExchange;
import org.springframework.security.authentication.TestingAuthenticationToken;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.security.core.context.ReactiveSecurityContextHolder;
import org.springframework.security.web.reactive.result.method.annotation.AuthenticationPrincipalArgumentResolver;
import org.springframework.util.MultiValueMap;
import org.springframework.web.bind.annotation.CookieValue;
import org.springframework.web.bind.annotation.RequestAttribute;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.SessionAttribute;
import org.springframework.web.bind.support.ConfigurableWebBindingInitializer;
import org.springframework.web.reactive.BindingContext;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.reactive.result.method.HandlerMethodArgumentResolver;
import org.springframework.web.reactive.result.method.SyncHandlerMethodArgumentResolver;
import org.springframework.web.server.MissingRequestValueException;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.ServerWebInputException;
import org.springframework.web.server.WebSession;
import org.springframework.web.util.UriComponentsBuilder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link HookMethod}.
 */
class HookMethodTests {

	private static final Duration SOON = Duration.ofSeconds(10);

	private final ReactiveAdapterRegistry adapters = new ReactiveAdapterRegistry();

	private final List<HandlerMethodArgumentResolver> resolvers = new ArrayList<>();

	private final MockServerWebExchange exchange = exchange(MockServerHttpRequest.post("https://example.org/a?q=1&q=2")
		.header("Accept-Language", "fr")
		.header("X-Number", "42")
		.header("X-Time", "2026-11-21T00:00:00Z")
		.cookie(new HttpCookie("flavour", "sweet")));

	@Test
	void callsAMethodWithoutArguments() {
		assertThat(call(new NoArguments())).isEqualTo("called");
	}

	@Test
	void returnsNullForVoid() {
		VoidHook bean = new VoidHook();
		assertThat(call(bean)).isNull();
		assertThat(bean.seen).isSameAs(this.exchange);
	}

	@Test
	void passesWhatTheExchangeHas() {
		assertThat(arguments(new Derived())).containsExactly(this.exchange, this.exchange.getRequest(),
				this.exchange.getResponse(), this.exchange.getRequest().getHeaders(), HttpMethod.POST, Locale.FRENCH,
				TimeZone.getDefault(), ZoneId.systemDefault(), "https://example.org");
	}

	@Test
	void passesTheHeadersAndTheStatusOfTheResponseToAResponseHook() {
		this.exchange.getResponse().setStatusCode(HttpStatus.NOT_FOUND);
		StatusHook bean = new StatusHook();
		callResponseHook(bean);
		assertThat(bean.seen).containsExactly(HttpStatus.NOT_FOUND, this.exchange.getResponse().getHeaders());
	}

	@Test
	void passesOkToAResponseHookWhereNoStatusIsSet() {
		StatusHook bean = new StatusHook();
		callResponseHook(bean);
		assertThat(bean.seen).containsExactly(HttpStatus.OK, this.exchange.getResponse().getHeaders());
	}

	@Test
	void passesAnnotatedArguments() {
		this.exchange.getAttributes().put("user", "me");
		List<Object> arguments = arguments(new Annotated());
		assertThat(arguments).containsExactly(42, "sweet", List.of("1", "2"), "me", "0.1 of here", "42",
				this.exchange.getRequest().getHeaders(), "1", this.exchange.getRequest().getQueryParams());
	}

	@Test
	void convertsAsControllersDo() {
		assertThat(arguments(new Converted())).containsExactly(Instant.parse("2026-11-21T00:00:00Z"));
	}

	@Test
	void passesNothingForWhatIsOptionalAndMissing() {
		assertThat(arguments(new Absent())).containsExactly(Optional.empty(), null, null, "fallback", 7, false);
	}

	@Test
	void resolvesAnnotatedArgumentsOnThreadsThatMustNotBlock() {
		HookMethod present = onRequest(new Converted());
		HookMethod absent = onRequest(new Absent());
		StepVerifier
			.create(Mono.fromCallable(() -> List.of(invoke(present, null), invoke(absent, null)))
				.subscribeOn(Schedulers.parallel()))
			.expectNextCount(1)
			.expectComplete()
			.verify(SOON);
	}

	@Test
	void refusesTheRequestWhereARequiredValueIsMissing() {
		assertThatExceptionOfType(MissingRequestValueException.class).isThrownBy(() -> call(new Required()))
			.satisfies((ex) -> assertThat(ex.getStatusCode()).isEqualTo(HttpStatus.BAD_REQUEST))
			.satisfies((ex) -> assertThat(ex.getName()).isEqualTo("X-Missing"));
	}

	@Test
	void refusesTheRequestWhereAValueCannotBeConverted() {
		MockServerWebExchange exchange = exchange(MockServerHttpRequest.get("/").header("X-Time", "soon"));
		HookMethod hook = onRequest(new Converted());
		assertThatExceptionOfType(ServerWebInputException.class).isThrownBy(() -> hook.invoke(exchange, null))
			.satisfies((ex) -> assertThat(ex.getStatusCode()).isEqualTo(HttpStatus.BAD_REQUEST));
	}

	@Test
	void hasNoDeferredArgumentsWhereAllAreAtHand() {
		assertThat(onRequest(new Derived()).hasDeferredArguments()).isFalse();
		assertThat(onRequest(new Annotated()).hasDeferredArguments()).isFalse();
	}

	@Test
	void waitsForThePrincipalAndTheSession() {
		WebSession session = this.exchange.getSession().block(SOON);
		session.getAttributes().put("cart", "full");
		ServerWebExchange authenticated = this.exchange.mutate().principal(Mono.just(() -> "me")).build();
		HookMethod hook = onRequest(new Deferred());
		assertThat(hook.hasDeferredArguments()).isTrue();
		@Nullable Object[] resolved = hook.resolve(authenticated).block(SOON);
		assertThat(invoke(hook, authenticated, resolved)).isEqualTo(List.of("me", session.getId(), "POST", "full"));
	}

	@Test
	void passesNullForAPrincipalThatIsMissing() {
		HookMethod hook = onRequest(new UserHook());
		assertThat(invoke(hook, hook.resolve(this.exchange).block(SOON))).isEqualTo("nobody");
	}

	@Test
	void passesAPublisherOfThePrincipalAsControllersGetIt() {
		ServerWebExchange authenticated = this.exchange.mutate().principal(Mono.just(() -> "me")).build();
		HookMethod hook = onRequest(new LazyPrincipal());
		verifier(hook, invoke(hook, authenticated, hook.resolve(authenticated).block(SOON))).expectNext("me")
			.expectComplete()
			.verify(SOON);
	}

	@Test
	void passesAPublisherOfTheSession() {
		HookMethod hook = onRequest(new LazySession());
		verifier(hook, invoke(hook, this.exchange, hook.resolve(this.exchange).block(SOON)))
			.expectNext(this.exchange.getSession().block(SOON).getId())
			.expectComplete()
			.verify(SOON);
	}

	@Test
	void resolvesForEachSubscription() {
		Mono<@Nullable Object[]> resolved = onRequest(new SessionHook()).resolve(this.exchange);
		assertThat(resolved.block(SOON)).isNotSameAs(resolved.block(SOON));
	}

	@Test
	void signalsWhatAnArgumentIsRefusedWith() {
		StepVerifier.create(onRequest(new RequiredOfSession()).resolve(this.exchange))
			.expectError(MissingRequestValueException.class)
			.verify(SOON);
	}

	@Test
	void signalsWhatAResolverThrows() {
		this.resolvers.add(new PointResolver((exchange) -> {
			throw new IllegalStateException("broken");
		}));
		StepVerifier.create(onRequest(new PointHook()).resolve(this.exchange))
			.expectErrorMessage("broken")
			.verify(SOON);
	}

	@Test
	void asksTheResolversOfTheApplication() {
		this.resolvers.add(new PointResolver((exchange) -> Mono.just(new Point(1))));
		this.resolvers.add(new PointResolver((exchange) -> Mono.just(new Point(2))));
		HookMethod hook = onRequest(new PointHook());
		assertThat(hook.hasDeferredArguments()).isTrue();
		assertThat(invoke(hook, hook.resolve(this.exchange).block(SOON))).isEqualTo("1");
	}

	@Test
	void asksSynchronousResolversOfTheApplicationAtOnce() {
		this.resolvers.add(new SyncPointResolver());
		HookMethod hook = onRequest(new PointHook());
		assertThat(hook.hasDeferredArguments()).isFalse();
		assertThat(invoke(hook, null)).isEqualTo("3");
	}

	@Test
	void asksTheResolversOfSpringBeforeThoseOfTheApplication() {
		this.resolvers.add(new GreedyResolver());
		assertThat(onRequest(new Derived()).hasDeferredArguments()).isFalse();
	}

	@Test
	void asksTheResolverOfSpringSecurity() {
		this.resolvers.add(new AuthenticationPrincipalArgumentResolver(this.adapters));
		HookMethod hook = onRequest(new SecuredHook());
		@Nullable Object[] resolved = hook.resolve(this.exchange)
			.contextWrite(
					ReactiveSecurityContextHolder.withAuthentication(new TestingAuthenticationToken("me", "secret")))
			.block(SOON);
		assertThat(invoke(hook, resolved)).isEqualTo("me");
	}

	@Test
	void throwsWhatTheMethodThrows() {
		assertThatExceptionOfType(CheckedException.class)
			.isThrownBy(() -> onRequest(new Throwing()).invoke(this.exchange, null))
			.satisfies((ex) -> assertThat(ex).hasNoCause());
	}

	@Test
	void usesNoReflectionForTheCall() {
		StackTraceElement[] trace = (StackTraceElement[]) call(new Traced());
		List<String> callers = Arrays.stream(trace)
			.map((frame) -> frame.getClassName() + "." + frame.getMethodName())
			.toList();
		assertThat(callers.subList(0, 3)).containsExactly("java.lang.Thread.getStackTrace",
				Traced.class.getName() + ".trace", HookMethod.class.getName() + ".invoke");
	}

	@Test
	void allocatesNothingForACallWithWhatTheExchangeHas() throws Throwable {
		HookMethod hook = onRequest(new Cheap());
		for (int i = 0; i < 20_000; i++) {
			hook.invoke(this.exchange, null);
		}
		ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
		long before = threads.getCurrentThreadAllocatedBytes();
		for (int i = 0; i < 20_000; i++) {
			hook.invoke(this.exchange, null);
		}
		assertThat((threads.getCurrentThreadAllocatedBytes() - before) / 20_000).isZero();
	}

	@Test
	void callsAClassProxySoThatAdviceRuns() {
		List<String> advised = new ArrayList<>();
		PackagePrivate target = new PackagePrivate("state");
		HookMethod hook = onRequest(proxy(target, true, advised), PackagePrivate.class);
		assertThat(invoke(hook, null)).isEqualTo("state");
		assertThat(advised).containsExactly("load");
	}

	@Test
	void callsADefaultMethodOfAnInterfaceThroughAClassProxy() {
		List<String> advised = new ArrayList<>();
		HookMethod hook = onRequest(proxy(new Defaulting("state"), true, advised), Defaulting.class);
		assertThat(invoke(hook, null)).isEqualTo("state");
		assertThat(advised).containsExactly("load");
	}

	@Test
	void callsAnInterfaceProxySoThatAdviceRuns() {
		List<String> advised = new ArrayList<>();
		HookMethod hook = onRequest(proxy(new Loading(), false, advised), Loading.class);
		assertThat(invoke(hook, null)).isEqualTo("42");
		assertThat(advised).containsExactly("load");
	}

	@Test
	void resolvesTypeVariables() {
		HookMethod hook = onRequest(new Specific());
		assertThat(invoke(hook, null)).isSameAs(this.exchange.getRequest());
		assertThat(hook.returnType().getParameterType()).isEqualTo(ServerHttpRequest.class);
	}

	@Test
	void isAsynchronousIfItsReturnTypeIs() {
		assertThat(onRequest(new LazyPrincipal()).asynchronous()).isTrue();
		assertThat(onRequest(new StageHook(null)).asynchronous()).isTrue();
		assertThat(onRequest(new NoArguments()).asynchronous()).isFalse();
	}

	@Test
	void blocksIfItIsNotAsynchronousAndDoesNotSayOtherwise() {
		assertThat(onRequest(new NoArguments()).blocking()).isTrue();
		assertThat(onRequest(new InPlace()).blocking()).isFalse();
		assertThat(onRequest(new LazyPrincipal()).blocking()).isFalse();
		assertThat(onResponse(new StatusHook()).blocking()).isFalse();
		assertThat(onResponse(new SlowResponse()).blocking()).isTrue();
	}

	@Test
	void usesAMonoAsItIs() {
		Mono<ServerResponse> mono = ServerResponse.ok().build();
		HookMethod hook = onRequest(new MonoHook(mono));
		assertThat(hook.publisher(invoke(hook, null))).isSameAs(mono);
	}

	@Test
	void hasNoPublisherForNull() {
		HookMethod hook = onRequest(new StageHook(null));
		assertThat(hook.publisher(invoke(hook, null))).isNull();
	}

	@Test
	void emitsTheResultOfACompletionStage() {
		HookMethod hook = onRequest(new StageHook(CompletableFuture.completedFuture(this.exchange)));
		verifier(hook, invoke(hook, null)).expectNextCount(1).expectComplete().verify(SOON);
	}

	@Test
	void emitsNothingForACompletionStageOfNull() {
		HookMethod hook = onRequest(new StageHook(CompletableFuture.completedFuture(null)));
		verifier(hook, invoke(hook, null)).expectComplete().verify(SOON);
	}

	@Test
	void signalsTheFailureOfACompletionStageWithoutItsWrapper() {
		CompletableFuture<ServerWebExchange> future = CompletableFuture.supplyAsync(() -> {
			throw new IllegalStateException("broken");
		});
		HookMethod hook = onRequest(new StageHook(future));
		verifier(hook, invoke(hook, null)).expectErrorMessage("broken").verify(SOON);
	}

	@Test
	void cancelsAFuture() {
		CompletableFuture<ServerWebExchange> future = new CompletableFuture<>();
		HookMethod hook = onRequest(new StageHook(future));
		verifier(hook, invoke(hook, null)).thenCancel().verify(SOON);
		assertThat(future).isCancelled();
	}

	@Test
	void emitsTheOnlyValueOfAPublisher() {
		HookMethod hook = onRequest(new FluxHook(Flux.just("one")));
		verifier(hook, invoke(hook, null)).expectNext("one").expectComplete().verify(SOON);
	}

	@Test
	void emitsNothingForAnEmptyPublisher() {
		HookMethod hook = onRequest(new FluxHook(Flux.empty()));
		verifier(hook, invoke(hook, null)).expectComplete().verify(SOON);
	}

	@Test
	void signalsTheErrorOfAPublisher() {
		HookMethod hook = onRequest(new FluxHook(Flux.concat(Flux.just("one"), Flux.error(new CheckedException()))));
		verifier(hook, invoke(hook, null)).expectError(CheckedException.class).verify(SOON);
	}

	@Test
	void failsForAPublisherOfTwoValues() {
		TestPublisher<Object> publisher = TestPublisher.create();
		HookMethod hook = onRequest(new FluxHook(publisher.flux()));
		verifier(hook, invoke(hook, null)).then(() -> publisher.next("one", "two"))
			.expectErrorSatisfies((ex) -> assertThat(ex).isExactlyInstanceOf(IllegalStateException.class)
				.hasMessage("The @OnRequest method " + hook
						+ " of the middleware 'bean' returned more than one value, where at most one can be meant"))
			.verify(SOON);
		publisher.assertCancelled();
	}

	@Test
	void adaptsEveryTypeThatTheRegistryKnows() {
		this.adapters.registerReactiveType(
				ReactiveTypeDescriptor.singleOptionalValue(Later.class, () -> new Later<>(Mono.empty())),
				(later) -> ((Later<?>) later).value(), (publisher) -> new Later<>(Mono.from(publisher)));
		HookMethod hook = onRequest(new LaterHook());
		assertThat(hook.asynchronous()).isTrue();
		verifier(hook, invoke(hook, null)).expectNext(this.exchange).expectComplete().verify(SOON);
	}

	@Test
	void adaptsTypesWithoutAValue() {
		this.adapters.registerReactiveType(ReactiveTypeDescriptor.noValue(Task.class, () -> new Task(Mono.empty())),
				(task) -> ((Task) task).done(), (publisher) -> new Task(Mono.from(publisher).then()));
		HookMethod hook = onResponse(new TaskHook());
		verifier(hook, invoke(hook, null)).expectComplete().verify(SOON);
	}

	@Test
	void saysWhereTheMethodIs() {
		assertThat(onRequest(new NoArguments())).hasToString(NoArguments.class.getName() + ".load()");
	}

	private HookMethod onRequest(Object bean) {
		return onRequest(bean, bean.getClass());
	}

	private HookMethod onRequest(Object bean, Class<?> userClass) {
		return compiler().onRequest("bean", bean, userClass);
	}

	private HookMethod onResponse(Object bean) {
		return compiler().onResponse("bean", bean, bean.getClass());
	}

	private HookCompiler compiler() {
		DefaultListableBeanFactory beanFactory = new DefaultListableBeanFactory();
		beanFactory.setBeanExpressionResolver(new StandardBeanExpressionResolver());
		beanFactory.addEmbeddedValueResolver((value) -> value.replace("${place}", "here"));
		ConfigurableWebBindingInitializer initializer = new ConfigurableWebBindingInitializer();
		initializer.setConversionService(new DefaultFormattingConversionService());
		return new HookCompiler(beanFactory, this.adapters, this.resolvers, initializer);
	}

	private @Nullable Object call(Object bean) {
		return invoke(onRequest(bean), null);
	}

	@SuppressWarnings("unchecked")
	private List<Object> arguments(Object bean) {
		return (List<Object>) call(bean);
	}

	private void callResponseHook(Object bean) {
		invoke(onResponse(bean), null);
	}

	private @Nullable Object invoke(HookMethod hook, @Nullable Object @Nullable [] resolved) {
		return invoke(hook, this.exchange, resolved);
	}

	private static @Nullable Object invoke(HookMethod hook, ServerWebExchange exchange,
			@Nullable Object @Nullable [] resolved) {
		try {
			return hook.invoke(exchange, resolved);
		}
		catch (RuntimeException | Error ex) {
			throw ex;
		}
		catch (Throwable ex) {
			throw new AssertionError(ex);
		}
	}

	private static StepVerifier.FirstStep<Object> verifier(HookMethod hook, @Nullable Object returned) {
		return StepVerifier.create(Mono.<Object>from(hook.publisher(returned)));
	}

	private static MockServerWebExchange exchange(MockServerHttpRequest.BaseBuilder<?> request) {
		return MockServerWebExchange.from(request);
	}

	private static Object proxy(Object target, boolean proxyTargetClass, List<String> advised) {
		ProxyFactory factory = new ProxyFactory(target);
		factory.setProxyTargetClass(proxyTargetClass);
		factory.addAdvice((MethodInterceptor) (invocation) -> {
			advised.add(invocation.getMethod().getName());
			return invocation.proceed();
		});
		return factory.getProxy();
	}

	static class NoArguments {

		@OnRequest
		Object load() {
			return "called";
		}

	}

	static class VoidHook {

		@Nullable ServerWebExchange seen;

		@OnRequest
		void load(ServerWebExchange exchange) {
			this.seen = exchange;
		}

	}

	static class Derived {

		@OnRequest
		Object load(ServerWebExchange exchange, ServerHttpRequest request, ServerHttpResponse response,
				HttpHeaders headers, HttpMethod method, Locale locale, TimeZone timeZone, ZoneId zone,
				UriComponentsBuilder uri) {
			return List.of(exchange, request, response, headers, method, locale, timeZone, zone, uri.toUriString());
		}

	}

	static class StatusHook {

		List<Object> seen = List.of();

		@OnResponse
		void stamp(HttpStatusCode status, HttpHeaders headers) {
			this.seen = List.of(status, headers);
		}

	}

	static class Annotated {

		@OnRequest
		Object load(@RequestHeader("X-Number") int number, @CookieValue String flavour, @RequestParam List<String> q,
				@RequestAttribute String user, @Value("#{0.1} of ${place}") String value,
				@RequestHeader Map<String, String> all, @RequestHeader HttpHeaders headers,
				@RequestParam Map<String, String> query, @RequestParam MultiValueMap<String, String> queries) {
			return List.of(number, flavour, q, user, value, all.get("X-Number"), headers, query.get("q"), queries);
		}

	}

	static class Converted {

		@OnRequest
		Object load(@RequestHeader("X-Time") Instant time) {
			return List.of(time);
		}

	}

	static class Absent {

		@OnRequest
		Object load(@RequestHeader("X-Missing") Optional<String> optional,
				@RequestHeader(name = "X-Missing", required = false) String notRequired,
				@RequestParam @Nullable Instant missing, @RequestHeader(defaultValue = "fallback") String withDefault,
				@RequestParam(defaultValue = "7") int number,
				@RequestParam(name = "missing", required = false) boolean flag) {
			return Arrays.asList(optional, notRequired, missing, withDefault, number, flag);
		}

	}

	static class Required {

		@OnRequest
		void load(@RequestHeader("X-Missing") String missing) {
		}

	}

	static class Deferred {

		@OnRequest
		Object load(Principal principal, WebSession session, HttpMethod method, @SessionAttribute String cart) {
			return List.of(principal.getName(), session.getId(), method.name(), cart);
		}

	}

	static class UserHook {

		@OnRequest
		Object load(@Nullable Principal principal) {
			return (principal != null) ? principal.getName() : "nobody";
		}

	}

	static class LazyPrincipal {

		@OnRequest
		Mono<?> load(Mono<Principal> principal) {
			return principal.map(Principal::getName);
		}

	}

	static class LazySession {

		@OnRequest
		Mono<?> load(Mono<WebSession> session) {
			return session.map(WebSession::getId);
		}

	}

	static class SessionHook {

		@OnRequest
		void load(WebSession session) {
		}

	}

	static class RequiredOfSession {

		@OnRequest
		void load(@SessionAttribute String missing) {
		}

	}

	static class PointHook {

		@OnRequest
		Object load(Point point) {
			return "" + point.x();
		}

	}

	static class SecuredHook {

		@OnRequest
		Object load(@AuthenticationPrincipal String user) {
			return user;
		}

	}

	static class Throwing {

		@OnRequest
		void load() throws CheckedException {
			throw new CheckedException();
		}

	}

	static class Traced {

		@OnRequest
		Object trace(ServerWebExchange exchange) {
			return Thread.currentThread().getStackTrace();
		}

	}

	static class Cheap {

		private int calls;

		@OnRequest
		void count(ServerWebExchange exchange, ServerHttpResponse response) {
			this.calls++;
		}

	}

	static class PackagePrivate {

		private final @Nullable String state;

		PackagePrivate() {
			this(null);
		}

		PackagePrivate(@Nullable String state) {
			this.state = state;
		}

		@OnRequest
		@Nullable Object load() {
			return this.state;
		}

	}

	interface Stateful {

		@Nullable Object state();

		@OnRequest
		default @Nullable Object load() {
			return state();
		}

	}

	static class Defaulting implements Stateful {

		private final @Nullable String state;

		Defaulting() {
			this(null);
		}

		Defaulting(@Nullable String state) {
			this.state = state;
		}

		@Override
		public @Nullable Object state() {
			return this.state;
		}

	}

	interface Loader {

		@OnRequest
		Object load(@RequestHeader("X-Number") String number);

	}

	static class Loading implements Loader {

		@Override
		public Object load(String number) {
			return number;
		}

	}

	abstract static class General<A, R> {

		@OnRequest
		R load(A argument) {
			return convert(argument);
		}

		abstract R convert(A argument);

	}

	static class Specific extends General<ServerWebExchange, ServerHttpRequest> {

		@Override
		ServerHttpRequest convert(ServerWebExchange argument) {
			return argument.getRequest();
		}

	}

	static class InPlace {

		@OnRequest(blocking = false)
		void load() {
		}

	}

	static class SlowResponse {

		@OnResponse(blocking = true)
		void stamp() {
		}

	}

	record MonoHook(Mono<ServerResponse> mono) {

		@OnRequest
		Mono<ServerResponse> load() {
			return this.mono;
		}

	}

	record StageHook(@Nullable CompletableFuture<ServerWebExchange> future) {

		@OnRequest
		@Nullable CompletionStage<ServerWebExchange> load() {
			return this.future;
		}

	}

	record FluxHook(Publisher<?> publisher) {

		@OnRequest
		Publisher<?> load() {
			return this.publisher;
		}

	}

	static class LaterHook {

		@OnRequest
		Later<ServerWebExchange> load(ServerWebExchange exchange) {
			return new Later<>(Mono.just(exchange));
		}

	}

	static class TaskHook {

		@OnResponse
		Task stamp() {
			return new Task(Mono.empty());
		}

	}

	record Later<T>(Mono<T> value) {
	}

	record Task(Mono<Void> done) {
	}

	record Point(int x) {
	}

	@SuppressWarnings("serial")
	static class CheckedException extends Exception {

	}

	/**
	 * Source of points.
	 */
	interface Points {

		Mono<Object> of(ServerWebExchange exchange);

	}

	record PointResolver(Points points) implements HandlerMethodArgumentResolver {

		@Override
		public boolean supportsParameter(MethodParameter parameter) {
			return parameter.getParameterType() == Point.class;
		}

		@Override
		public Mono<Object> resolveArgument(MethodParameter parameter, BindingContext bindingContext,
				ServerWebExchange exchange) {
			return this.points.of(exchange);
		}

	}

	static class SyncPointResolver implements SyncHandlerMethodArgumentResolver {

		@Override
		public boolean supportsParameter(MethodParameter parameter) {
			return parameter.getParameterType() == Point.class;
		}

		@Override
		public Object resolveArgumentValue(MethodParameter parameter, BindingContext bindingContext,
				ServerWebExchange exchange) {
			return new Point(3);
		}

	}

	static class GreedyResolver implements HandlerMethodArgumentResolver {

		@Override
		public boolean supportsParameter(MethodParameter parameter) {
			return parameter.getParameterType() != HttpHeaders.class;
		}

		@Override
		public Mono<Object> resolveArgument(MethodParameter parameter, BindingContext bindingContext,
				ServerWebExchange exchange) {
			return Mono.empty();
		}

	}

}
