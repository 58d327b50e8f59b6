package io.github.asyncmiddleware.wire;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import io.github.asyncmiddleware.testsupport.Habit;
import io.github.asyncmiddleware.testsupport.boot.BootServer;
import io.github.asyncmiddleware.testsupport.boot.Client;
import io.github.asyncmiddleware.testsupport.boot.EventLoops;
import io.github.asyncmiddleware.testsupport.boot.Leaving;
import io.github.asyncmiddleware.testsupport.boot.Protocol;
import io.github.asyncmiddleware.wire.PassThroughs.Style;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.util.ResourceLeakDetector;
import org.awaitility.core.ConditionTimeoutException;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.core.annotation.Order;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.server.WebFilter;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that middlewares lose no pooled buffer that the application without them has not
 * lost under the same clients, and that the build would notice one that is lost.
 */
class LeaksTests {

	private static final int TIMES = Integer.getInteger("leaks.times", 20);

	private static final String ANSWERED = " while it is answered";

	private static final String AROUND = " around the handler";

	private static final Map<String, Long> bare = new LinkedHashMap<>();

	@BeforeAll
	static void askTheApplicationItself() {
		bare.putAll(lost(SameBytesTests.NO_STARTER));
	}

	@ParameterizedTest
	@EnumSource
	void areNoneThatTheApplicationHasNot(Style style) throws IOException {
		Map<String, Long> lost = lost("wire.style=" + style, "wire.count=2");
		Files.writeString(Path.of("target", "leaks-" + style + ".txt"), lost + "\n" + bare + "\n");
		assertThat(lost).allSatisfy((clients, count) -> assertThat(count).as("%s, of %d", clients, TIMES)
			.isLessThanOrEqualTo(bare.get(clients)));
	}

	/**
	 * What is counted is there to be counted: each second answer is lost by Spring.
	 */
	@ParameterizedTest
	@EnumSource(names = { "RUNS_TWICE", "REPEATS" })
	void areManyWhereAFilterAnswersTwiceInTheApplicationItself(Habit habit) {
		assertThat(bare.get(habit + AROUND)).isGreaterThanOrEqualTo(TIMES);
	}

	private static Map<String, Long> lost(String... properties) {
		Map<String, Long> lost = new LinkedHashMap<>();
		try (BootServer server = BootServer.start(List.of(App.class), properties)) {
			PooledBuffers buffers = server.bean(PooledBuffers.class);
			clients().forEach((name, client) -> {
				for (int i = 0; i < TIMES; i++) {
					client.accept(server);
				}
				Patience.await().until(() -> server.bean(LostEnds.class).open() == 0);
				lost.put(name, unreleased(buffers));
				assertThat(buffers.size()).as(name).isPositive();
				buffers.clear();
			});
		}
		return lost;
	}

	/**
	 * What is not released although there was time for it.
	 */
	private static long unreleased(PooledBuffers buffers) {
		try {
			Patience.await().atMost(2, TimeUnit.SECONDS).until(() -> buffers.unreleased() == 0);
		}
		catch (ConditionTimeoutException ex) {
			// Lost
		}
		return buffers.unreleased();
	}

	/**
	 * What clients and filters do, by name.
	 */
	private static Map<String, Consumer<BootServer>> clients() {
		Map<String, Consumer<BootServer>> clients = new LinkedHashMap<>();
		for (Leaving leaving : Leaving.values()) {
			clients.put(leaving + " in the body", (server) -> leave(server, leaving, (client) -> {
				client.head("POST", "/PASSES/echo", false, "Content-Type: text/plain", "Content-Length: 50");
				client.body("a=b", false);
			}));
			clients.put(leaving + ANSWERED,
					(server) -> leave(server, leaving, (client) -> client.head("GET", "/PASSES/stream", true)));
		}
		for (Habit habit : List.of(Habit.RUNS_TWICE, Habit.REPEATS)) {
			clients.put(habit + AROUND,
					(server) -> Client.exchange(Protocol.HTTP_1_1, server.port(), "GET", "/" + habit + "/text"));
		}
		return clients;
	}

	/**
	 * Leave when the request works with buffers.
	 */
	private static void leave(BootServer server, Leaving leaving, Consumer<Client> begin) {
		PooledBuffers buffers = server.bean(PooledBuffers.class);
		int before = buffers.size();
		try (Client client = leaving.protocol().connect(server.port())) {
			begin.accept(client);
			Patience.await().until(() -> buffers.size() > before);
			client.leave(leaving);
		}
	}

	@Test
	void wouldBeNoticed() {
		assertThat(ResourceLeakDetector.getLevel()).isEqualTo(ResourceLeakDetector.Level.PARANOID);
		try (BootServer server = BootServer.start(Planted.class)) {
			Logger detector = (Logger) LoggerFactory.getLogger(ResourceLeakDetector.class);
			Reports reports = new Reports();
			reports.setContext(detector.getLoggerContext());
			reports.start();
			// Kept to ourselves: the build looks for leaks in all that tests print
			detector.setAdditive(false);
			detector.addAppender(reports);
			try {
				Patience.await().until(() -> {
					assertThat(Client.exchange(Protocol.HTTP_1_1, server.port(), "GET", "/drops").text())
						.isEqualTo("200 dropped");
					System.gc();
					PooledByteBufAllocator.DEFAULT.directBuffer().release();
					return reports.lines.stream()
						.anyMatch((line) -> line.contains("LEAK:") && line.contains("Planted"));
				});
			}
			finally {
				detector.detachAppender(reports);
				detector.setAdditive(true);
			}
		}
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@Import({ Followed.class, PassThroughs.class, Controller.class })
	static class App {

		@Bean
		@Order(-1)
		WebFilter habit() {
			return (exchange, chain) -> {
				exchange.getAttributes().put("giveUp", Sinks.empty());
				return Habit.valueOf(exchange.getRequest().getPath().value().split("/")[1]).filter(exchange, chain);
			};
		}

	}

	@RestController
	static class Controller {

		private static final String PART = "part".repeat(1_000);

		@RequestMapping("/*/text")
		String text() {
			return "text";
		}

		@RequestMapping("/*/echo")
		Mono<String> echo(@RequestBody Mono<String> body) {
			return body;
		}

		/**
		 * As many parts as a client likes to read, made where they are written. A part
		 * that another thread makes while the client leaves can be lost in Spring's
		 * operators, more often the busier the machine is.
		 */
		@RequestMapping("/*/stream")
		Mono<Void> stream(ServerHttpRequest request, ServerHttpResponse response) {
			Scheduler eventLoop = Schedulers.fromExecutorService(EventLoops.of(request));
			Mono<DataBuffer> part = Mono
				.fromSupplier(() -> response.bufferFactory().allocateBuffer(4_096).write(PART, StandardCharsets.UTF_8));
			return response.writeAndFlushWith(
					Flux.interval(Duration.ofMillis(1), eventLoop).onBackpressureDrop().map((i) -> part));
		}

	}

	/**
	 * Takes a pooled buffer for each response, and drops it.
	 */
	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class Planted {

		@RestController
		static class Drops {

			@RequestMapping("/drops")
			String drops(ServerHttpResponse response) {
				response.bufferFactory().allocateBuffer(64).write("dropped", StandardCharsets.UTF_8);
				return "dropped";
			}

		}

	}

	/**
	 * What Netty says of buffers that were not released.
	 */
	private static final class Reports extends AppenderBase<ILoggingEvent> {

		private final Queue<String> lines = new ConcurrentLinkedQueue<>();

		@Override
		protected void append(ILoggingEvent event) {
			this.lines.add(event.getFormattedMessage());
		}

	}

}
