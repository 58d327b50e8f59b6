package io.github.asyncmiddleware.context;

import java.time.Duration;
import java.util.Map;
import java.util.stream.Stream;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.LiveResponse;
import io.github.asyncmiddleware.OnFailure;
import io.github.asyncmiddleware.OnRequest;
import io.github.asyncmiddleware.OnResponse;
import io.github.asyncmiddleware.testsupport.boot.Answer;
import io.github.asyncmiddleware.testsupport.boot.BootServer;
import io.github.asyncmiddleware.testsupport.boot.Client;
import io.github.asyncmiddleware.testsupport.boot.Protocol;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;
import reactor.netty.http.server.HttpServerRequest;
import reactor.netty.http.server.HttpServerResponse;

import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.http.ZeroCopyHttpOutputMessage;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.http.server.reactive.ServerHttpRequestDecorator;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.http.server.reactive.ServerHttpResponseDecorator;
import org.springframework.web.bind.annotation.RequestAttribute;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.reactive.HandlerMapping;
import org.springframework.web.reactive.function.server.HandlerFilterFunction;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.reactive.handler.SimpleUrlHandlerMapping;
import org.springframework.web.reactive.socket.WebSocketHandler;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for what Spring decides by the class of a request or response, in an application
 * where a middleware has a timeout.
 */
@TestInstance(Lifecycle.PER_CLASS)
class RequestAttributesIntegrationTests {

	private static final String FORWARDED = "X-Forwarded-Host: example.org";

	private BootServer server;

	private BootServer bare;

	@BeforeAll
	void start() {
		this.server = BootServer.start(Application.class, "server.forward-headers-strategy=framework");
		this.bare = BootServer.start(Application.class, "server.forward-headers-strategy=framework",
				"async-middleware.enabled=false");
	}

	@AfterAll
	void stop() {
		this.server.close();
		this.bare.close();
	}

	static Stream<Arguments> handlers() {
		return Stream.of("/anywhere", "/fail", "/skip", "/await", "/hook", "/blockingHook", "/group", "/functional")
			.flatMap((path) -> Stream.of(Protocol.values()).map((protocol) -> Arguments.of(protocol, path)));
	}

	@ParameterizedTest
	@MethodSource("handlers")
	void areOneMapForRequestAndExchange(Protocol protocol, String path) {
		for (String method : new String[] { "GET", "POST" }) {
			assertThat(call(protocol, method, path, "X-Do: putIntoRequest")).isEqualTo("200 exchange has ann");
			assertThat(call(protocol, method, path, "X-Do: putIntoExchange")).isEqualTo("200 request has ann");
			assertThat(call(protocol, method, path, "X-Do: removeFromRequest")).isEqualTo("200 exchange has null");
			assertThat(call(protocol, method, path, "X-Do: same")).isEqualTo("200 same");
		}
		assertThat(Client.exchange(protocol, this.server.port(), "HEAD", path, "X-Do: putIntoRequest").status())
			.isEqualTo(200);
	}

	@ParameterizedTest
	@MethodSource("handlers")
	void areOneMapBehindAProxy(Protocol protocol, String path) {
		assertThat(call(protocol, "GET", path, "X-Do: putIntoRequest", FORWARDED)).isEqualTo("200 exchange has ann");
		assertThat(call(protocol, "GET", path, "X-Do: putIntoExchange", FORWARDED)).isEqualTo("200 request has ann");
	}

	@ParameterizedTest
	@ValueSource(strings = { "putsNative", "putsAwait", "putsHook", "putsBlocking" })
	void carryWhatAMiddlewarePutsIntoTheRequest(String middleware) {
		for (Protocol protocol : Protocol.values()) {
			assertThat(call(protocol, "GET", "/" + middleware, "X-Do: tell")).isEqualTo("200 ann ann ann");
			assertThat(call(protocol, "GET", "/" + middleware, "X-Do: tell", FORWARDED)).isEqualTo("200 ann ann ann");
		}
	}

	@ParameterizedTest
	@EnumSource
	void areThereInResponseHooks(Protocol protocol) {
		Answer answer = Client.exchange(protocol, this.server.port(), "GET", "/stamped", "X-Do: putIntoRequest");
		assertThat(answer.fields()).containsEntry("x-user", "ann");
		Answer early = Client.exchange(protocol, this.server.port(), "GET", "/stamped", "X-Do: fail");
		assertThat(early.status()).isEqualTo(500);
		assertThat(early.fields()).containsEntry("x-user", "ann");
	}

	static Stream<Arguments> asWithout() {
		return Stream.of("builder", "decorator", "decoratedBuilder", "exchange", "none")
			.flatMap((mutation) -> Stream
				.of("putIntoRequest", "putIntoExchange", "removeFromRequest", "same", "native", "zeroCopy", "what")
				.map((action) -> Arguments.of(mutation, action)));
	}

	@ParameterizedTest
	@MethodSource("asWithout")
	void doWhatTheyDoWithoutMiddlewares(String mutation, String action) {
		for (String path : new String[] { "/anywhere", "/fail", "/await", "/hook" }) {
			for (String forwarded : new String[] { FORWARDED, "X-Other: 1" }) {
				String[] headers = { "X-Mutate: " + mutation, "X-Do: " + action, forwarded, "Cookie: a=b" };
				assertThat(call(Protocol.HTTP_1_1, "GET", path + "?q=1", headers)).as(path + " " + forwarded)
					.isEqualTo(
							text(Client.exchange(Protocol.HTTP_1_1, this.bare.port(), "GET", path + "?q=1", headers)));
			}
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "/fail/ws", "/await/ws", "/hook/ws", "/skip/ws", "/ws" })
	void leadToTheConnectionOfAWebSocket(String path) {
		for (String mutation : new String[] { "none", "builder", "decorator", "exchange" }) {
			assertThat(Client
				.exchange(Protocol.HTTP_1_1, this.server.port(), "GET", path, "X-Mutate: " + mutation,
						"Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
						"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==")
				.status()).isEqualTo(101);
		}
	}

	private String call(Protocol protocol, String method, String path, String... headers) {
		return text(Client.exchange(protocol, this.server.port(), method, path, headers));
	}

	private static String text(Answer answer) {
		return answer.status() + " " + ((answer.status() == 200) ? answer.body() : "");
	}

	/**
	 * Do what the request says, and tell what came of it.
	 */
	static String act(ServerWebExchange exchange) {
		ServerHttpRequest request = exchange.getRequest();
		return switch (String.valueOf(request.getHeaders().getFirst("X-Do"))) {
			case "putIntoRequest" -> {
				request.getAttributes().put("user", "ann");
				yield "exchange has " + exchange.getAttribute("user");
			}
			case "putIntoExchange" -> {
				exchange.getAttributes().put("user", "ann");
				yield "request has " + request.getAttributes().get("user");
			}
			case "removeFromRequest" -> {
				exchange.getAttributes().put("user", "ann");
				request.getAttributes().remove("user");
				yield "exchange has " + exchange.getAttribute("user");
			}
			case "same" -> (request.getAttributes() == exchange.getAttributes()) ? "same" : "others";
			case "tell" -> exchange.getAttribute("user") + " " + request.getAttributes().get("user");
			case "native" -> {
				HttpServerRequest nativeRequest = ServerHttpRequestDecorator.getNativeRequest(request);
				HttpServerResponse nativeResponse = ServerHttpResponseDecorator
					.getNativeResponse(exchange.getResponse());
				yield nativeRequest.method() + " " + (nativeResponse != null);
			}
			case "zeroCopy" -> "" + (exchange.getResponse() instanceof ZeroCopyHttpOutputMessage);
			case "what" -> request.getMethod() + " " + request.getURI().getPath() + " " + request.getQueryParams() + " "
					+ request.getCookies().getFirst("a") + " " + (request.getRemoteAddress() != null) + " "
					+ request.getSslInfo() + " " + exchange.getLogPrefix().contains(request.getId());
			case "fail" -> {
				request.getAttributes().put("user", "ann");
				throw new IllegalStateException("fails");
			}
			default -> "nothing";
		};
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class Application {

		@Bean
		@Order(Ordered.HIGHEST_PRECEDENCE)
		WebFilter mutates() {
			return (exchange, chain) -> {
				ServerHttpRequest request = exchange.getRequest();
				ServerHttpRequest decorated = new ServerHttpRequestDecorator(request);
				return chain.filter(switch (String.valueOf(request.getHeaders().getFirst("X-Mutate"))) {
					case "builder" -> exchange.mutate().request((builder) -> builder.header("X-New", "1")).build();
					case "decorator" -> exchange.mutate().request(decorated).build();
					case "decoratedBuilder" ->
						exchange.mutate().request(decorated.mutate().header("X-New", "1").build()).build();
					case "exchange" -> exchange.mutate().principal(Mono.empty()).build();
					default -> exchange;
				});
			};
		}

		@Bean
		Handlers handlers() {
			return new Handlers();
		}

		@Bean
		RouterFunction<ServerResponse> functional() {
			return RouterFunctions.route()
				.path("/functional",
						(builder) -> builder.route((request) -> true,
								(request) -> ServerResponse.ok().bodyValue(act(request.exchange()))))
				.build();
		}

		@Bean
		HandlerMapping webSockets() {
			WebSocketHandler handler = (session) -> session.send(Mono.just(session.textMessage("hello")))
				.then(Mono.never());
			return new SimpleUrlHandlerMapping(Map.of("/ws", handler, "/*/ws", handler), -1);
		}

		@Bean
		@AsyncMiddleware(path = "/fail/**", timeout = "9s")
		WebFilter fail() {
			return (exchange, chain) -> chain.filter(exchange);
		}

		@Bean
		@AsyncMiddleware(path = "/skip/**", timeout = "9s", onFailure = OnFailure.SKIP)
		WebFilter skip() {
			return (exchange, chain) -> Mono.delay(Duration.ofMillis(1)).then(chain.filter(exchange));
		}

		@Bean
		@AsyncMiddleware(path = "/await/**", timeout = "9s")
		HandlerFilterFunction<LiveResponse, ServerResponse> await() {
			return (request, next) -> next.handle(request).cast(ServerResponse.class);
		}

		@Bean
		@AsyncMiddleware(path = "/hook/**", timeout = "9s")
		Hook hook() {
			return new Hook();
		}

		@Bean
		@AsyncMiddleware(path = "/blockingHook/**", timeout = "9s")
		BlockingHook blockingHook() {
			return new BlockingHook();
		}

		@Bean
		@AsyncMiddleware(path = "/group/**", timeout = "9s", concurrent = true)
		Hook group1() {
			return new Hook();
		}

		@Bean
		@AsyncMiddleware(path = "/group/**", timeout = "9s", concurrent = true)
		Hook group2() {
			return new Hook();
		}

		@Bean
		@AsyncMiddleware(path = "/stamped/**", timeout = "9s")
		Stamp stamp() {
			return new Stamp();
		}

		@Bean
		@AsyncMiddleware(path = "/putsNative", timeout = "9s")
		WebFilter putsNative() {
			return (exchange, chain) -> {
				exchange.getRequest().getAttributes().put("user", "ann");
				return chain.filter(exchange);
			};
		}

		@Bean
		@AsyncMiddleware(path = "/putsAwait", timeout = "9s")
		HandlerFilterFunction<LiveResponse, ServerResponse> putsAwait() {
			return (request, next) -> {
				request.exchange().getRequest().getAttributes().put("user", "ann");
				return next.handle(request).cast(ServerResponse.class);
			};
		}

		@Bean
		@AsyncMiddleware(path = "/putsHook", timeout = "9s")
		PutsHook putsHook() {
			return new PutsHook();
		}

		@Bean
		@AsyncMiddleware(path = "/putsBlocking", timeout = "9s")
		PutsBlocking putsBlocking() {
			return new PutsBlocking();
		}

	}

	/**
	 * Does nothing.
	 */
	static class Hook {

		@OnRequest
		Mono<Void> load() {
			return Mono.empty();
		}

	}

	/**
	 * Does nothing, on another thread.
	 */
	static class BlockingHook {

		@OnRequest
		void load() {
		}

	}

	/**
	 * Puts the user into the request.
	 */
	static class PutsHook {

		@OnRequest
		Mono<Void> load(ServerHttpRequest request) {
			request.getAttributes().put("user", "ann");
			return Mono.empty();
		}

	}

	/**
	 * Puts the user into the request, on another thread.
	 */
	static class PutsBlocking {

		@OnRequest
		void load(ServerHttpRequest request) {
			request.getAttributes().put("user", "ann");
		}

	}

	/**
	 * Tells which user it finds in the request.
	 */
	static class Stamp {

		@OnResponse
		void stamp(ServerHttpRequest request, ServerHttpResponse response) {
			response.getHeaders().set("X-User", String.valueOf(request.getAttributes().get("user")));
		}

	}

	@RestController
	static class Handlers {

		@RequestMapping("/{puts:puts.*}")
		Mono<String> tell(ServerWebExchange exchange, @RequestAttribute("user") String user) {
			return Mono.just(act(exchange) + " " + user);
		}

		@RequestMapping("/**")
		Mono<String> any(ServerWebExchange exchange) {
			return Mono.just(act(exchange));
		}

	}

}
