package io.github.asyncmiddleware.sample;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;

import com.jayway.jsonpath.JsonPath;
import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.OnRequest;
import io.github.asyncmiddleware.sample.upstream.HeldServices;
import io.github.asyncmiddleware.sample.upstream.HeldServices.Gate;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.context.TestComponent;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Import;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatException;

/**
 * Tests that the {@link SampleApplication} does what people know from the asynchronous
 * middleware of Django, and does not do what they had better not.
 */
@SpringBootTest(webEnvironment = WebEnvironment.RANDOM_PORT)
@Import(HeldServices.class)
@ExtendWith(OutputCaptureExtension.class)
class SampleDjangoIntegrationTests {

	/** More than there are threads that serve requests. */
	private static final int MANY = 2 * Math.max(Runtime.getRuntime().availableProcessors(), 4);

	private static final Duration TIMEOUT = Duration.ofSeconds(30);

	private final HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

	@LocalServerPort
	private int port;

	@Autowired
	private HeldServices services;

	@AfterEach
	void release() {
		this.services.release();
	}

	@Test
	void waitsForAnotherServiceWithoutHoldingAThread() throws Exception {
		Gate gate = this.services.holdUntil(MANY, "audit");
		List<CompletableFuture<HttpResponse<String>>> responses = sendMany("/products/1");
		for (CompletableFuture<HttpResponse<String>> response : responses) {
			assertThat(await(response).statusCode()).isEqualTo(200);
		}
		assertThat(gate.waiting()).isEqualTo(MANY);
	}

	@Test
	void runsBlockingCodeOffTheEventLoop() throws Exception {
		Gate gate = this.services.hold("licences");
		List<CompletableFuture<HttpResponse<String>>> responses = sendMany("/products/1");
		Awaitility.await().atMost(TIMEOUT).until(gate::waiting, (waiting) -> waiting == MANY);
		assertThat(get("/nothing-here").statusCode()).isEqualTo(404);
		assertThat(responses).noneMatch(CompletableFuture::isDone);
		gate.open();
		for (CompletableFuture<HttpResponse<String>> response : responses) {
			assertThat(await(response).statusCode()).isEqualTo(200);
			assertThat(header(await(response), "X-Licence-Thread")).singleElement()
				.asString()
				.startsWith("async-middleware-");
		}
	}

	@Test
	void hopsOnceForAdjacentBlockingMiddlewares() throws Exception {
		List<String> threads = header(get("/demo/onion"), "X-Onion-Thread");
		assertThat(threads).hasSize(2).allMatch((thread) -> thread.startsWith("async-middleware-"));
		assertThat(threads.get(1)).isEqualTo(threads.get(0));
	}

	@Test
	void runsInTheOrderOfAnOnion() throws Exception {
		assertThat(header(get("/demo/onion"), "X-Onion")).containsExactly("awaitOuter before", "awaitInner before",
				"hooksOuter before", "hooksInner before", "handler", "awaitInner after", "awaitOuter after",
				"hooksInner after", "hooksOuter after");
	}

	@Test
	void setsAHeaderByStatusAfterTheAwait() throws Exception {
		assertThat(header(get("/products/1"), "X-Status")).containsExactly("OK");
		HttpResponse<String> limited = get("/products/1", "X-Demo-Limit", "0");
		assertThat(limited.statusCode()).isEqualTo(429);
		assertThat(header(limited, "X-Status")).isEmpty();
	}

	@Test
	void findsAForgottenAwait(CapturedOutput output) throws Exception {
		HttpResponse<String> response = get("/demo/missing-await");
		assertThat(response.statusCode()).isEqualTo(500);
		assertThat(response.body()).doesNotContain("Nobody gets here", "missingAwait");
		assertLogged(output, "[dropped_next] The middleware 'missingAwait' "
				+ "(io.github.asyncmiddleware.sample.demo.MissingAwait, order 1000) completed with the response untouched");
		assertCounted("missingAwait", "misuse", Map.of("dropped_next", 1));
		assertCounted("missingAwait", "results", Map.of("misused", 1));
	}

	@Test
	void awaitsWhatAPlainMethodReturns() throws Exception {
		Gate gate = this.services.hold("experiments");
		CompletableFuture<HttpResponse<String>> response = send("/products/1");
		Awaitility.await().atMost(TIMEOUT).until(gate::waiting, (waiting) -> waiting == 1);
		assertThat(response).isNotDone();
		gate.open();
		assertThat(JsonPath.<String>read(await(response).body(), "$.experiment.variant")).isEqualTo("B");
	}

	@Test
	void doesNotStartWithADeclarationThatCannotWork() {
		assertThatException().isThrownBy(() -> start(WrongDeclaration.class).close())
			.havingRootCause()
			.withMessageContaining(WrongDeclaration.class.getName() + ".before()")
			.withMessageContaining("which is neither a request to go on with nor an answer");
	}

	@Test
	void waitsForIndependentMiddlewaresAtTheSameTime() throws Exception {
		Gate both = this.services.holdUntil(2, "flags", "experiments");
		HttpResponse<String> response = get("/products/1");
		assertThat(response.statusCode()).isEqualTo(200);
		assertThat(JsonPath.<List<String>>read(response.body(), "$.flags.enabled")).containsExactly("new-prices");
		assertThat(JsonPath.<String>read(response.body(), "$.experiment.variant")).isEqualTo("B");
		assertThat(both.waiting()).isEqualTo(2);
	}

	@ParameterizedTest
	@CsvSource({ "X-Demo-Limit, 0, 429", "X-Api-Key, wrong, 401" })
	void shortCircuitsWithoutRunningInnerLayers(String name, String value, int status) throws Exception {
		Gate inner = this.services.hold("audit");
		HttpResponse<String> response = get("/products/1", name, value);
		assertThat(response.statusCode()).isEqualTo(status);
		assertThat(response.body()).isEmpty();
		assertThat(inner.waiting()).isZero();
		assertThat(header(response, "X-Legacy")).isEmpty();
		assertThat(header(response, "X-Served-By")).isEmpty();
		assertThat(header(response, "X-Request-Id")).hasSize(1);
		assertThat(header(response, "X-Final-Status")).containsExactly(Integer.toString(status));
	}

	@Test
	void letsTheInnerLayersSeeAChangedRequest() throws Exception {
		HttpResponse<String> response = get("/products/1", "X-Api-Key", "demo", "X-Tenant", "mine");
		assertThat(JsonPath.<String>read(response.body(), "$.tenant")).isEqualTo("acme");
		assertThat(header(response, "X-Licence")).containsExactly("enterprise");
	}

	@Test
	void hasOneVisibleOrderThatPropertiesChange(CapturedOutput output) throws Exception {
		try (ConfigurableApplicationContext context = start(Object.class,
				"--async-middleware.middleware.audit.enabled=false",
				"--async-middleware.middleware.served-by.order=-60",
				"--async-middleware.middleware.missing-await.enabled=false")) {
			assertThat(output).contains("Filter chain: requestId (first) > finalStatus (first) > statusHeader (first)"
					+ " > rateLimit (-200) > servedBy (-60) > authentication (-50) > tenant (-50)"
					+ " > legacyFilter (-10, foreign) > experiments (0, concurrent) > featureFlags (0, concurrent)"
					+ " > legacyLicence (0, pool) > awaitOuter (1001) > awaitInner (1002) > hooksOuter (1003, pool)"
					+ " > hooksInner (1004, pool)" + System.lineSeparator());
			int port = port(context);
			HttpResponse<String> refused = await(send(port, "/products/1", "X-Api-Key", "wrong"));
			assertThat(header(refused, "X-Served-By")).containsExactly("sample");
			assertThat(await(send(port, "/demo/missing-await")).body()).isEqualTo("Nobody gets here");
		}
	}

	@ParameterizedTest
	@CsvSource({ "/products/1, X-Demo-Experiment, none, 500", "/fail, X-None, none, 500",
			"/nothing-here, X-None, none, 404", "/products/100, X-None, none, 404" })
	void showsOuterLayersTheStatusThatAnExceptionBecomes(String path, String name, String value, int status)
			throws Exception {
		HttpResponse<String> response = get(path, name, value);
		assertThat(response.statusCode()).isEqualTo(status);
		assertThat(JsonPath.<Integer>read(response.body(), "$.status")).isEqualTo(status);
		assertThat(header(response, "X-Final-Status")).containsExactly(Integer.toString(status));
	}

	@Test
	void goesOnWithoutAMiddlewareThatMayFail(CapturedOutput output) throws Exception {
		HttpResponse<String> response = get("/products/1", "X-Demo-Flags", "none");
		assertThat(response.statusCode()).isEqualTo(200);
		assertThat(JsonPath.<Object>read(response.body(), "$.flags")).isNull();
		assertThat(JsonPath.<String>read(response.body(), "$.experiment.variant")).isEqualTo("B");
		assertLogged(output, "[failed_open] The middleware 'featureFlags'", "404 Not Found from GET");
		Awaitility.await()
			.atMost(TIMEOUT)
			.untilAsserted(() -> assertThat(results("featureFlags", "results")).containsEntry("failed_open", 1));
	}

	@Test
	void goesOnWithoutAMiddlewareThatTakesTooLong(CapturedOutput output) throws Exception {
		// Later than any machine is late
		try (ConfigurableApplicationContext context = start(Object.class, "--sample.upstream.delay.flags=1h",
				"--async-middleware.middleware.feature-flags.timeout=500ms")) {
			int port = port(context);
			HttpResponse<String> response = await(send(port, "/products/1", "X-Demo-Flags", "slow"));
			assertThat(response.statusCode()).isEqualTo(200);
			assertThat(JsonPath.<Object>read(response.body(), "$.flags")).isNull();
			assertThat(JsonPath.<String>read(response.body(), "$.experiment.variant")).isEqualTo("B");
			assertLogged(output, "[timeout_open] The middleware 'featureFlags'");
			Awaitility.await()
				.atMost(TIMEOUT)
				.untilAsserted(() -> assertThat(results(port, "featureFlags", "results"))
					.isEqualTo(Map.of("timeout_open", 1)));
		}
	}

	@Test
	void showsWhatEachMiddlewareCosts() throws Exception {
		get("/products/1");
		for (String name : List.of("requestId", "statusHeader", "audit", "legacyLicence", "featureFlags")) {
			Awaitility.await().atMost(TIMEOUT).untilAsserted(() -> {
				String row = get("/actuator/asyncmiddleware/" + name).body();
				assertThat(JsonPath.<Integer>read(row, "$.ttfb.count")).isPositive();
				assertThat(JsonPath.<Integer>read(row, "$.own.count")).isPositive();
				assertThat(JsonPath.<Double>read(row, "$.own.mean"))
					.isLessThanOrEqualTo(JsonPath.<Double>read(row, "$.ttfb.mean"));
			});
		}
	}

	/**
	 * A client can have its response before what is said about it is written.
	 */
	private static void assertLogged(CapturedOutput output, String... texts) {
		Awaitility.await().atMost(TIMEOUT).untilAsserted(() -> assertThat(output).contains(texts));
	}

	private void assertCounted(String name, String property, Map<String, Integer> counts) {
		Awaitility.await().atMost(TIMEOUT).untilAsserted(() -> assertThat(results(name, property)).isEqualTo(counts));
	}

	private Map<String, Integer> results(String name, String property) throws Exception {
		return results(this.port, name, property);
	}

	private Map<String, Integer> results(int port, String name, String property) throws Exception {
		return JsonPath.read(await(send(port, "/actuator/asyncmiddleware/" + name)).body(), "$." + property);
	}

	private List<CompletableFuture<HttpResponse<String>>> sendMany(String path) {
		return Stream.generate(() -> send(path)).limit(MANY).toList();
	}

	private HttpResponse<String> get(String path, String... headers) throws Exception {
		return await(send(this.port, path, headers));
	}

	private CompletableFuture<HttpResponse<String>> send(String path) {
		return send(this.port, path);
	}

	private CompletableFuture<HttpResponse<String>> send(int port, String path, String... headers) {
		HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://localhost:" + port + path));
		if (headers.length > 0) {
			request.headers(headers);
		}
		return this.client.sendAsync(request.build(), BodyHandlers.ofString());
	}

	private static HttpResponse<String> await(CompletableFuture<HttpResponse<String>> response)
			throws InterruptedException, ExecutionException, TimeoutException {
		return response.get(TIMEOUT.toSeconds(), TimeUnit.SECONDS);
	}

	private static List<String> header(HttpResponse<String> response, String name) {
		return response.headers().allValues(name);
	}

	private static int port(ConfigurableApplicationContext context) {
		return context.getEnvironment().getRequiredProperty("local.server.port", Integer.class);
	}

	private static ConfigurableApplicationContext start(Class<?> more, String... arguments) {
		String[] all = Stream.concat(Stream.of("--server.port=0"), Stream.of(arguments)).toArray(String[]::new);
		return new SpringApplicationBuilder(SampleApplication.class, more).run(all);
	}

	/**
	 * Returns what is neither a request nor an answer.
	 */
	@TestComponent
	@AsyncMiddleware
	static class WrongDeclaration {

		@OnRequest
		String before() {
			return "on";
		}

	}

}
