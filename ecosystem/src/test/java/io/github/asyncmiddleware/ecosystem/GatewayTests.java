package io.github.asyncmiddleware.ecosystem;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.LiveResponse;
import io.github.asyncmiddleware.OnRequest;
import io.github.asyncmiddleware.OnResponse;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.cloud.gateway.route.RouteLocator;
import org.springframework.cloud.gateway.route.builder.RouteLocatorBuilder;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.util.Assert;
import org.springframework.util.unit.DataSize;
import org.springframework.web.reactive.function.server.HandlerFilterFunction;
import org.springframework.web.reactive.function.server.HandlerFunction;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that middlewares work in front of the routes of Spring Cloud Gateway, and leave
 * everything as it is where they change nothing.
 */
class GatewayTests {

	private static final Duration PATIENCE = Duration.ofSeconds(20);

	private static final String ROUTES = "spring.cloud.gateway.server.webflux.routes";

	/** Two connections to the backend, so that one which is lost is missed soon. */
	private static final List<String> FEW_CONNECTIONS = List.of(
			"spring.cloud.gateway.server.webflux.httpclient.pool.type=fixed",
			"spring.cloud.gateway.server.webflux.httpclient.pool.max-connections=2",
			"spring.cloud.gateway.server.webflux.httpclient.pool.acquire-timeout=5000");

	private static Backend backend;

	@BeforeAll
	static void startBackend() {
		backend = new Backend();
	}

	@AfterAll
	static void stopBackend() {
		backend.close();
	}

	@Test
	void isTheSameWithMiddlewares() throws IOException {
		Comparison.of(Gateway.class, Library.GATEWAY)
			.with(routes().toArray(String[]::new))
			.isSame(23, GatewayTests::visit);
	}

	@Test
	void isTheSameWhereItsFiltersAreMeasured() throws IOException {
		List<String> properties = routes();
		properties.add(Comparison.MEASURED);
		Comparison.of(Gateway.class, Library.GATEWAY)
			.with(properties.toArray(String[]::new))
			.isSame(23, GatewayTests::visit);
	}

	private static void visit(Browser browser) {
		assertThat(browser.get("/backend/text").header("X-Was-Through")).isEqualTo("yes");
		assertThat(browser.send("HEAD", "/backend/text", "").status()).isEqualTo(404);
		assertThat(browser.get("/backend/large").body()).hasSize(Backend.LARGE);
		assertThat(browser.get("/backend/events", "Accept: text/event-stream").body()).contains("data:3");
		assertThat(browser.get("/backend/empty").status()).isEqualTo(204);
		for (int status : List.of(299, 304, 401, 418, 503, 599)) {
			assertThat(browser.get("/backend/status/" + status).status()).isEqualTo(status);
		}
		assertThat(browser.post("/backend/echo", "text/plain", "e".repeat(10_000)).body()).hasSize(10_000);
		assertThat(browser.post("/backend/length", "text/plain", "l".repeat(Backend.LARGE)).body())
			.isEqualTo("1000000");
		assertThat(browser.post("/backend/echo", "text/plain", "").body()).isEmpty();
		assertThat(browser.get("/backend/missing").status()).isEqualTo(404);
		assertThat(browser.get("/nowhere").status()).isEqualTo(404);
		assertThat(browser.get("/flaky").body()).isEqualTo("at last");
		assertThat(browser.get("/upper/text").body()).isEqualTo("TEXT");
		assertThat(browser.post("/small/echo", "text/plain", "more than ten").status()).isEqualTo(413);
		assertThat(browser.get("/slow/never").status()).isEqualTo(504);
		assertThat(browser.get("/backend/cut").body()).isEqualTo("data:1\n\n(cut)");
		assertThat(browser.get("/down/text").status()).isEqualTo(500);
		browser.remember(overWebSocket(browser.port()));
	}

	private static String overWebSocket(int port) {
		try (WebSocketClient socket = new WebSocketClient(port, "/backend/socket")) {
			socket.send("one");
			String one = socket.receive();
			socket.send("two");
			return one + " " + socket.receive();
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
	}

	@Test
	void stampsRoutedAnswersAndErrorPages() throws IOException {
		try (RunningApplication running = start(Stamp.class)) {
			Browser browser = new Browser(running.port());
			assertThat(browser.get("/backend/text").header("X-Stamp")).isEqualTo("200");
			assertThat(browser.get("/backend/status/418").header("X-Stamp")).isEqualTo("418");
			assertThat(browser.get("/backend/events").header("X-Stamp")).isEqualTo("200");
			assertThat(browser.get("/slow/never").header("X-Stamp")).isEqualTo("504");
			assertThat(browser.get("/nowhere").header("X-Stamp")).isEqualTo("404");
		}
	}

	@Test
	void routesABodyBehindAHookThatBlocks() throws IOException {
		try (RunningApplication running = start(Blocking.class)) {
			Records records = running.records();
			Browser browser = new Browser(running.port());
			assertThat(browser.post("/backend/length", "text/plain", "l".repeat(Backend.LARGE)).body())
				.isEqualTo("1000000");
			assertThat(browser.post("/backend/echo", "text/plain", "echo").body()).isEqualTo("echo");
			assertThat(records.after(2)).containsEntry("own blocking passed", 2).containsEntry("requests ok", 2);
		}
	}

	@Test
	void showsTheRoutedAnswerToWhoAwaitsIt() throws IOException {
		try (RunningApplication running = start(Seen.class)) {
			assertThat(new Browser(running.port()).get("/backend/text").header("X-Seen")).isEqualTo("200 through yes");
		}
	}

	@Test
	void givesTheConnectionBackWhereTheRoutedAnswerIsReplaced() throws IOException {
		try (RunningApplication running = start(Replacing.class)) {
			Browser browser = new Browser(running.port());
			for (int i = 0; i < 6; i++) {
				assertThat(browser.get("/backend/large").body()).isEqualTo("something else");
				assertThat(browser.get("/backend/status/418").body()).isEqualTo("something else");
			}
		}
	}

	@Test
	void givesTheConnectionBackWhereAMiddlewareIsTooLate() throws IOException {
		try (RunningApplication running = start(Late.class)) {
			Records records = running.records();
			Browser browser = new Browser(running.port());
			for (int i = 0; i < 6; i++) {
				assertThat(browser.get("/backend/large").status()).isEqualTo(503);
			}
			assertThat(records.after(6)).containsEntry("own late timeout", 6);
		}
	}

	@Test
	void passesEventsOnOneByOneAndLeavesWithTheClient() throws Exception {
		try (RunningApplication running = start(PassThroughs.class)) {
			Records records = running.records();
			HttpRequest request = HttpRequest
				.newBuilder(URI.create("http://localhost:" + running.port() + "/backend/live"))
				.version(HttpClient.Version.HTTP_1_1)
				.timeout(PATIENCE)
				.build();
			Thread sender = new Thread(() -> {
				Awaitility.await().atMost(PATIENCE).until(() -> backend.listeners() == 1);
				backend.send("first");
			});
			sender.start();
			HttpResponse<InputStream> response = HttpClient.newHttpClient()
				.send(request, HttpResponse.BodyHandlers.ofInputStream());
			try (BufferedReader lines = new BufferedReader(
					new InputStreamReader(response.body(), StandardCharsets.UTF_8))) {
				assertThat(lines.readLine()).isEqualTo("data:first");
				assertThat(lines.readLine()).isEmpty();
				backend.send("second");
				assertThat(lines.readLine()).isEqualTo("data:second");
			}
			sender.join();
			Awaitility.await().atMost(PATIENCE).until(() -> backend.listeners() == 0);
			Map<String, Integer> recorded = records.after(1);
			assertThat(recorded).containsEntry("requests gone_after_head", 1);
			PassThroughs.OUTER.forEach((name) -> assertThat(recorded).containsEntry("own " + name + " passed", 1));
			PassThroughs.INNER.forEach((name) -> assertThat(recorded).containsEntry("own " + name + " passed", 1));
		}
	}

	private static RunningApplication start(Class<?> middleware) throws IOException {
		List<String> properties = routes();
		return RunningApplication.start(Set.of(Library.GATEWAY), List.of(Gateway.class, middleware), properties);
	}

	private static List<String> routes() throws IOException {
		List<String> routes = new ArrayList<>(FEW_CONNECTIONS);
		routes.add("backend.uri=http://localhost:" + backend.port());
		route(routes, 0, "/backend/**", "${backend.uri}", "StripPrefix=1", "AddRequestHeader=X-Gateway, yes",
				"AddResponseHeader=X-Routed, yes");
		route(routes, 1, "/slow/**", "${backend.uri}", "StripPrefix=1");
		routes.add(ROUTES + "[1].metadata.response-timeout=200");
		route(routes, 2, "/down/**", "http://localhost:" + unusedPort(), "StripPrefix=1");
		route(routes, 3, "/flaky", "${backend.uri}", "Retry=3");
		return routes;
	}

	private static void route(List<String> properties, int index, String path, String uri, String... filters) {
		String route = ROUTES + "[" + index + "].";
		properties.add(route + "id=route" + index);
		properties.add(route + "uri=" + uri);
		properties.add(route + "predicates[0]=Path=" + path);
		for (int i = 0; i < filters.length; i++) {
			properties.add(route + "filters[" + i + "]=" + filters[i]);
		}
	}

	private static int unusedPort() throws IOException {
		try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
			return socket.getLocalPort();
		}
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class Gateway {

		@Bean
		RouteLocator moreRoutes(RouteLocatorBuilder builder, Environment environment) {
			String uri = environment.getRequiredProperty("backend.uri");
			return builder.routes()
				.route("upper",
						(route) -> route.path("/upper/**")
							.filters((filters) -> filters.stripPrefix(1)
								.modifyResponseBody(String.class, String.class,
										(exchange, body) -> Mono.just(body.toUpperCase(Locale.ROOT))))
							.uri(uri))
				.route("small",
						(route) -> route.path("/small/**")
							.filters((filters) -> filters.stripPrefix(1).setRequestSize(DataSize.ofBytes(10)))
							.uri(uri))
				.build();
		}

	}

	@AsyncMiddleware("stamp")
	static class Stamp {

		@OnResponse
		void stamp(ServerHttpResponse response, HttpStatusCode status) {
			response.getHeaders().set("X-Stamp", String.valueOf(status.value()));
		}

	}

	@AsyncMiddleware("blocking")
	static class Blocking {

		@OnRequest
		void block() throws InterruptedException {
			Assert.state(!Schedulers.isInNonBlockingThread(), "Blocks an event loop");
			Thread.sleep(200);
		}

	}

	@AsyncMiddleware("seen")
	static class Seen implements HandlerFilterFunction<LiveResponse, ServerResponse> {

		@Override
		public Mono<ServerResponse> filter(ServerRequest request, HandlerFunction<LiveResponse> next) {
			return next.handle(request).map((response) -> {
				response.headers()
					.set("X-Seen",
							response.statusCode().value() + " through " + response.headers().getFirst("X-Was-Through"));
				return response;
			});
		}

	}

	@AsyncMiddleware("replacing")
	static class Replacing implements HandlerFilterFunction<LiveResponse, ServerResponse> {

		@Override
		public Mono<ServerResponse> filter(ServerRequest request, HandlerFunction<LiveResponse> next) {
			return next.handle(request).flatMap((response) -> ServerResponse.ok().bodyValue("something else"));
		}

	}

	@AsyncMiddleware(value = "late", timeout = "100ms")
	static class Late implements HandlerFilterFunction<LiveResponse, ServerResponse> {

		@Override
		public Mono<ServerResponse> filter(ServerRequest request, HandlerFunction<LiveResponse> next) {
			return next.handle(request).delayElement(Duration.ofSeconds(30)).cast(ServerResponse.class);
		}

	}

}
