package io.github.asyncmiddleware.internal.style;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import io.github.asyncmiddleware.internal.chain.Beginning;
import io.github.asyncmiddleware.internal.style.KotlinHooks.AdvisedWithDefault;
import io.github.asyncmiddleware.internal.style.KotlinHooks.Answering;
import io.github.asyncmiddleware.internal.style.KotlinHooks.AnythingButUnit;
import io.github.asyncmiddleware.internal.style.KotlinHooks.Failing;
import io.github.asyncmiddleware.internal.style.KotlinHooks.Flowing;
import io.github.asyncmiddleware.internal.style.KotlinHooks.FlowingTwice;
import io.github.asyncmiddleware.internal.style.KotlinHooks.GoingOn;
import io.github.asyncmiddleware.internal.style.KotlinHooks.MonoOfUnit;
import io.github.asyncmiddleware.internal.style.KotlinHooks.Named;
import io.github.asyncmiddleware.internal.style.KotlinHooks.Open;
import io.github.asyncmiddleware.internal.style.KotlinHooks.PlainWithDefault;
import io.github.asyncmiddleware.internal.style.KotlinHooks.PlainWithValueClass;
import io.github.asyncmiddleware.internal.style.KotlinHooks.ReturningEntity;
import io.github.asyncmiddleware.internal.style.KotlinHooks.ReturningNothingWithDefault;
import io.github.asyncmiddleware.internal.style.KotlinHooks.ReturningNull;
import io.github.asyncmiddleware.internal.style.KotlinHooks.ReturningText;
import io.github.asyncmiddleware.internal.style.KotlinHooks.Stamping;
import io.github.asyncmiddleware.internal.style.KotlinHooks.Waiting;
import io.github.asyncmiddleware.internal.style.KotlinHooks.WithDefault;
import io.github.asyncmiddleware.internal.style.KotlinHooks.WithNullable;
import kotlinx.coroutines.CoroutineName;
import org.aopalliance.intercept.MethodInterceptor;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;
import reactor.util.context.Context;

import org.springframework.aop.framework.ProxyFactory;
import org.springframework.beans.factory.support.DefaultListableBeanFactory;
import org.springframework.core.ReactiveAdapterRegistry;
import org.springframework.http.codec.HttpMessageWriter;
import org.springframework.http.codec.ServerCodecConfigurer;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.mock.web.server.MockServerWebExchange;
import org.springframework.web.reactive.accept.HeaderContentTypeResolver;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.reactive.result.method.annotation.ResponseEntityResultHandler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for hooks that are written in Kotlin; the other tests run without Kotlin.
 */
@Tag("kotlin")
class KotlinHookTests {

	private static final Duration SOON = Duration.ofSeconds(10);

	private final HookCompiler compiler = new HookCompiler(new DefaultListableBeanFactory(),
			ReactiveAdapterRegistry.getSharedInstance(), List.of(), null);

	private final MockServerWebExchange exchange = MockServerWebExchange.from(MockServerHttpRequest.get("/a"));

	@Test
	void awaitsTheAnswerOfASuspendFunction() {
		HookMethod hook = onRequest(new Answering());
		assertThat(hook.asynchronous()).isTrue();
		assertThat(hook.blocking()).isFalse();
		String session = this.exchange.getSession().block(SOON).getId();
		verifier(hook).assertNext((answer) -> assertThat(((ServerResponse) answer).headers().get("X-Seen"))
			.containsExactly("/a", session)).expectComplete().verify(SOON);
	}

	@Test
	void goesOnAfterASuspendFunctionThatReturnsNothing() {
		GoingOn bean = new GoingOn();
		verifier(onRequest(bean)).expectComplete().verify(SOON);
		assertThat(bean.getCalls()).isOne();
	}

	@Test
	void goesOnAfterASuspendFunctionThatReturnsNull() {
		verifier(onRequest(new ReturningNull())).expectComplete().verify(SOON);
	}

	@Test
	void signalsWhatASuspendFunctionThrows() {
		verifier(onRequest(new Failing()))
			.expectErrorSatisfies(
					(ex) -> assertThat(ex).isExactlyInstanceOf(IllegalStateException.class).hasMessage("broken"))
			.verify(SOON);
	}

	@Test
	void cancelsASuspendFunction() {
		Waiting bean = new Waiting();
		HookMethod hook = onRequest(bean);
		Mono.from(hook.publisher(invoke(hook, null))).subscribe().dispose();
		assertThat(bean.getCancelled()).isTrue();
	}

	@Test
	void usesTheDefaultValueOfAParameter() {
		verifier(onRequest(new WithDefault())).expectNext("fallback").expectComplete().verify(SOON);
	}

	@Test
	void usesTheDefaultValuesOfAPlainFunction() throws Throwable {
		assertThat(onRequest(new PlainWithDefault()).invoke(this.exchange, null)).isEqualTo("fallback 7 null");
		MockServerWebExchange named = MockServerWebExchange
			.from(MockServerHttpRequest.get("/a").header("X-Missing", "there").header("X-Number", "8"));
		assertThat(onRequest(new PlainWithDefault()).invoke(named, null)).isEqualTo("there 8 null");
	}

	@Test
	void goesOnAfterAPlainFunctionThatReturnsNothing() throws Throwable {
		assertThat(onRequest(new ReturningNothingWithDefault()).invoke(this.exchange, null)).isNull();
	}

	@Test
	void usesTheDefaultValuesOfAnAdvisedFunction() throws Throwable {
		ProxyFactory factory = new ProxyFactory(new AdvisedWithDefault());
		factory.setProxyTargetClass(true);
		factory.addAdvice((MethodInterceptor) (invocation) -> invocation.proceed() + " advised");
		HookMethod hook = this.compiler.onRequest("bean", factory.getProxy(), AdvisedWithDefault.class);
		assertThat(hook).isNotNull();
		assertThat(hook.invoke(this.exchange, null)).isEqualTo("fallback advised");
	}

	@Test
	void letsAValueClassRefuseAnArgument() throws Throwable {
		HookMethod hook = onRequest(new PlainWithValueClass());
		assertThat(hook.invoke(tenant("acme"), null)).isEqualTo("acme");
		assertThatExceptionOfType(IllegalArgumentException.class).isThrownBy(() -> hook.invoke(tenant("../x"), null))
			.withMessage("no tenant");
	}

	private static MockServerWebExchange tenant(String name) {
		return MockServerWebExchange.from(MockServerHttpRequest.get("/a").header("X-Tenant", name));
	}

	@Test
	void runsInTheContextOfAFilterInKotlin() {
		this.exchange.getAttributes()
			.put("org.springframework.web.server.CoWebFilter.context", new CoroutineName("outer"));
		verifier(onRequest(new Named())).expectNext("outer").expectComplete().verify(SOON);
	}

	@Test
	void adaptsFlows() {
		verifier(onRequest(new Flowing())).expectComplete().verify(SOON);
	}

	@Test
	void failsForAFlowOfTwoValues() {
		HookMethod hook = onRequest(new FlowingTwice());
		verifier(hook)
			.expectErrorMessage("The @OnRequest method " + hook
					+ " of the middleware 'bean' returned more than one value, where at most one can be meant")
			.verify(SOON);
	}

	@Test
	void takesUnitForNothing() {
		verifier(onRequest(new MonoOfUnit())).expectComplete().verify(SOON);
		assertThat(invoke(onRequest(new AnythingButUnit()), null)).isNull();
	}

	@Test
	void passesNullForAParameterThatCanBeNull() {
		assertThat(invoke(onRequest(new WithNullable()), null)).isNull();
	}

	@Test
	void callsAClassProxySoThatAdviceRuns() {
		List<String> advised = new ArrayList<>();
		ProxyFactory factory = new ProxyFactory(new Open("state"));
		factory.setProxyTargetClass(true);
		factory.addAdvice((MethodInterceptor) (invocation) -> {
			advised.add(invocation.getMethod().getName());
			return invocation.proceed();
		});
		verifier(this.compiler.onRequest("bean", factory.getProxy(), Open.class)).expectNext("state")
			.expectComplete()
			.verify(SOON);
		assertThat(advised).containsExactly("load");
	}

	@Test
	void writesTheEntityOfASuspendFunction() {
		List<HttpMessageWriter<?>> writers = ServerCodecConfigurer.create().getWriters();
		ResponseEntityResultHandler handler = new ResponseEntityResultHandler(writers, new HeaderContentTypeResolver());
		Answers answers = new Answers(() -> new AnswersTests.Context(writers), () -> handler);
		HookMethod hook = onRequest(new ReturningEntity());
		Object entity = Mono.from(hook.publisher(invoke(hook, null))).block(SOON);
		answers.answer(entity, hook).handle(this.exchange).block(SOON);
		assertThat(this.exchange.getResponse().getBodyAsString().block(SOON)).isEqualTo("{\"a\":1}");
	}

	@Test
	void awaitsASuspendFunctionBeforeTheHead() {
		HookMethod hook = this.compiler.onResponse("stamp", new Stamping(), Stamping.class);
		verifier(hook).expectComplete().verify(SOON);
		assertThat(this.exchange.getResponse().getHeaders().toSingleValueMap())
			.containsExactlyEntriesOf(Map.of("X-Stamp", "yes"));
	}

	/**
	 * The body of a suspend function runs once it is subscribed to, which may never be.
	 */
	@Test
	void beginsASuspendFunctionWhenItIsSubscribedTo() throws Throwable {
		List<String> told = new ArrayList<>();
		GoingOn bean = new GoingOn();
		Mono<?> values = new HookRun(onRequest(bean), null, ThreadLocals.NONE).start(this.exchange, Context.empty(),
				(value) -> false, null, new Beginning() {

					@Override
					public void postponed() {
						told.add("postponed");
					}

					@Override
					public void begun() {
						told.add("begun");
					}

				});
		assertThat(told).containsExactly("postponed");
		values.block(SOON);
		assertThat(told).containsExactly("postponed", "begun");
		assertThat(bean.getCalls()).isOne();
	}

	@Test
	void refusesASuspendFunctionThatReturnsSomethingElse() {
		assertThatExceptionOfType(InvalidHookException.class).isThrownBy(() -> onRequest(new ReturningText()))
			.withMessage("The @OnRequest method " + ReturningText.class.getName() + ".load() of the middleware 'bean'"
					+ " returns java.lang.String, which is neither a request to go on with nor an answer.");
	}

	private HookMethod onRequest(Object bean) {
		return this.compiler.onRequest("bean", bean, bean.getClass());
	}

	private StepVerifier.FirstStep<Object> verifier(HookMethod hook) {
		@Nullable Object[] resolved = hook.hasDeferredArguments() ? hook.resolve(this.exchange).block(SOON) : null;
		return StepVerifier.create(Mono.<Object>from(hook.publisher(invoke(hook, resolved))));
	}

	private @Nullable Object invoke(HookMethod hook, @Nullable Object @Nullable [] resolved) {
		try {
			return hook.invoke(this.exchange, resolved);
		}
		catch (Throwable ex) {
			throw new AssertionError(ex);
		}
	}

}
