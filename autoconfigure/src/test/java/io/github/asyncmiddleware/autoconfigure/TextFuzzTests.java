package io.github.asyncmiddleware.autoconfigure;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.IntStream;

import com.jayway.jsonpath.JsonPath;
import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.testsupport.PassingFilter;
import io.github.asyncmiddleware.testsupport.boot.Answer;
import io.github.asyncmiddleware.testsupport.boot.BootServer;
import io.github.asyncmiddleware.testsupport.boot.Client;
import io.github.asyncmiddleware.testsupport.boot.LogCapture;
import io.github.asyncmiddleware.testsupport.boot.Protocol;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

import org.springframework.beans.factory.support.BeanDefinitionRegistry;
import org.springframework.beans.factory.support.RootBeanDefinition;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.test.util.TestPropertyValues;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.ImportBeanDefinitionRegistrar;
import org.springframework.core.type.AnnotationMetadata;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.util.UriUtils;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that a text does no harm where one can come from outside, or from those who name
 * things: each text of the corpus {@code fuzz/texts.json}, as a name, a pattern, a path,
 * a header and a parameter of the endpoint. A text that was harmful once is added to it.
 */
class TextFuzzTests {

	private static final String TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]{1,40}";

	private static final List<String> TEXTS = texts();

	/**
	 * With a number, since names that differ in nothing but special characters fail the
	 * start, as those do that look like a path.
	 */
	private static final List<String> NAMES = IntStream.range(0, TEXTS.size())
		.filter((i) -> !TEXTS.get(i).matches("(?s).*[/*].*"))
		.mapToObj((i) -> "m" + i + "m" + TEXTS.get(i))
		.toList();

	private static BootServer server;

	private static List<String> texts() {
		try (InputStream corpus = TextFuzzTests.class.getResourceAsStream("/fuzz/texts.json")) {
			return JsonPath.parse(corpus).read("$");
		}
		catch (IOException ex) {
			throw new IllegalStateException(ex);
		}
	}

	@BeforeAll
	static void start() {
		server = BootServer.start(Application.class, "async-middleware.server-timing=detailed",
				"management.endpoints.web.exposure.include=asyncmiddleware");
	}

	@AfterAll
	static void stop() {
		server.close();
	}

	@Test
	void aNameIsShownAsItIs() {
		Answer answer = get("/alive");
		assertThat(answer.text()).isEqualTo("200 alive");
		List<String> names = JsonPath.read(get("/actuator/asyncmiddleware").body(), "$.middlewares[*].name");
		assertThat(names).containsAll(NAMES);
		TreeSet<String> tags = new TreeSet<>();
		for (Timer timer : server.bean(SimpleMeterRegistry.class).find("async.middleware.own").timers()) {
			tags.add(timer.getId().getTag("middleware"));
		}
		assertThat(tags).containsAll(NAMES);
		for (String name : NAMES) {
			Answer one = get("/actuator/asyncmiddleware/" + encode(name));
			assertThat(one.status()).as(name).isIn(200, 400, 404);
			if (one.status() == 200) {
				assertThat(JsonPath.<String>read(one.body(), "$.name")).isEqualTo(name);
			}
		}
	}

	@Test
	void aNameIsATokenInServerTiming() {
		String header = get("/alive").header("Server-Timing");
		assertThat(header.length()).isBetween(20, 1_024);
		assertThat(header.split(", ")).allMatch((entry) -> entry.matches(TOKEN + ";dur=[0-9.]+"));
	}

	@Test
	void aRequestWithItInPathAndHeadersLeavesOneLine() {
		try (BootServer slow = BootServer.start(Slow.class, "async-middleware.slow-requests.log-threshold=1ms",
				"async-middleware.server-timing-token=secret",
				"management.endpoints.web.exposure.include=slowrequests"); LogCapture log = LogCapture.ofOurs()) {
			for (String text : TEXTS) {
				Answer answer = Client.exchange(Protocol.HTTP_1_1, slow.port(), "GET", "/slow/" + encode(text),
						"X-Text: " + encode(text), "Server-Timing-Token: " + encode(text),
						"X-Forwarded-For: " + encode(text));
				assertThat(answer.status()).as(text).isIn(200, 400, 404);
				assertThat(answer.headers().headerNames()).doesNotContain("Set-Cookie", "Server-Timing");
			}
			assertThat(log.events()).isNotEmpty()
				.allSatisfy((event) -> assertThat(event.lines()).hasSize(1))
				.noneMatch((event) -> event.chars().anyMatch(Character::isISOControl));
			String requests = Client.exchange(Protocol.HTTP_1_1, slow.port(), "GET", "/actuator/slowrequests").body();
			assertThat(JsonPath.<List<String>>read(requests, "$.slowest[*].uri")).isNotEmpty();
		}
	}

	@Test
	void aParameterOfTheEndpointIsAnsweredOrRefused() {
		List<String> wrong = new ArrayList<>();
		for (String text : TEXTS) {
			for (String query : List.of("method=" + encode(text), "path=" + encode(text),
					"method=GET&path=" + encode(text), "method=" + encode(text) + "&path=/", encode(text) + "=a",
					"path=/&path=" + encode(text))) {
				Answer answer = get("/actuator/asyncmiddleware?" + query);
				if (answer.status() != 200 && answer.status() != 400) {
					wrong.add(query + ": " + answer);
				}
			}
		}
		assertThat(wrong).isEmpty();
	}

	@Test
	void aPatternWorksOrFailsTheStartWithAReason() {
		List<String> wrong = new ArrayList<>();
		for (String text : TEXTS) {
			for (String attribute : List.of("path", "exclude-path", "method", "order", "timeout", "on-failure")) {
				MiddlewareRunner.create()
					.withBean("scoped", Scoped.class)
					.withInitializer((context) -> TestPropertyValues
						.of(Map.of("async-middleware.middleware.scoped." + attribute, text))
						.applyTo(context))
					.run((context) -> {
						Throwable failure = context.getStartupFailure();
						if (failure != null && !isExplained(failure)) {
							wrong.add(attribute + "=" + text + ": " + failure);
						}
					});
			}
		}
		assertThat(wrong).isEmpty();
	}

	/**
	 * Whether a failure analyzer has something to say, ours or one of Spring Boot.
	 */
	private static boolean isExplained(Throwable failure) {
		for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
			String type = cause.getClass().getSimpleName();
			if (cause instanceof InvalidMiddlewareException || type.equals("BindException")
					|| type.equals("PlaceholderResolutionException")) {
				return true;
			}
		}
		return false;
	}

	private static Answer get(String path, String... headers) {
		return Client.exchange(Protocol.HTTP_1_1, server.port(), "GET", path, headers);
	}

	private static String encode(String text) {
		return UriUtils.encode(text, StandardCharsets.UTF_8);
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@Import({ Endpoints.class, Named.class })
	static class Application {

	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@Import({ Endpoints.class, Scoped.class })
	static class Slow {

	}

	/**
	 * Registers a middleware under each name.
	 */
	static class Named implements ImportBeanDefinitionRegistrar {

		@Override
		public void registerBeanDefinitions(AnnotationMetadata importing, BeanDefinitionRegistry registry) {
			NAMES.forEach((name) -> registry.registerBeanDefinition(name, new RootBeanDefinition(Scoped.class)));
		}

	}

	@AsyncMiddleware
	static class Scoped extends PassingFilter {

	}

	@RestController
	static class Endpoints {

		@GetMapping("/alive")
		String alive() {
			return "alive";
		}

		@GetMapping("/slow/{*text}")
		String slow() throws InterruptedException {
			// Longer than what counts as slow here
			Thread.sleep(2);
			return "slow";
		}

	}

}
