package io.github.asyncmiddleware.wire;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpClient.Version;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.time.Duration;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;

import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

import io.github.asyncmiddleware.testsupport.boot.BootServer;
import io.github.asyncmiddleware.wire.PassThroughs.Style;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that middlewares which change nothing leave answers as they were where the
 * connection is encrypted and its protocol is negotiated, for HTTP/2 and for HTTP/1.1, on
 * each server that Spring Boot starts for WebFlux. A client that none of us wrote asks,
 * and trusts the certificate of the server only.
 */
@Tag("servers")
class EncryptedTests {

	private static final String PASSWORD = "change-it";

	private static final int COUNT = 3;

	/** The answers that a server writes by itself, and closes the connection after. */
	private static final int FILES = 2;

	private static final List<Call> CALLS = List.of(Call.get("/text"), Call.get("/json"), Call.get("/ndjson"),
			Call.get("/sse"), Call.get("/sse-text"), Call.get("/large"), Call.get("/forwarded"), Call.get("/cookies"),
			Call.of("HEAD", "/text"), Call.of("HEAD", "/large-flux"), Call.of("HEAD", "/missing"),
			Call.get("/no-content"), Call.get("/etag", "If-None-Match: \"one\""), Call.get("/missing"),
			Call.get("/fails"), Call.get("/throws", "Accept: text/html"), Call.get("/files/file.txt"),
			Call.get("/files/file.txt", "Range: bytes=2-5"), Call.get("/large", "Accept-Encoding: gzip"),
			Call.post("/echo", "text/plain", "hello"),
			Call.post("/echo-stream", "application/octet-stream", "y".repeat(200_000)),
			Call.post("/form", "application/x-www-form-urlencoded", "a=1&b=2"),
			Call.post("/unread", "text/plain", "nobody reads this"), Call.of("DELETE", "/any"));

	/** Where the body of the request is read. */
	private static final Set<String> READ = Set.of("/echo", "/echo-stream", "/form");

	@TempDir
	private static Path directory;

	private static KeyStore keys;

	private static final Map<Server, Map<String, String>> bare = new EnumMap<>(Server.class);

	@BeforeAll
	static void askTheApplicationItself() throws Exception {
		keys = makeKeys();
		for (Server kind : Server.values()) {
			try (BootServer server = start(kind, SameBytesTests.NO_STARTER)) {
				bare.put(kind, ask(server, (version) -> calls(kind, version)));
			}
		}
	}

	static Stream<Arguments> servers() {
		return Stream.of(Server.values())
			.flatMap((kind) -> Stream.of(Style.values()).map((style) -> Arguments.of(kind, style)));
	}

	@ParameterizedTest
	@MethodSource("servers")
	void answersAreTheSameAndRecordedOnce(Server kind, Style style) throws Exception {
		Map<String, String> expected = bare.get(kind);
		try (BootServer server = start(kind, "wire.style=" + style, "wire.count=" + COUNT)) {
			Map<String, String> actual = ask(server, (version) -> calls(kind, version, style));
			actual.forEach((call, answer) -> assertThat(answer).as(call).isEqualTo(expected.get(call)));
			int leftOut = mayLoseBodies(kind, style) ? READ.size() * Version.values().length : 0;
			assertThat(actual).hasSize(expected.size() - leftOut);
			assertRecorded(server, "requests ", actual.size());
			for (int i = 0; i < COUNT; i++) {
				assertRecorded(server, "own passThrough" + i + " ", actual.size());
			}
			assertThat(server.records().sum("requests gone_before_head")).isZero();
			// A client leaves with the last byte, which Reactor Netty may tell before it
			// tells that it has written a file
			assertThat(server.records().sum("requests gone_after_head"))
				.isLessThanOrEqualTo((kind == Server.REACTOR_NETTY) ? FILES : 0);
		}
	}

	private static void assertRecorded(BootServer server, String records, int calls) {
		Patience.await().until(() -> server.records().sum(records) >= calls);
		assertThat(server.records().sum(records)).isEqualTo(calls);
	}

	@ParameterizedTest
	@EnumSource
	void answersAreOfEveryKind(Server kind) {
		Map<String, String> expected = bare.get(kind);
		for (Version version : Version.values()) {
			for (int status : List.of(200, 204, 206, 304, 404, 500)) {
				assertThat(expected).anySatisfy((call, answer) -> {
					assertThat(call).startsWith(version.toString());
					assertThat(answer).startsWith(status + "\r\n");
				});
			}
			for (Call call : calls(kind, version)) {
				if (call.path().equals("/unread")) {
					assertThat(expected.get(version + " " + call)).startsWith("401\r\n");
				}
			}
			assertThat(expected.get(version + " " + Call.get("/forwarded")))
				.endsWith("\r\n\r\nhttps://localhost/forwarded");
		}
	}

	private static KeyStore makeKeys() throws IOException, GeneralSecurityException, InterruptedException {
		Path file = directory.resolve("keys.p12");
		Process keytool = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
				"-genkeypair", "-alias", "test", "-keyalg", "EC", "-dname", "CN=localhost", "-ext", "san=dns:localhost",
				"-validity", "2", "-storetype", "PKCS12", "-storepass", PASSWORD, "-keystore", file.toString())
			.redirectErrorStream(true)
			.start();
		String output = new String(keytool.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
		assertThat(keytool.waitFor()).as(output).isZero();
		KeyStore keys = KeyStore.getInstance("PKCS12");
		try (InputStream input = Files.newInputStream(file)) {
			keys.load(input, PASSWORD.toCharArray());
		}
		return keys;
	}

	private static BootServer start(Server kind, String... properties) {
		String[] all = Stream
			.of(SameBytesTests.PROPERTIES,
					new String[] { kind.property(), "server.ssl.key-store=file:" + directory.resolve("keys.p12"),
							"server.ssl.key-store-type=PKCS12", "server.ssl.key-store-password=" + PASSWORD,
							"server.http2.enabled=true",
							// A connection that is kept alive may be read no more
							// (reactor-netty#4361)
							"server.netty.max-keep-alive-requests=1" },
					properties)
			.flatMap(Stream::of)
			.toArray(String[]::new);
		return BootServer.start(List.of(WireEndpoints.class, Chain.class), all);
	}

	/**
	 * The calls that a server answers in a version. With or without middlewares, Tomcat
	 * answers a HEAD over HTTP/2 with an empty DATA frame ahead of its headers, and Jetty
	 * may cancel the stream, or close the connection, of a request that it has answered
	 * without reading it.
	 */
	private static List<Call> calls(Server kind, Version version) {
		return CALLS.stream().filter((call) -> switch (kind) {
			case TOMCAT -> version == Version.HTTP_1_1 || !call.method().equals("HEAD");
			case JETTY -> !call.path().equals("/unread");
			default -> true;
		}).toList();
	}

	private static List<Call> calls(Server kind, Version version, Style style) {
		return calls(kind, version).stream()
			.filter((call) -> !READ.contains(call.path()) || !mayLoseBodies(kind, style))
			.toList();
	}

	/**
	 * Where a body is read on another thread than that of the server, as behind a
	 * middleware that blocks, Tomcat and Jetty leave about one of a hundred requests with
	 * a large one without an answer; so they do behind a filter with a {@code publishOn}
	 * and without middlewares. A small one that comes late is read in the same way.
	 */
	private static boolean mayLoseBodies(Server kind, Style style) {
		return kind != Server.REACTOR_NETTY && style == Style.BLOCKING;
	}

	private static Map<String, String> ask(BootServer server, Function<Version, List<Call>> calls) throws Exception {
		TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
		trust.init(keys);
		SSLContext context = SSLContext.getInstance("TLS");
		context.init(null, trust.getTrustManagers(), null);
		HttpClient client = HttpClient.newBuilder()
			.sslContext(context)
			.connectTimeout(Duration.ofSeconds(30))
			.followRedirects(HttpClient.Redirect.NEVER)
			.build();
		Map<String, String> answers = new LinkedHashMap<>();
		for (Version version : Version.values()) {
			for (Call call : calls.apply(version)) {
				answers.put(version + " " + call, ask(client, version, server.port(), call));
			}
		}
		return answers;
	}

	private static String ask(HttpClient client, Version version, int port, Call call) throws Exception {
		BodyPublisher body = call.body().isEmpty() ? BodyPublishers.noBody()
				: BodyPublishers.ofString(call.body(), StandardCharsets.ISO_8859_1);
		HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("https://localhost:" + port + call.path()))
			.version(version)
			.timeout(Duration.ofSeconds(30))
			.method(call.method(), body);
		for (String header : call.headers()) {
			// The client has its own idea of the length
			if (!header.startsWith("Content-Length:")) {
				request.header(header.substring(0, header.indexOf(':')), header.substring(header.indexOf(':') + 2));
			}
		}
		HttpResponse<String> response;
		try {
			response = client.send(request.build(), BodyHandlers.ofString(StandardCharsets.ISO_8859_1));
		}
		catch (IOException ex) {
			throw new IOException("No answer to " + version + " " + call, ex);
		}
		assertThat(response.version()).as("version of " + call).isEqualTo(version);
		StringBuilder text = new StringBuilder(response.statusCode() + "\r\n");
		response.headers()
			.map()
			.forEach((name, values) -> values
				.forEach((value) -> text.append(name).append(": ").append(value).append("\r\n")));
		return SameBytesTests.withoutDatesAndIds(text + "\r\n" + response.body());
	}

	@Configuration(proxyBeanMethods = false)
	@Import(PassThroughs.class)
	static class Chain {

	}

}
