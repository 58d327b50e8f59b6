package io.github.asyncmiddleware.internal.style;

import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

import io.github.asyncmiddleware.LiveResponse;
import io.github.asyncmiddleware.OnRequest;
import io.github.asyncmiddleware.OnResponse;
import jakarta.servlet.http.HttpServletRequest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.aop.framework.ProxyFactory;
import org.springframework.aop.support.AopUtils;
import org.springframework.beans.BeanUtils;
import org.springframework.beans.factory.support.DefaultListableBeanFactory;
import org.springframework.core.ReactiveAdapterRegistry;
import org.springframework.http.HttpEntity;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.ProblemDetail;
import org.springframework.http.ResponseEntity;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.ui.Model;
import org.springframework.validation.BindingResult;
import org.springframework.web.ErrorResponse;
import org.springframework.web.bind.annotation.ModelAttribute;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestPart;
import org.springframework.web.reactive.function.server.EntityResponse;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.server.ResponseStatusException;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilterChain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link HookCompiler}.
 */
class HookCompilerTests {

	private static final String HERE = HookCompilerTests.class.getName();

	private static final String ARGUMENTS = "Possible are the types ServerWebExchange, ServerHttpRequest,"
			+ " ServerHttpResponse, HttpHeaders (of the request), HttpMethod, Locale, TimeZone, ZoneId,"
			+ " UriComponentsBuilder, Principal and WebSession, the annotations @RequestHeader,"
			+ " @CookieValue, @RequestParam, @RequestAttribute, @SessionAttribute and @Value, and what a"
			+ " HandlerMethodArgumentResolver of the application resolves.";

	private static final String BODY = ": the body is for the handler, and can be read once";

	private static final String READ_THE_BODY = "Do it in the handler, or write a WebFilter that passes a request with a"
			+ " body of its own on. ";

	private static final String MODEL = ": a model is made for a handler";

	private static final String SET_AN_ATTRIBUTE = "Take ServerWebExchange and set an attribute. ";

	private static final String REQUEST_RETURNS = "Return nothing, ServerHttpRequest, ServerWebExchange,"
			+ " ServerResponse, ResponseEntity, ProblemDetail or another ErrorResponse. Each of them can also come"
			+ " inside a Mono, a CompletionStage or another asynchronous type.";

	private static final String RESPONSE_RETURNS = "Return nothing: void, Mono<Void>, CompletionStage<Void> or"
			+ " another asynchronous type of Void. To change the response, take ServerHttpResponse as an argument.";

	private final HookCompiler compiler = new HookCompiler(new DefaultListableBeanFactory(),
			ReactiveAdapterRegistry.getSharedInstance(), List.of(), null);

	@Test
	void findsHooksOfTheClassItself() {
		assertThat(HookCompiler.hasHooks(RequestOnly.class)).isTrue();
		assertThat(HookCompiler.hasHooks(ResponseOnly.class)).isTrue();
	}

	@Test
	void findsInheritedHooks() {
		assertThat(HookCompiler.hasHooks(Inheriting.class)).isTrue();
		assertThat(HookCompiler.hasHooks(Overriding.class)).isTrue();
	}

	@Test
	void findsHooksOfInterfaces() {
		assertThat(HookCompiler.hasHooks(Implementing.class)).isTrue();
		assertThat(HookCompiler.hasHooks(UsingDefault.class)).isTrue();
	}

	@Test
	void findsNoHooksWhereThereAreNone() {
		assertThat(HookCompiler.hasHooks(NoHooks.class)).isFalse();
		assertThat(this.compiler.onRequest("flags", new NoHooks(), NoHooks.class)).isNull();
		assertThat(this.compiler.onResponse("flags", new NoHooks(), NoHooks.class)).isNull();
	}

	@Test
	void keepsTheKindsApart() {
		assertThat(this.compiler.onResponse("flags", new RequestOnly(), RequestOnly.class)).isNull();
		assertThat(this.compiler.onRequest("flags", new ResponseOnly(), ResponseOnly.class)).isNull();
	}

	@Test
	void callsAnOverriddenMethodOnce() {
		assertThat(onRequest(new Overriding())).hasToString(HERE + "$Overriding.load()");
		assertThat(onRequest(new UsingDefault())).hasToString(HERE + "$Hooked.load()");
		assertThat(onRequest(new GenericImplementing())).hasToString(HERE + "$GenericImplementing.load()");
	}

	@ParameterizedTest
	@ValueSource(classes = { Returns.Nothing.class, Returns.Boxed.class, Returns.Request.class, Returns.Exchange.class,
			Returns.Response.class, Returns.Live.class, Returns.Entity.class, Returns.Problem.class,
			Returns.Error.class, Returns.Exceptional.class, Returns.Anything.class, Returns.Variable.class,
			Returns.MonoOfVoid.class, Returns.MonoOfEntity.class, Returns.Stage.class, Returns.Future.class,
			Returns.Wildcard.class, Returns.Bounded.class, Returns.Raw.class, Returns.Many.class,
			Returns.Published.class })
	void acceptsWhatDecidesOnARequest(Class<?> type) {
		assertThat(onRequest(BeanUtils.instantiateClass(type))).isNotNull();
	}

	@Test
	void refusesOtherTypesForARequest() {
		refusesReturn(new BadReturns.Text(), "java.lang.String");
		refusesReturn(new BadReturns.Flag(), "boolean");
		refusesReturn(new BadReturns.Number(), "int");
		refusesReturn(new BadReturns.Status(), "org.springframework.http.HttpStatusCode");
		refusesReturn(new BadReturns.Headers(), "org.springframework.http.HttpHeaders");
		refusesReturn(new BadReturns.Entity(), "org.springframework.http.HttpEntity<?>");
		refusesReturn(new BadReturns.Pojo(), HERE + "$NoHooks");
		refusesReturn(new BadReturns.MonoOfText(), "reactor.core.publisher.Mono<java.lang.String>");
		refusesReturn(new BadReturns.MonoOfMono(),
				"reactor.core.publisher.Mono<reactor.core.publisher.Mono<java.lang.Void>>");
		refusesReturn(new BadReturns.Called(),
				"java.util.concurrent.Callable<" + "org.springframework.web.reactive.function.server.ServerResponse>");
		refusesReturn(new BadReturns.Bound(), "java.lang.String");
	}

	@ParameterizedTest
	@ValueSource(classes = { ResponseReturns.Nothing.class, ResponseReturns.Boxed.class,
			ResponseReturns.MonoOfVoid.class, ResponseReturns.Stage.class, ResponseReturns.Wildcard.class,
			ResponseReturns.Future.class, ResponseReturns.Raw.class })
	void acceptsNothingFromAResponseHook(Class<?> type) {
		assertThat(this.compiler.onResponse("flags", BeanUtils.instantiateClass(type), type)).isNotNull();
	}

	@Test
	void refusesEverythingElseFromAResponseHook() {
		refusesResponse(new ResponseReturns.Anything(), "stamp", "returns java.lang.Object, which would be lost",
				RESPONSE_RETURNS);
		refusesResponse(new ResponseReturns.Response(), "stamp",
				"returns org.springframework.http.server.reactive.ServerHttpResponse, which would be lost",
				RESPONSE_RETURNS);
		refusesResponse(new ResponseReturns.MonoOfText(), "stamp",
				"returns reactor.core.publisher.Mono<java.lang.String>, which would be lost", RESPONSE_RETURNS);
	}

	@Test
	void refusesABlockingHookThatIsAsynchronous() {
		refusesResponse(new ResponseReturns.Blocking(), "stamp",
				"is declared as blocking, but is asynchronous: it runs where the response is, and must not block",
				"Remove 'blocking = true', or make it an ordinary method that returns nothing.");
	}

	@Test
	void refusesMoreThanOneHookOfAKind() {
		refuses(() -> onRequest(new Two()),
				"The middleware 'flags' (" + HERE + "$Two) has more than one @OnRequest method: " + HERE
						+ "$Two.first(), " + HERE + "$Two.second().",
				"Keep one of them and let it call the others, or move the others to middlewares of their own.");
	}

	@Test
	void refusesPrivateMethods() {
		refuses(() -> onRequest(new Private()),
				"The @OnRequest method " + HERE + "$Private.load() of the middleware 'flags' is private.",
				"Remove 'private'; the method does not have to be public.");
	}

	@Test
	void refusesStaticMethods() {
		refuses(() -> onRequest(new Static()),
				"The @OnRequest method " + HERE + "$Static.load() of the middleware 'flags' is static.",
				"Remove 'static', so that it is a method of the bean.");
	}

	@Test
	void refusesMethodsThatAnInterfaceProxyDoesNotHave() {
		ProxyFactory factory = new ProxyFactory(new HiddenByProxy());
		Object proxy = factory.getProxy();
		assertThat(AopUtils.isJdkDynamicProxy(proxy)).isTrue();
		refuses(() -> this.compiler.onRequest("flags", proxy, HiddenByProxy.class),
				"The @OnRequest method " + HERE + "$HiddenByProxy.load() of the middleware 'flags' cannot be called:"
						+ " the bean is a proxy with interfaces, none of which has the method.",
				"Declare the method in an interface of the class, or let Spring make a proxy of the class"
						+ " (proxyTargetClass = true).");
	}

	@Test
	void refusesMethodsThatAClassProxyDoesNotOverride() {
		ProxyFactory factory = new ProxyFactory(new Final());
		factory.setProxyTargetClass(true);
		refuses(() -> this.compiler.onRequest("flags", factory.getProxy(), Final.class),
				"The @OnRequest method " + HERE + "$Final.load() of the middleware 'flags' cannot be called: the bean"
						+ " is a proxy that does not override the method.",
				"Remove 'final' from the method (in Kotlin, make it 'open'), and make it protected or public.");
	}

	@Test
	void refusesArgumentsThatNeedAHandler() {
		refusesArgument(new Arguments.Body(), "'body' (@RequestBody java.lang.String)", BODY, READ_THE_BODY);
		refusesArgument(new Arguments.Part(), "'part' (@RequestPart java.lang.String)", BODY, READ_THE_BODY);
		refusesArgument(new Arguments.Attribute(), "'form' (@ModelAttribute java.lang.String)", BODY, READ_THE_BODY);
		refusesArgument(new Arguments.Variable(), "'owner' (@PathVariable java.security.Principal)",
				": variables of the path are known when a handler is chosen, which is after all middlewares",
				"Take ServerHttpRequest and match its path with a PathPattern, or do it in the handler. ");
		refusesArgument(new Arguments.ModelMap(), "'model' (org.springframework.ui.Model)", MODEL, SET_AN_ATTRIBUTE);
		refusesArgument(new Arguments.Errors(), "'errors' (org.springframework.validation.BindingResult)", MODEL,
				SET_AN_ATTRIBUTE);
		refusesArgument(new Arguments.Chain(), "'chain' (org.springframework.web.server.WebFilterChain)",
				": the rest of the chain runs by itself when the method has finished",
				"Return nothing to go on, or an answer such as ResponseEntity. To wrap the rest of the chain, implement"
						+ " WebFilter or HandlerFilterFunction<LiveResponse, ServerResponse> instead of hook methods. ");
	}

	@Test
	void refusesArgumentsThatAreNotThere() {
		refusesArgument(new Arguments.Status(), "'status' (org.springframework.http.HttpStatusCode)",
				": there is none of that type at that time",
				"Take HttpStatusCode in an @OnResponse method; an @OnRequest method runs before there is a status. ");
		refusesArgument(new Arguments.Functional(),
				"'request' (org.springframework.web.reactive.function.server.ServerRequest)",
				": it is made for handler functions", "Take ServerWebExchange or ServerHttpRequest. ");
		refusesArgument(new Arguments.Awaited(), "'response' (io.github.asyncmiddleware.LiveResponse)",
				": it is made by handler functions",
				"Take ServerHttpResponse. To await the response and decide by it, implement"
						+ " HandlerFilterFunction<LiveResponse, ServerResponse> instead of hook methods. ");
		refusesArgument(new Arguments.Servlet(), "'request' (jakarta.servlet.http.HttpServletRequest)",
				": this is not a servlet application", "Take ServerHttpRequest, ServerHttpResponse or WebSession. ");
		refusesArgument(new Arguments.Wrapped(),
				"'host' (@RequestHeader reactor.core.publisher.Mono<java.lang.String>)",
				": arguments are there when the method is called", "Take what comes inside of it. ");
	}

	@Test
	void refusesArgumentsOfOtherTypes() {
		refusesArgument(new Arguments.Plain(), "'name' (java.lang.String)", "", "");
		refusesArgument(new Arguments.Bound(), "'argument' (java.lang.Integer)", "", "");
	}

	@Test
	void listsTheArgumentsOfAResponseHook() {
		refuses(() -> this.compiler.onResponse("flags", new Arguments.OfResponse(), Arguments.OfResponse.class),
				"Parameter 'status' (int) of the @OnResponse method " + HERE + "$Arguments$OfResponse.stamp() of the"
						+ " middleware 'flags' cannot be resolved.",
				ARGUMENTS.replace("HttpHeaders (of the request)", "HttpHeaders and HttpStatusCode (of the response)"));
	}

	private HookMethod onRequest(Object bean) {
		return this.compiler.onRequest("flags", bean, bean.getClass());
	}

	private void refusesArgument(Object bean, String parameter, String reason, String action) {
		refuses(() -> onRequest(bean), "Parameter " + parameter + " of the @OnRequest method "
				+ bean.getClass().getName() + ".load() of the middleware 'flags' cannot be resolved" + reason + ".",
				action + ARGUMENTS);
	}

	private void refusesReturn(Object bean, String type) {
		refuses(() -> onRequest(bean),
				"The @OnRequest method " + declaring(bean) + ".load() of the middleware 'flags' returns " + type
						+ ", which is neither a request to go on with nor an answer.",
				REQUEST_RETURNS);
	}

	private static String declaring(Object bean) {
		return BeanUtils.findMethod(bean.getClass(), "load").getDeclaringClass().getName();
	}

	private void refusesResponse(Object bean, String method, String problem, String action) {
		refuses(() -> this.compiler.onResponse("flags", bean, bean.getClass()), "The @OnResponse method "
				+ bean.getClass().getName() + "." + method + "() of the middleware 'flags' " + problem + ".", action);
	}

	private static void refuses(Runnable compilation, String description, String action) {
		assertThatExceptionOfType(InvalidHookException.class).isThrownBy(compilation::run)
			.withMessage(description)
			.satisfies((ex) -> assertThat(ex.getAction()).isEqualTo(action));
	}

	static class NoHooks {

	}

	static class RequestOnly {

		@OnRequest
		void load() {
		}

	}

	static class ResponseOnly {

		@OnResponse
		void stamp() {
		}

	}

	static class Inheriting extends RequestOnly {

	}

	static class Overriding extends RequestOnly {

		@Override
		void load() {
		}

	}

	interface Hooked {

		@OnRequest
		default void load() {
		}

	}

	static class Implementing implements Hooked {

		@Override
		public void load() {
		}

	}

	static class UsingDefault implements Hooked {

	}

	interface GenericHooked<A, R> {

		@OnRequest
		R load(A argument);

	}

	static class GenericImplementing implements GenericHooked<ServerWebExchange, Mono<Void>> {

		@Override
		public Mono<Void> load(ServerWebExchange argument) {
			return Mono.empty();
		}

	}

	static class Two {

		@OnRequest
		void second() {
		}

		@OnRequest
		void first() {
		}

	}

	static class Private {

		@OnRequest
		private void load() {
		}

	}

	static class Static {

		@OnRequest
		static void load() {
		}

	}

	static class HiddenByProxy implements Callable<String> {

		@OnRequest
		void load() {
		}

		@Override
		public String call() {
			return "";
		}

	}

	static class Final {

		@OnRequest
		final void load() {
		}

	}

	static class Variable<T> {

		@OnRequest
		T load() {
			return null;
		}

	}

	static class Returns {

		static class Nothing {

			@OnRequest
			void load() {
			}

		}

		static class Boxed extends HookCompilerTests.Variable<Void> {

		}

		static class Request {

			@OnRequest
			ServerHttpRequest load() {
				return null;
			}

		}

		static class Exchange {

			@OnRequest
			ServerWebExchange load() {
				return null;
			}

		}

		static class Response {

			@OnRequest
			EntityResponse<String> load() {
				return null;
			}

		}

		static class Live {

			@OnRequest
			LiveResponse load() {
				return null;
			}

		}

		static class Entity {

			@OnRequest
			ResponseEntity<?> load() {
				return null;
			}

		}

		static class Problem {

			@OnRequest
			ProblemDetail load() {
				return null;
			}

		}

		static class Error {

			@OnRequest
			ErrorResponse load() {
				return null;
			}

		}

		static class Exceptional {

			@OnRequest
			ResponseStatusException load() {
				return null;
			}

		}

		static class Anything {

			@OnRequest
			Object load() {
				return null;
			}

		}

		static class Variable extends HookCompilerTests.Variable<Mono<ServerHttpRequest>> {

		}

		static class MonoOfVoid {

			@OnRequest
			Mono<Void> load() {
				return null;
			}

		}

		static class MonoOfEntity {

			@OnRequest
			Mono<ResponseEntity<String>> load() {
				return null;
			}

		}

		static class Stage {

			@OnRequest
			CompletionStage<ServerResponse> load() {
				return null;
			}

		}

		static class Future {

			@OnRequest
			CompletableFuture<Void> load() {
				return null;
			}

		}

		static class Wildcard {

			@OnRequest
			Mono<?> load() {
				return null;
			}

		}

		static class Bounded {

			@OnRequest
			Mono<? extends ServerResponse> load() {
				return null;
			}

		}

		@SuppressWarnings("rawtypes")
		static class Raw {

			@OnRequest
			Mono load() {
				return null;
			}

		}

		static class Many {

			@OnRequest
			Flux<ServerResponse> load() {
				return null;
			}

		}

		static class Published {

			@OnRequest
			Publisher<Object> load() {
				return null;
			}

		}

	}

	static class BadReturns {

		static class Text {

			@OnRequest
			String load() {
				return null;
			}

		}

		static class Flag {

			@OnRequest
			boolean load() {
				return false;
			}

		}

		static class Number {

			@OnRequest
			int load() {
				return 0;
			}

		}

		static class Status {

			@OnRequest
			HttpStatusCode load() {
				return null;
			}

		}

		static class Headers {

			@OnRequest
			HttpHeaders load() {
				return null;
			}

		}

		static class Entity {

			@OnRequest
			HttpEntity<?> load() {
				return null;
			}

		}

		static class Pojo {

			@OnRequest
			NoHooks load() {
				return null;
			}

		}

		static class MonoOfText {

			@OnRequest
			Mono<String> load() {
				return null;
			}

		}

		static class MonoOfMono {

			@OnRequest
			Mono<Mono<Void>> load() {
				return null;
			}

		}

		static class Called {

			@OnRequest
			Callable<ServerResponse> load() {
				return null;
			}

		}

		static class Bound extends HookCompilerTests.Variable<String> {

		}

	}

	static class ResponseReturns {

		static class Nothing {

			@OnResponse
			void stamp() {
			}

		}

		static class Boxed {

			@OnResponse
			Void stamp() {
				return null;
			}

		}

		static class MonoOfVoid {

			@OnResponse
			Mono<Void> stamp() {
				return null;
			}

		}

		static class Stage {

			@OnResponse
			CompletionStage<Void> stamp() {
				return null;
			}

		}

		static class Wildcard {

			@OnResponse
			CompletionStage<?> stamp() {
				return null;
			}

		}

		static class Future {

			@OnResponse
			CompletableFuture<Object> stamp() {
				return null;
			}

		}

		@SuppressWarnings("rawtypes")
		static class Raw {

			@OnResponse
			Mono stamp() {
				return null;
			}

		}

		static class Anything {

			@OnResponse
			Object stamp() {
				return null;
			}

		}

		static class Response {

			@OnResponse
			ServerHttpResponse stamp() {
				return null;
			}

		}

		static class MonoOfText {

			@OnResponse
			Mono<String> stamp() {
				return null;
			}

		}

		static class Blocking {

			@OnResponse(blocking = true)
			Mono<Void> stamp() {
				return null;
			}

		}

	}

	static class Arguments {

		static class Body {

			@OnRequest
			void load(ServerWebExchange exchange, @RequestBody String body) {
			}

		}

		static class Part {

			@OnRequest
			void load(@RequestPart String part) {
			}

		}

		static class Variable {

			@OnRequest
			void load(@PathVariable java.security.Principal owner) {
			}

		}

		static class Attribute {

			@OnRequest
			void load(@ModelAttribute String form) {
			}

		}

		static class ModelMap {

			@OnRequest
			void load(Model model) {
			}

		}

		static class Errors {

			@OnRequest
			void load(BindingResult errors) {
			}

		}

		static class Chain {

			@OnRequest
			void load(WebFilterChain chain) {
			}

		}

		static class Functional {

			@OnRequest
			void load(ServerRequest request) {
			}

		}

		static class Awaited {

			@OnRequest
			void load(LiveResponse response) {
			}

		}

		static class Servlet {

			@OnRequest
			void load(HttpServletRequest request) {
			}

		}

		static class Plain {

			@OnRequest
			void load(String name) {
			}

		}

		static class Status {

			@OnRequest
			void load(HttpStatusCode status) {
			}

		}

		abstract static class Generic<A> {

			@OnRequest
			abstract void load(A argument);

		}

		static class Bound extends Generic<Integer> {

			@Override
			void load(Integer argument) {
			}

		}

		static class Wrapped {

			@OnRequest
			void load(@RequestHeader Mono<String> host) {
			}

		}

		static class OfResponse {

			@OnResponse
			void stamp(int status) {
			}

		}

	}

}
