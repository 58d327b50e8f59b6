package io.github.asyncmiddleware.actuate;

import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

import io.github.asyncmiddleware.internal.chain.ChainEntry;
import io.github.asyncmiddleware.internal.chain.ForeignFilter;
import io.github.asyncmiddleware.internal.chain.Middleware;
import io.github.asyncmiddleware.internal.chain.MiddlewareScope;
import io.github.asyncmiddleware.testsupport.PatientClient;
import io.github.asyncmiddleware.testsupport.TestChain;
import io.github.asyncmiddleware.testsupport.TestTicker;
import org.json.JSONException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.skyscreamer.jsonassert.JSONAssert;
import org.skyscreamer.jsonassert.JSONCompareMode;
import reactor.core.publisher.Mono;

import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.annotation.ReflectiveRuntimeHintsRegistrar;
import org.springframework.aot.hint.predicate.RuntimeHintsPredicates;
import org.springframework.boot.actuate.autoconfigure.endpoint.EndpointAutoConfiguration;
import org.springframework.boot.actuate.autoconfigure.endpoint.jackson.JacksonEndpointAutoConfiguration;
import org.springframework.boot.actuate.autoconfigure.endpoint.web.WebEndpointAutoConfiguration;
import org.springframework.boot.actuate.autoconfigure.web.server.ManagementContextAutoConfiguration;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.http.codec.autoconfigure.CodecsAutoConfiguration;
import org.springframework.boot.jackson.autoconfigure.JacksonAutoConfiguration;
import org.springframework.boot.test.context.runner.ReactiveWebApplicationContextRunner;
import org.springframework.boot.webflux.autoconfigure.HttpHandlerAutoConfiguration;
import org.springframework.boot.webflux.autoconfigure.WebFluxAutoConfiguration;
import org.springframework.http.HttpMethod;
import org.springframework.http.server.reactive.HttpHandler;
import org.springframework.test.json.JsonCompareMode;
import org.springframework.test.web.reactive.server.WebTestClient;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;
import org.springframework.web.util.pattern.PathPattern;
import org.springframework.web.util.pattern.PathPatternParser;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link AsyncMiddlewareEndpoint}, as it answers in a WebFlux application.
 */
class AsyncMiddlewareEndpointTests {

	private final TestTicker ticker = new TestTicker();

	private final MiddlewareStatistics statistics = new MiddlewareStatistics(this.ticker);

	private final List<ChainEntry> chain = new ArrayList<>(
			List.of(new ForeignFilter("webFilterChainProxy", Pass.class, -100, new Pass()),
					new Middleware(0, "auth", Busy.class, 10, MiddlewareScope.ALL, new Busy(this.ticker, 3)),
					new Middleware(1, "flags", Busy.class, 20,
							new MiddlewareScope(patterns("/api/**", "/v2/{id}"), patterns("/api/health"),
									patterns("/api/actuator/**"), List.of(), Set.of(HttpMethod.POST, HttpMethod.GET)),
							new Busy(this.ticker, 5))));

	@Test
	void showsTheChainBeforeTheFirstRequest() {
		run((client) -> assertJson(get(client, ""),
				"""
						{"window":"5m","app":{"count":0},"middlewares":[
						{"name":"webFilterChainProxy","type":"%1$sPass","order":-100,"foreign":true},
						{"name":"auth","type":"%1$sBusy","style":"native","order":10,"foreign":false,
						"scope":{"path":[],"excludePath":[],"method":[]},"concurrent":false,"runsOn":"event-loop","onFailure":"fail","enabled":true,
						"ttfb":{"count":0},"own":{"count":0},"results":{},"misuse":{},"blocked":0},
						{"name":"flags","type":"%1$sBusy","style":"native","order":20,"foreign":false,
						"scope":{"path":["/api/**","/v2/{id}"],"excludePath":["/api/health"],"method":["GET","POST"]},"concurrent":false,"runsOn":"event-loop","onFailure":"fail","enabled":true,
						"ttfb":{"count":0},"own":{"count":0},"results":{},"misuse":{},"blocked":0}]}"""));
	}

	@Test
	void showsWhatMiddlewaresCost() {
		HttpHandler handler = application();
		TestChain.get(handler, "/api/x");
		TestChain.get(handler, "/api/x");
		TestChain.get(handler, "/other");
		run((client) -> assertJson(get(client, ""),
				"""
						{"window":"5m","app":{"count":3,"mean":7.0,"p50":7.0,"p95":7.0,"p99":7.0,"max":7.0},"middlewares":[
						{"name":"webFilterChainProxy","type":"%1$sPass","order":-100,"foreign":true},
						{"name":"auth","type":"%1$sBusy","style":"native","order":10,"foreign":false,
						"scope":{"path":[],"excludePath":[],"method":[]},"concurrent":false,"runsOn":"event-loop","onFailure":"fail","enabled":true,
						"ttfb":{"count":3,"mean":13.333,"p50":15.0,"p95":15.0,"p99":15.0,"max":15.0},
						"own":{"count":3,"mean":3.0,"p50":3.0,"p95":3.0,"p99":3.0,"max":3.0},"results":{"passed":3},"misuse":{},"blocked":0},
						{"name":"flags","type":"%1$sBusy","style":"native","order":20,"foreign":false,
						"scope":{"path":["/api/**","/v2/{id}"],"excludePath":["/api/health"],"method":["GET","POST"]},"concurrent":false,"runsOn":"event-loop","onFailure":"fail","enabled":true,
						"ttfb":{"count":2,"mean":12.0,"p50":12.0,"p95":12.0,"p99":12.0,"max":12.0},
						"own":{"count":2,"mean":5.0,"p50":5.0,"p95":5.0,"p99":5.0,"max":5.0},"results":{"passed":2},"misuse":{},"blocked":0}]}"""));
	}

	@Test
	void writesFieldsInAFixedOrder() {
		TestChain.get(application(), "/api/x");
		run((client) -> assertThat(get(client, "/auth")).isEqualTo(
				"""
						{"name":"auth","type":"%1$sBusy","style":"native","order":10,"foreign":false,\
						"scope":{"path":[],"excludePath":[],"method":[]},"concurrent":false,"runsOn":"event-loop","onFailure":"fail","enabled":true,\
						"ttfb":{"count":1,"mean":15.0,"p50":15.0,"p95":15.0,"p99":15.0,"max":15.0},\
						"own":{"count":1,"mean":3.0,"p50":3.0,"p95":3.0,"p99":3.0,"max":3.0},"results":{"passed":1},"misuse":{},"blocked":0}"""
					.formatted(getClass().getName() + "$")));
	}

	@Test
	void showsMicroseconds() {
		this.chain.add(new Middleware(2, "quick", Pass.class, 30, MiddlewareScope.ALL, (exchange, next) -> {
			this.ticker.advance(Duration.ofNanos(1499));
			return next.filter(exchange);
		}));
		TestChain.get(application(), "/other");
		run((client) -> assertJson(get(client, "/quick"),
				"""
						{"name":"quick","type":"%1$sPass","style":"native","order":30,"foreign":false,
						"scope":{"path":[],"excludePath":[],"method":[]},"concurrent":false,"runsOn":"event-loop","onFailure":"fail","enabled":true,
						"ttfb":{"count":1,"mean":7.001,"p50":7.001,"p95":7.001,"p99":7.001,"max":7.001},
						"own":{"count":1,"mean":0.001,"p50":0.001,"p95":0.001,"p99":0.001,"max":0.001},
						"results":{"passed":1},"misuse":{},"blocked":0}"""));
	}

	@Test
	void showsOneFilterThatIsForeign() {
		run((client) -> assertJson(get(client, "/webFilterChainProxy"),
				"{\"name\":\"webFilterChainProxy\",\"type\":\"%1$sPass\",\"order\":-100,\"foreign\":true}"));
	}

	@Test
	void doesNotFindAnUnknownName() {
		run((client) -> client.get()
			.uri("/actuator/asyncmiddleware/nobody")
			.exchange()
			.expectStatus()
			.isNotFound()
			.expectBody()
			.isEmpty());
	}

	@Test
	void saysWhetherMiddlewaresApply() {
		run((client) -> assertJson(get(client, "?method=DELETE&path=/api/x"),
				"""
						{"window":"5m","app":{"count":0},"middlewares":[
						{"name":"webFilterChainProxy","type":"%1$sPass","order":-100,"foreign":true},
						{"name":"auth","type":"%1$sBusy","style":"native","order":10,"foreign":false,
						"scope":{"path":[],"excludePath":[],"method":[]},"concurrent":false,"runsOn":"event-loop","onFailure":"fail","enabled":true,
						"ttfb":{"count":0},"own":{"count":0},"results":{},"misuse":{},"blocked":0,"applies":true},
						{"name":"flags","type":"%1$sBusy","style":"native","order":20,"foreign":false,
						"scope":{"path":["/api/**","/v2/{id}"],"excludePath":["/api/health"],"method":["GET","POST"]},"concurrent":false,"runsOn":"event-loop","onFailure":"fail","enabled":true,
						"ttfb":{"count":0},"own":{"count":0},"results":{},"misuse":{},"blocked":0,
						"applies":false,"reason":"method DELETE is not one of [GET, POST]"}]}"""));
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|',
			value = { "?method=GET&path=/api/x | true |", "?path=/api/x | true |", "?method=HEAD&path=/v2/7 | true |",
					"?path=/v2/a%252Fb | true |", "?path=/v2/7/8 | false | path matches none of [/api/**, /v2/{id}]",
					"?path=/api/health | false | path is excluded by /api/health",
					"?path=/api/actuator/info | false | management endpoints are skipped (/api/actuator/**)",
					"?method=BREW&path=/api/x | false | method BREW is not one of [GET, POST]" })
	void explainsARequest(String query, boolean applies, String reason) {
		run((client) -> {
			WebTestClient.BodyContentSpec body = client.get()
				.uri("/actuator/asyncmiddleware" + query)
				.exchange()
				.expectStatus()
				.isOk()
				.expectBody();
			body.jsonPath("$.middlewares[2].applies").isEqualTo(applies);
			if (reason != null) {
				body.jsonPath("$.middlewares[2].reason").isEqualTo(reason);
			}
			else {
				body.jsonPath("$.middlewares[2].reason").doesNotExist();
			}
		});
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|',
			textBlock = """
					?path=                        | 'path' must begin with a slash and have neither a query nor control characters
					?path=api                     | 'path' must begin with a slash and have neither a query nor control characters
					?path=/api%00                 | 'path' must begin with a slash and have neither a query nor control characters
					?path=/api%0Ax                | 'path' must begin with a slash and have neither a query nor control characters
					?path=/api?x=y                | 'path' must begin with a slash and have neither a query nor control characters
					?path=/api%23x                | 'path' must begin with a slash and have neither a query nor control characters
					?path=/%25zz                  | 'path' must be encoded as in a URL
					?method=GET                   | 'path' must be given along with 'method'
					?method=&path=/               | 'method' must be an HTTP method in upper case
					?method=get&path=/            | 'method' must be an HTTP method in upper case
					?method=GET%0D%0AX:y&path=/   | 'method' must be an HTTP method in upper case
					?method=G%20T&path=/          | 'method' must be an HTTP method in upper case
					""",
			quoteCharacter = '"')
	void saysWhatIsWrongWithAParameter(String query, String problem) {
		run((client) -> client.get()
			.uri(URI.create("/actuator/asyncmiddleware" + query))
			.exchange()
			.expectStatus()
			.isBadRequest()
			.expectHeader()
			.contentType("application/vnd.spring-boot.actuator.v3+json")
			.expectBody()
			.json("{\"status\":400,\"error\":\"Bad Request\",\"message\":\"Parameter " + problem + "\"}",
					JsonCompareMode.STRICT));
	}

	@Test
	void changesNothing() {
		run((client) -> {
			for (HttpMethod method : List.of(HttpMethod.POST, HttpMethod.DELETE, HttpMethod.PUT)) {
				client.method(method).uri("/actuator/asyncmiddleware/auth").exchange().expectStatus().isEqualTo(405);
			}
		});
	}

	@Test
	void isNotThereUnlessItIsExposed() {
		runner().withPropertyValues("management.endpoints.web.exposure.include=")
			.run((context) -> PatientClient.of(context)
				.get()
				.uri("/actuator/asyncmiddleware")
				.exchange()
				.expectStatus()
				.isNotFound());
	}

	@ParameterizedTest
	@ValueSource(classes = { AsyncMiddlewareEndpoint.class, AsyncMiddlewareEndpointWebExtension.class })
	void canBeReadInANativeImage(Class<?> endpoint) {
		RuntimeHints hints = new RuntimeHints();
		new ReflectiveRuntimeHintsRegistrar().registerRuntimeHints(hints, endpoint);
		for (Class<?> type : endpoint.getDeclaredClasses()) {
			assertThat(type.isInterface() || RuntimeHintsPredicates.reflection().onType(type).test(hints))
				.as(type.getName())
				.isTrue();
		}
	}

	@Test
	void showsTheChainAsItIsNow() {
		run((client) -> {
			this.chain.clear();
			assertJson(get(client, ""), "{\"window\":\"5m\",\"app\":{\"count\":0},\"middlewares\":[]}");
		});
	}

	private HttpHandler application() {
		return new TestChain().entries(this.chain).listener(this.statistics).ticker(this.ticker).handler((exchange) -> {
			this.ticker.advanceMillis(7);
			return exchange.getResponse().setComplete();
		}).build();
	}

	private void run(Consumer<WebTestClient> test) {
		runner().withPropertyValues("management.endpoints.web.exposure.include=asyncmiddleware")
			.run((context) -> test.accept(PatientClient.of(context)));
	}

	private ReactiveWebApplicationContextRunner runner() {
		return new ReactiveWebApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(JacksonAutoConfiguration.class, CodecsAutoConfiguration.class,
					HttpHandlerAutoConfiguration.class, WebFluxAutoConfiguration.class, EndpointAutoConfiguration.class,
					JacksonEndpointAutoConfiguration.class, WebEndpointAutoConfiguration.class,
					ManagementContextAutoConfiguration.class))
			.withBean(AsyncMiddlewareEndpoint.class,
					() -> new AsyncMiddlewareEndpoint(() -> this.chain, this.statistics))
			.withBean(AsyncMiddlewareEndpointWebExtension.class);
	}

	private static String get(WebTestClient client, String path) {
		return client.get()
			.uri("/actuator/asyncmiddleware" + path)
			.exchange()
			.expectStatus()
			.isOk()
			.expectBody(String.class)
			.returnResult()
			.getResponseBody();
	}

	private void assertJson(String actual, String expected) {
		try {
			JSONAssert.assertEquals(expected.formatted(getClass().getName() + "$"), actual, JSONCompareMode.STRICT);
		}
		catch (JSONException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private static List<PathPattern> patterns(String... patterns) {
		return List.of(patterns).stream().map(PathPatternParser.defaultInstance::parse).toList();
	}

	/**
	 * Takes its time before it hands over.
	 */
	private record Busy(TestTicker ticker, long milliseconds) implements WebFilter {

		@Override
		public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
			this.ticker.advanceMillis(this.milliseconds);
			return chain.filter(exchange);
		}

	}

	/**
	 * Hands over.
	 */
	private record Pass() implements WebFilter {

		@Override
		public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
			return chain.filter(exchange);
		}

	}

}
