package io.github.asyncmiddleware.autoconfigure;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

import io.github.asyncmiddleware.internal.chain.Middleware;
import io.github.asyncmiddleware.internal.chain.MiddlewareScope;
import io.github.asyncmiddleware.internal.record.Ticker;
import io.github.asyncmiddleware.internal.watch.ActiveRequests;
import io.github.asyncmiddleware.internal.watch.RequestWatch;
import io.github.asyncmiddleware.testsupport.Blocking;
import io.github.asyncmiddleware.testsupport.RecordingListener;
import io.github.asyncmiddleware.testsupport.TestChain;
import org.awaitility.Awaitility;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import org.springframework.http.server.reactive.JettyCoreHttpHandlerAdapter;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that the watch does not depend on the server: Jetty's threads are known to nobody
 * but Jetty.
 */
class JettyBlockingWatchIntegrationTests {

	private static final Duration BLOCK = Duration.ofMillis(250);

	private final BlockingQueue<String> blocked = new LinkedBlockingQueue<>();

	@ParameterizedTest
	@EnumSource(value = Blocking.class, names = { "SLEEP", "LOCK", "WAIT", "COMPUTE" })
	void namesWhoBlocks(Blocking kind) throws Exception {
		Middleware blocks = TestChain.middleware(0, "blocks", (exchange, chain) -> {
			kind.block(BLOCK);
			return chain.filter(exchange);
		});
		Middleware passes = new Middleware(1, "passes", getClass(), 1, MiddlewareScope.ALL,
				(exchange, chain) -> chain.filter(exchange));
		RecordingListener listener = new Listener();
		RequestWatch watch = RequestWatch.create(List.of(blocks, passes), List.of(listener), Duration.ofMillis(50),
				null, new ActiveRequests(), Ticker.SYSTEM);
		Server server = new Server();
		ServerConnector connector = new ServerConnector(server);
		server.addConnector(connector);
		server.setHandler(new JettyCoreHttpHandlerAdapter(new TestChain().entries(List.of(blocks, passes))
			.listener(listener)
			.activities(watch.activities())
			.build()));
		watch.start();
		server.start();
		try {
			// It accuses nobody for a time in which it had no processor itself
			String name = Awaitility.await()
				.pollDelay(Duration.ZERO)
				.pollInSameThread()
				.atMost(Duration.ofMinutes(1))
				.until(() -> {
					assertThat(get(connector.getLocalPort())).isEqualTo(200);
					return this.blocked.poll(1, TimeUnit.SECONDS);
				}, Objects::nonNull);
			assertThat(name).isEqualTo("blocks");
			assertThat(this.blocked).isEmpty();
		}
		finally {
			server.stop();
			watch.close();
		}
	}

	private static int get(int port) throws IOException {
		HttpURLConnection connection = (HttpURLConnection) URI.create("http://localhost:" + port + "/")
			.toURL()
			.openConnection();
		try {
			return connection.getResponseCode();
		}
		finally {
			connection.disconnect();
		}
	}

	private final class Listener extends RecordingListener {

		@Override
		public void onBlocked(@Nullable Middleware middleware, long nanoseconds) {
			String name = (middleware != null) ? middleware.name() : "app";
			// A machine that has a lot to do can hold others up as well, but not for so
			// long
			if (name.equals("blocks") || nanoseconds >= BLOCK.toNanos() / 2) {
				JettyBlockingWatchIntegrationTests.this.blocked.add(name);
			}
		}

	}

}
