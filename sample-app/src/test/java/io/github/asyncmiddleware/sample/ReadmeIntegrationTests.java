package io.github.asyncmiddleware.sample;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import com.jayway.jsonpath.JsonPath;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.http.HttpHeaders;
import org.springframework.test.web.reactive.server.WebTestClient;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that README and {@code docs/sample.md} say what the {@link SampleApplication}
 * does.
 */
@SpringBootTest(webEnvironment = WebEnvironment.RANDOM_PORT)
class ReadmeIntegrationTests {

	private static final Pattern COMMAND = Pattern.compile("^curl .*localhost:8080(/\\S*?)'?\\s.*# (\\d{3})\\b.*$",
			Pattern.MULTILINE);

	private static final Pattern HEADER = Pattern.compile("-H '([^:]+): ([^']*)'");

	@LocalServerPort
	private int port;

	private WebTestClient client;

	private String readme;

	@BeforeEach
	void read() throws IOException {
		this.client = WebTestClient.bindToServer()
			.baseUrl("http://localhost:" + this.port)
			.responseTimeout(Duration.ofSeconds(30))
			.build();
		this.readme = Files.readString(Path.of("..", "README.md"))
				+ Files.readString(Path.of("..", "docs", "sample.md"));
	}

	@TestFactory
	Stream<DynamicTest> commandsAreAnsweredAsNoted() {
		List<MatchResult> commands = COMMAND.matcher(this.readme).results().toList();
		assertThat(commands).hasSizeGreaterThanOrEqualTo(8);
		return commands.stream()
			.map((command) -> DynamicTest.dynamicTest(command.group(),
					() -> this.client.get()
						.uri(command.group(1))
						.headers((headers) -> addHeaders(command.group(), headers))
						.exchange()
						.expectStatus()
						.isEqualTo(Integer.parseInt(command.group(2)))
						.expectBody()
						.returnResult()));
	}

	private static void addHeaders(String command, HttpHeaders headers) {
		HEADER.matcher(command).results().forEach((header) -> headers.add(header.group(1), header.group(2)));
	}

	@Test
	void namesTheChain() {
		String json = this.client.get()
			.uri("/actuator/asyncmiddleware")
			.exchange()
			.expectBody(String.class)
			.returnResult()
			.getResponseBody();
		List<String> chain = JsonPath.read(json, "$.middlewares[*].name");
		String line = this.readme.lines()
			.filter((candidate) -> candidate.startsWith("Filter chain: "))
			.findFirst()
			.orElseThrow();
		assertThat(
				Stream.of(line.substring("Filter chain: ".length()).split(" > ")).map((entry) -> entry.split(" ")[0]))
			.containsExactlyElementsOf(chain);
	}

}
