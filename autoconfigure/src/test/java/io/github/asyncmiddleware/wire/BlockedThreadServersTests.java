package io.github.asyncmiddleware.wire;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;

import io.github.asyncmiddleware.testsupport.boot.Answer;
import io.github.asyncmiddleware.testsupport.boot.BootServer;
import io.github.asyncmiddleware.testsupport.boot.Client;
import io.github.asyncmiddleware.testsupport.boot.Http1Client;
import io.github.asyncmiddleware.testsupport.boot.MeterChanges;
import io.github.asyncmiddleware.wire.Deeds.Deed;
import io.github.asyncmiddleware.wire.NamedThreads.Way;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for who is named when threads of a server are blocked, on each server that Spring
 * Boot starts for WebFlux: each code that blocks one, once each time, and no other.
 * <p>
 * Code that is to be named blocks until it is. What must not be named goes on until other
 * code, which began to block later, was named twice.
 */
@Tag("servers")
class BlockedThreadServersTests {

	/**
	 * Several times as long as a thread that waits for a processor keeps others waiting
	 * for a lock, with two busy processes for each processor.
	 */
	private static final Duration THRESHOLD = Duration.ofMillis(300);

	private static final int TIMES = 2;

	/** As many as Reactor Netty has threads at least. */
	private static final int AT_ONCE = 4;

	/** Where code is on a thread of the server, and in a callback of another thread. */
	private static final List<String> MIDDLEWARES = List.of("filter", "filterBehind", "await", "awaitBehind", "hook",
			"hookInPlace", "hookBehind", "member", "callback");

	/**
	 * Where a foreign filter blocks, while the middleware behind it waits on no thread or
	 * on another.
	 */
	private static final List<String> HELD = List.of("heldFilter", "heldAwait", "heldHook", "heldBlocking");

	private static final List<String> WAITING = List.of("filter", "await", "awaitBehind", "hook", "hookBehind",
			"blocking", "member", "handler");

	private static final List<String> READING = List.of("filter", "await", "hook", "blocking", "member", "handler");

	private static final List<String> ANSWERING = List.of("filter", "handler");

	private static final List<String> LOADING = List.of("filter", "filterBehind", "await", "awaitBehind", "hook",
			"hookInPlace", "hookBehind", "handler");

	@ParameterizedTest
	@EnumSource
	void nameAllCodeThatBlocks(Server kind) {
		try (BootServer server = start(kind)) {
			MeterChanges changes = server.changes();
			List<String> culprits = new ArrayList<>();
			for (Way way : Way.values()) {
				List<String> places = Stream.of(MIDDLEWARES, HELD, List.of("handler"))
					.flatMap(List::stream)
					.filter((place) -> canBeNamed(place, way))
					.toList();
				for (int i = 0; i < TIMES; i++) {
					send(server, places, way.header());
					places.forEach((place) -> culprits.add(MIDDLEWARES.contains(place) ? place : "app"));
				}
			}
			assertThat(culprits).hasSize(82);
			assertNamed(changes, culprits);
			assertThat(server.bean(NamedThreads.class).names()).hasSameElementsAs(culprits);
		}
	}

	/**
	 * Code that other code calls is recognised by the stack. With a computation, that
	 * takes half of a processor, which a busy machine does not have.
	 */
	private static boolean canBeNamed(String place, Way way) {
		return way != Way.COMPUTE || !place.equals("callback");
	}

	@ParameterizedTest
	@EnumSource
	void nameNoCodeThatIsOnNoThread(Server kind) {
		List<Http1Client> clients = new ArrayList<>();
		try (BootServer server = start(kind)) {
			Deeds deeds = server.bean(Deeds.class);
			MeterChanges changes = server.changes();
			for (String place : WAITING) {
				clients.add(Deeds.open(server, place, Deed.WAIT));
			}
			for (String place : READING) {
				clients.add(Deeds.open(server, place, Deed.READ));
			}
			deeds.awaitBegun(WAITING.size() + READING.size());
			for (String place : ANSWERING) {
				Http1Client slow = Deeds.open(server, place, Deed.ANSWER);
				assertThat(slow.readUntil("\r\n\r\n")).startsWith("HTTP/1.1 200");
				clients.add(slow);
			}
			assertThat(clients).hasSize(16);
			List<String> culprits = nameAnother(server, new Http1Client(server.port()));
			assertThat(deeds.made()).isLessThan((long) ANSWERING.size() * Deeds.LARGE);
			assertNamed(changes, culprits);
			deeds.end();
			finish(clients);
			assertNamed(changes, culprits);
		}
		finally {
			clients.forEach(Client::close);
		}
	}

	private static void finish(List<Http1Client> clients) {
		clients.subList(WAITING.size(), WAITING.size() + READING.size()).forEach((client) -> client.body("=b", true));
		for (Http1Client client : clients.subList(0, WAITING.size() + READING.size())) {
			assertThat(client.answer().status()).isEqualTo(200);
		}
		for (Http1Client client : clients.subList(WAITING.size() + READING.size(), clients.size())) {
			assertThat(client.readBytes(Deeds.LARGE)).hasSize(Deeds.LARGE);
		}
	}

	@ParameterizedTest
	@EnumSource
	void nameNoCodeWhoseClassesAreLoaded(Server kind) {
		try (BootServer server = start(kind)) {
			Deeds deeds = server.bean(Deeds.class);
			MeterChanges changes = server.changes();
			List<String> culprits = new ArrayList<>();
			for (String place : LOADING) {
				try (Http1Client client = new Http1Client(server.port())) {
					String thread = client.sendNext("GET", "/any").body();
					Http1Client other = onAnotherThread(server, thread);
					client.head("GET", "/" + place, true, Deed.LOAD.header());
					deeds.awaitBegun(1);
					culprits.addAll(nameAnother(server, other));
					deeds.end();
					assertThat(client.answer().status()).isEqualTo(200);
				}
			}
			assertNamed(changes, culprits);
		}
	}

	/**
	 * Where a body comes later than its head, servlet containers deliver it on some
	 * thread of theirs, which is not in a request. There the stack tells, as on an event
	 * loop.
	 */
	@ParameterizedTest
	@EnumSource
	void nameCodeThatBlocksWhenABodyComes(Server kind) {
		try (BootServer server = start(kind)) {
			Deeds deeds = server.bean(Deeds.class);
			MeterChanges changes = server.changes();
			List<String> culprits = new ArrayList<>();
			for (int i = 0; i < TIMES; i++) {
				try (Http1Client client = new Http1Client(server.port())) {
					String thread = client.sendNext("GET", "/any").body();
					Http1Client other = onAnotherThread(server, thread);
					client.head("POST", "/reader", false, Deeds.FORM, "Content-Length: 3", Deed.HOLD.header());
					deeds.awaitBegun(1);
					deeds.awaitReaderGone();
					client.body("a=b", true);
					deeds.awaitBegun(2);
					culprits.addAll(nameAnother(server, other));
					deeds.end();
					assertThat(client.answer().status()).isEqualTo(200);
				}
				culprits.add("reader");
			}
			assertNamed(changes, culprits);
		}
	}

	@ParameterizedTest
	@EnumSource(names = { "TOMCAT", "JETTY" })
	@EnabledForJreRange(min = JRE.JAVA_21)
	void nameNoCodeOnVirtualThreads(Server kind) {
		try (BootServer server = start(kind, "callback", "spring.threads.virtual.enabled=true")) {
			Deeds deeds = server.bean(Deeds.class);
			MeterChanges changes = server.changes();
			List<Http1Client> clients = LOADING.stream().map((place) -> Deeds.open(server, place, Deed.HOLD)).toList();
			deeds.awaitBegun(LOADING.size());
			send(server, List.of("callback"), Way.PARK.header());
			send(server, List.of("callback"), Way.PARK.header());
			deeds.end();
			clients.forEach((client) -> assertThat(client.answer().status()).isEqualTo(200));
			assertNamed(changes, Collections.nCopies(2, "callback"));
			clients.forEach(Client::close);
		}
	}

	/**
	 * Have code named that is not to be seen as innocent.
	 * @param client where it goes on, closed afterwards
	 * @return the names it was given
	 */
	private static List<String> nameAnother(BootServer server, Http1Client client) {
		try (client) {
			for (int i = 0; i < 2; i++) {
				Answer answer = client.sendNext("GET", "/hookInPlace", Way.PARK.header());
				assertThat(answer.status()).isEqualTo(200);
			}
		}
		return Collections.nCopies(2, "hookInPlace");
	}

	/**
	 * Connect to another thread than one that will be kept, where the server has a thread
	 * for each connection.
	 */
	private static Http1Client onAnotherThread(BootServer server, String thread) {
		Http1Client client = new Http1Client(server.port());
		for (int i = 0; i < AT_ONCE && client.sendNext("GET", "/any").body().equals(thread); i++) {
			client.close();
			client = new Http1Client(server.port());
		}
		return client;
	}

	private static void send(BootServer server, List<String> places, String... headers) {
		for (int from = 0; from < places.size(); from += AT_ONCE) {
			List<Http1Client> clients = new ArrayList<>();
			for (String place : places.subList(from, Math.min(from + AT_ONCE, places.size()))) {
				Http1Client client = new Http1Client(server.port());
				client.head("GET", "/" + place, true, headers);
				clients.add(client);
			}
			for (Http1Client client : clients) {
				assertThat(client.answer().status()).isEqualTo(200);
				client.close();
			}
		}
	}

	/**
	 * A thread that goes on is named once the watch has seen that.
	 */
	private static void assertNamed(MeterChanges changes, List<String> culprits) {
		Awaitility.await()
			.atMost(Duration.ofSeconds(30))
			.untilAsserted(() -> assertThat(changes.blocked()).hasSizeGreaterThanOrEqualTo(culprits.size()));
		assertThat(changes.blocked()).containsExactlyInAnyOrderElementsOf(culprits);
	}

	private static BootServer start(Server kind) {
		return start(kind, "reader");
	}

	/**
	 * Start an application, and block a thread where the watch sees it.
	 */
	private static BootServer start(Server kind, String blocks, String... properties) {
		List<String> all = new ArrayList<>(List.of(properties));
		all.addAll(
				List.of(kind.property(), "server.http2.enabled=" + kind.speaksHttp2(), "async-middleware.stuck-after=0",
						"async-middleware.blocking-watch.threshold=" + THRESHOLD.toMillis() + "ms"));
		BootServer server = BootServer.start(List.of(BlameApplication.class), all.toArray(String[]::new));
		// What runs for the first time is slow by itself
		send(server, Stream.of(MIDDLEWARES, HELD, WAITING).flatMap(List::stream).toList());
		// The watch tells of a block when it is over: that of this one comes last
		send(server, List.of(blocks), Way.PARK.header());
		Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> server.records().count("blocked " + blocks) == 1);
		server.bean(NamedThreads.class).forget();
		return server;
	}

}
