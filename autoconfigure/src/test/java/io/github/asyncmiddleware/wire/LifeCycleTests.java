package io.github.asyncmiddleware.wire;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.ref.WeakReference;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;

import io.github.asyncmiddleware.testsupport.boot.Answer;
import io.github.asyncmiddleware.testsupport.boot.BootServer;
import io.github.asyncmiddleware.testsupport.boot.Client;
import io.github.asyncmiddleware.testsupport.boot.Protocol;
import io.github.asyncmiddleware.testsupport.boot.Records;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for applications that stop while they work, and for those that start again and
 * again.
 */
class LifeCycleTests {

	private static final int IN_FLIGHT = 1_000;

	private static final int RESTARTS = Integer.getInteger("lifecycle.restarts", 10);

	/**
	 * After that many starts, classes are counted. Before, Java makes some for what is
	 * called often, such as a constructor through reflection.
	 */
	private static final int SETTLED = 40;

	/** A name ends in a number where there are several of a kind. */
	private static final String NUMBER = "[-\\d]+$";

	@Test
	void aGracefulStopLosesNothing() throws Exception {
		BootServer server = BootServer.start(App.class, "wire.style=blocking", "wire.count=2",
				"server.shutdown=graceful", "async-middleware.blocking.max-queued=1000");
		SimpleMeterRegistry registry = server.bean(SimpleMeterRegistry.class);
		Waiting waiting = server.bean(Waiting.class);
		List<Client> clients = new ArrayList<>();
		try {
			for (int i = 0; i < IN_FLIGHT; i++) {
				Client client = Protocol.HTTP_1_1.connect(server.port());
				client.head("GET", "/waits", true);
				clients.add(client);
			}
			Patience.await().until(() -> waiting.entered.get() == IN_FLIGHT);
			int port = server.port();
			CompletableFuture<Void> stop = CompletableFuture.runAsync(server::close);
			// The stop has begun when there are no new connections any more
			Patience.await().until(() -> isRefused(port));
			assertThat(stop).isNotDone();
			waiting.go.tryEmitEmpty();
			for (Client client : clients) {
				Answer answer = client.answer();
				assertThat(answer.text()).isEqualTo("200 answer");
				assertThat(answer.complete()).isTrue();
			}
			stop.get(30, TimeUnit.SECONDS);
		}
		finally {
			clients.forEach(Client::close);
			server.close();
		}
		// What is left is handed over before the registry is gone
		assertThat(Records.of(registry).count("requests ok")).isEqualTo(IN_FLIGHT);
		assertThat(Records.of(registry).sum("own passThrough0 ")).isEqualTo(IN_FLIGHT);
	}

	private static boolean isRefused(int port) {
		try (Socket socket = new Socket("localhost", port)) {
			return false;
		}
		catch (IOException ex) {
			return true;
		}
	}

	@Test
	void restartsLeaveNothing() {
		runOnce();
		Map<String, Long> threads = threads();
		int classes = 0;
		List<WeakReference<Object>> contexts = new ArrayList<>();
		for (int i = 0; i < RESTARTS; i++) {
			contexts.add(new WeakReference<>(runOnce()));
			if (i == SETTLED) {
				classes = loadedClasses();
			}
		}
		Patience.await().untilAsserted(() -> {
			Map<String, Long> more = threads();
			more.entrySet().removeIf((kind) -> kind.getValue() <= threads.getOrDefault(kind.getKey(), 0L));
			assertThat(more).isEmpty();
		});
		// A collection may have to come twice; the last context stays without the
		// starter,
		// too
		Patience.await().untilAsserted(() -> {
			System.gc();
			assertThat(contexts.subList(0, RESTARTS - 1)).allMatch((context) -> context.refersTo(null));
		});
		if (RESTARTS > SETTLED) {
			assertThat(loadedClasses() - classes).isLessThan((RESTARTS - SETTLED) / 2);
		}
	}

	private static int loadedClasses() {
		System.gc();
		return ManagementFactory.getClassLoadingMXBean().getLoadedClassCount();
	}

	private static Object runOnce() {
		try (BootServer server = BootServer.start(App.class, "wire.style=blocking", "wire.count=2")) {
			server.bean(Waiting.class).go.tryEmitEmpty();
			assertThat(Client.exchange(Protocol.HTTP_1_1, server.port(), "GET", "/waits").text())
				.isEqualTo("200 answer");
			return server.context();
		}
	}

	/**
	 * The kinds of thread that there are, with their number.
	 */
	private static Map<String, Long> threads() {
		// Reactor and the JDK share these, as many as there are processors
		return Thread.getAllStackTraces()
			.keySet()
			.stream()
			.map((thread) -> thread.getName().replaceAll(NUMBER, ""))
			.filter((name) -> !name
				.matches("parallel|boundedElastic|ForkJoinPool.*|awaitility.*|Thread|Attach Listener"))
			.collect(Collectors.groupingBy((name) -> name, TreeMap::new, Collectors.counting()));
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@Import({ PassThroughs.class, Waiting.class })
	static class App {

	}

	/**
	 * A handler that waits until the test lets it go on.
	 */
	@RestController
	static class Waiting {

		final AtomicInteger entered = new AtomicInteger();

		final Sinks.Empty<String> go = Sinks.empty();

		@GetMapping("/waits")
		Mono<String> waits() {
			this.entered.incrementAndGet();
			return this.go.asMono().switchIfEmpty(Mono.just("answer"));
		}

	}

}
