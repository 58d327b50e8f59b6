package io.github.asyncmiddleware.benchmarks;

import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.lang.management.ThreadMXBean;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

import io.github.asyncmiddleware.internal.boundary.MiddlewareHttpHandlerFactory;
import io.github.asyncmiddleware.internal.chain.Deadlines;
import io.github.asyncmiddleware.internal.chain.FailureLog;
import io.github.asyncmiddleware.internal.chain.Middleware;
import io.github.asyncmiddleware.internal.chain.MiddlewareScope;
import io.github.asyncmiddleware.internal.chain.MisuseGuard;
import io.github.asyncmiddleware.internal.record.HeadDecorator;
import io.github.asyncmiddleware.internal.record.RequestRecord;
import io.github.asyncmiddleware.internal.record.RequestResult;
import io.github.asyncmiddleware.internal.record.Ticker;
import io.github.asyncmiddleware.internal.run.Guards;
import io.github.asyncmiddleware.internal.sample.RequestListener;
import io.github.asyncmiddleware.internal.watch.ActiveRequests;
import io.github.asyncmiddleware.internal.watch.RequestWatch;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.netty.DisposableServer;
import reactor.netty.http.server.HttpServer;

import org.springframework.http.server.reactive.HttpHandler;
import org.springframework.http.server.reactive.ReactorHttpHandlerAdapter;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.util.Assert;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;
import org.springframework.web.server.adapter.WebHttpHandlerBuilder;

/**
 * Counts how often the blocking watch is right, on a real server: how many injected
 * blocks it finds and names, and whom it accuses of clean requests while the garbage
 * collector is forced to run and the process is stopped.
 * <p>
 * The stops need a Unix: a shell sends the signals.
 */
public final class WatchCampaign {

	private static final Duration THRESHOLD = Duration.ofMillis(50);

	/** The threshold and two looks at the threads. */
	private static final int SHORTEST = 70;

	private static final int LONGEST = 200;

	private static final int CLIENTS = 4;

	private static final int CLEAN_CLIENTS = 16;

	private static final int WARM_UP = 20_000;

	private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

	private WatchCampaign() {
	}

	/**
	 * Run both parts and print what came out.
	 * @param args the number of blocks, 1000 if none is given, and of clean requests,
	 * 1000000 if none is given
	 * @throws Exception if the server cannot be reached
	 */
	public static void main(String[] args) throws Exception {
		int blocks = (args.length > 0) ? Integer.parseInt(args[0]) : 1000;
		int requests = (args.length > 1) ? Integer.parseInt(args[1]) : 1_000_000;
		try (Application application = new Application()) {
			run(CLIENTS, WARM_UP, application, (client, number) -> client.get(null, null, 0));
			for (Place place : Place.values()) {
				run(1, 20, application, (client, number) -> client.get(place, Kind.COMPUTE, 1));
			}
			Thread.sleep(2000);
			application.accusations.clear();
			block(application, blocks);
			Thread.sleep(2000);
			application.accusations.clear();
			leaveAlone(application, requests);
		}
		System.exit(0);
	}

	private static void block(Application application, int blocks) throws Exception {
		Map<String, AtomicInteger> injected = new ConcurrentHashMap<>();
		run(CLIENTS, blocks, application, (client, number) -> {
			Random random = new Random(number);
			Place place = Place.values()[random.nextInt(Place.values().length)];
			Kind kind = Kind.values()[random.nextInt(Kind.values().length)];
			injected.computeIfAbsent(place.name(), (key) -> new AtomicInteger()).incrementAndGet();
			client.get(place, kind, SHORTEST + random.nextInt(LONGEST - SHORTEST));
		});
		Thread.sleep(1000);
		int found = 0;
		int accusations = 0;
		for (Place place : Place.values()) {
			int expected = count(injected, place.name());
			int actual = count(application.accusations, place.name());
			found += Math.min(expected, actual);
			System.out.printf("  %-10s %4d injected, %4d accused%n", place, expected, actual);
		}
		for (AtomicInteger count : application.accusations.values()) {
			accusations += count.get();
		}
		System.out.printf(
				"Blocks of %d to %d ms, threshold %d ms: %d injected, %d found with the right name (%.1f %%),"
						+ " %d other accusations%n",
				SHORTEST, LONGEST, THRESHOLD.toMillis(), blocks, found, 100.0 * found / blocks, accusations - found);
	}

	private static int count(Map<String, AtomicInteger> counts, String name) {
		AtomicInteger count = counts.get(name);
		return (count != null) ? count.get() : 0;
	}

	private static void leaveAlone(Application application, int requests) throws Exception {
		AtomicInteger collections = new AtomicInteger();
		AtomicInteger stops = new AtomicInteger();
		long processorTime = processorTimeOfWatch();
		long start = System.nanoTime();
		run(CLEAN_CLIENTS, requests, application, (client, number) -> {
			if ((number + 1) % Math.max(requests / 50, 1) == 0 && collections.getAndIncrement() < 50) {
				System.gc();
			}
			if ((number + 1) % Math.max(requests / 10, 1) == 0 && stops.getAndIncrement() < 10) {
				stop(1 + number % 3);
			}
			client.get(null, null, (number % 50 == 0) ? 1 : 0);
		});
		double watch = (processorTimeOfWatch() - processorTime) * 100.0 / (System.nanoTime() - start);
		Thread.sleep(1000);
		int accusations = application.accusations.values().stream().mapToInt(AtomicInteger::get).sum();
		System.out.printf("%d clean requests, %d forced collections, %d stops of the process: %d accusations %s%n",
				requests, Math.min(collections.get(), 50), Math.min(stops.get(), 10), accusations,
				(accusations > 0) ? application.accusations : "");
		System.out.printf("The watch took %.3f %% of one processor meanwhile%n", watch);
	}

	private static void stop(int seconds) throws IOException {
		long process = ProcessHandle.current().pid();
		new ProcessBuilder("sh", "-c", "kill -STOP %1$d; sleep %2$d; kill -CONT %1$d".formatted(process, seconds))
			.inheritIO()
			.start();
	}

	private static long processorTimeOfWatch() {
		for (ThreadInfo thread : THREADS.getThreadInfo(THREADS.getAllThreadIds())) {
			if (thread != null && thread.getThreadName().equals("async-middleware-watch")) {
				return THREADS.getThreadCpuTime(thread.getThreadId());
			}
		}
		throw new IllegalStateException("There is no watch");
	}

	private static void run(int clients, int requests, Application application, Task task) throws Exception {
		AtomicInteger next = new AtomicInteger();
		AtomicLong failures = new AtomicLong();
		List<Thread> threads = new ArrayList<>();
		for (int i = 0; i < clients; i++) {
			Thread thread = new Thread(() -> {
				try (Client client = new Client(application.port())) {
					for (int number = next.getAndIncrement(); number < requests; number = next.getAndIncrement()) {
						task.perform(client, number);
					}
				}
				catch (Exception ex) {
					failures.incrementAndGet();
					ex.printStackTrace();
				}
			});
			threads.add(thread);
			thread.start();
		}
		for (Thread thread : threads) {
			thread.join();
		}
		Assert.state(failures.get() == 0, "A client has failed");
	}

	/**
	 * What a client does for one request.
	 */
	private interface Task {

		void perform(Client client, int number) throws Exception;

	}

	/**
	 * Where to block. Each has a class, so that it can be told by its stack.
	 */
	private enum Place {

		BEFORE(new Before()), OPERATOR(new Operator()), CALLBACK(new Callback()), RETURN(new Return()),
		LATE_RETURN(new LateReturn()), FINALLY(new Finally());

		private final WebFilter filter;

		Place(WebFilter filter) {
			this.filter = filter;
		}

		void block(ServerHttpRequest request) {
			if (name().equals(request.getHeaders().getFirst("X-Place"))) {
				Kind kind = Kind.valueOf(String.valueOf(request.getHeaders().getFirst("X-Kind")));
				String millis = String.valueOf(request.getHeaders().getFirst("X-Millis"));
				try {
					kind.block(Duration.ofMillis(Long.parseLong(millis)));
				}
				catch (Exception ex) {
					throw new IllegalStateException(ex);
				}
			}
		}

	}

	/**
	 * How to block.
	 */
	private enum Kind {

		SLEEP, LOCK, COMPUTE, WAIT, READ;

		void block(Duration duration) throws Exception {
			switch (this) {
				case SLEEP -> Thread.sleep(duration.toMillis());
				case LOCK -> lock(duration);
				case COMPUTE -> compute(duration);
				case WAIT -> new CountDownLatch(1).await(duration.toNanos(), TimeUnit.NANOSECONDS);
				case READ -> new ProcessBuilder("sleep", String.valueOf(duration.toMillis() / 1000.0)).start()
					.getInputStream()
					.read();
			}
		}

		private static void lock(Duration duration) throws InterruptedException {
			Object lock = new Object();
			CountDownLatch locked = new CountDownLatch(1);
			new Thread(() -> hold(lock, locked, duration)).start();
			locked.await();
			synchronized (lock) {
				lock.notifyAll();
			}
		}

		private static void hold(Object lock, CountDownLatch locked, Duration duration) {
			synchronized (lock) {
				locked.countDown();
				try {
					Thread.sleep(duration.toMillis());
				}
				catch (InterruptedException ex) {
					Thread.currentThread().interrupt();
				}
			}
		}

		private static void compute(Duration duration) {
			long end = THREADS.getCurrentThreadCpuTime() + duration.toNanos();
			while (THREADS.getCurrentThreadCpuTime() < end) {
				Thread.onSpinWait();
			}
		}

	}

	private static final class Before implements WebFilter {

		@Override
		public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
			Place.BEFORE.block(exchange.getRequest());
			return chain.filter(exchange);
		}

	}

	private static final class Operator implements WebFilter {

		@Override
		public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
			return Mono.defer(() -> {
				Place.OPERATOR.block(exchange.getRequest());
				return chain.filter(exchange);
			});
		}

	}

	/**
	 * Also where clean requests wait without blocking.
	 */
	private static final class Callback implements WebFilter {

		@Override
		public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
			ServerHttpRequest request = exchange.getRequest();
			if (request.getHeaders().getFirst("X-Place") == null && request.getHeaders().getFirst("X-Slow") == null) {
				return chain.filter(exchange);
			}
			return Mono.delay(Duration.ofMillis(5))
				.doOnNext((done) -> Place.CALLBACK.block(request))
				.then(Mono.defer(() -> chain.filter(exchange)));
		}

	}

	private static final class Return implements WebFilter {

		@Override
		public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
			return chain.filter(exchange).then(Mono.fromRunnable(() -> Place.RETURN.block(exchange.getRequest())));
		}

	}

	private static final class LateReturn implements WebFilter {

		@Override
		public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
			if (exchange.getRequest().getHeaders().getFirst("X-Place") == null) {
				return chain.filter(exchange);
			}
			return chain.filter(exchange)
				.then(Mono.delay(Duration.ofMillis(2)))
				.doOnNext((done) -> Place.LATE_RETURN.block(exchange.getRequest()))
				.then();
		}

	}

	private static final class Finally implements WebFilter {

		@Override
		public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
			return chain.filter(exchange).doFinally((signal) -> Place.FINALLY.block(exchange.getRequest()));
		}

	}

	/**
	 * A server with a middleware for each place, and pass-through ones in between.
	 */
	private static final class Application implements RequestListener, AutoCloseable {

		private final Map<String, AtomicInteger> accusations = new ConcurrentHashMap<>();

		private final RequestWatch watch;

		private final DisposableServer server;

		Application() {
			List<Middleware> middlewares = new ArrayList<>();
			for (Place place : Place.values()) {
				add(middlewares, place.name(), place.filter);
				add(middlewares, "between" + place.ordinal(), new Between());
			}
			this.watch = RequestWatch.create(middlewares, List.of(this), THRESHOLD, Duration.ofMinutes(1),
					new ActiveRequests(), Ticker.SYSTEM);
			Guards guards = new Guards(MisuseGuard.OFF, FailureLog.NONE, Deadlines.NONE, this.watch.activities());
			HttpHandler handler = WebHttpHandlerBuilder
				.webHandler((exchange) -> exchange.getResponse()
					.writeWith(Mono.just(exchange.getResponse().bufferFactory().wrap(Client.BODY))))
				.filters((filters) -> middlewares.forEach((middleware) -> filters.add(middleware.filter())))
				.httpHandlerDecorator(new MiddlewareHttpHandlerFactory((all, context) -> List.copyOf(middlewares),
						List.of(this), guards, Ticker.SYSTEM, HeadDecorator.NONE))
				.build();
			this.watch.start();
			this.server = HttpServer.create()
				.host("localhost")
				.port(0)
				.handle(new ReactorHttpHandlerAdapter(handler))
				.bindNow();
		}

		private static void add(List<Middleware> middlewares, String name, WebFilter filter) {
			int index = middlewares.size();
			middlewares.add(new Middleware(index, name, filter.getClass(), index, MiddlewareScope.ALL, filter));
		}

		int port() {
			return this.server.port();
		}

		@Override
		public void onHead(RequestRecord request) {
		}

		@Override
		public void onEnd(RequestRecord request, RequestResult result) {
		}

		@Override
		public void onBlocked(@Nullable Middleware middleware, long nanoseconds) {
			String name = (middleware != null) ? middleware.name() : "app";
			this.accusations.computeIfAbsent(name, (key) -> new AtomicInteger()).incrementAndGet();
		}

		@Override
		public void close() {
			this.server.disposeNow();
			this.watch.close();
		}

	}

	private static final class Between implements WebFilter {

		@Override
		public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
			return chain.filter(exchange);
		}

	}

	/**
	 * Asks on one connection, and on a new one when that does not answer any more, which
	 * happens with the server (reactor-netty#4361).
	 */
	private static final class Client implements AutoCloseable {

		private static final byte[] BODY = "done\n".getBytes(StandardCharsets.US_ASCII);

		private final int port;

		private @Nullable Socket socket;

		Client(int port) {
			this.port = port;
		}

		void get(@Nullable Place place, @Nullable Kind kind, int millis) throws IOException {
			String request = (place != null)
					? "X-Place: " + place + "\r\nX-Kind: " + kind + "\r\nX-Millis: " + millis + "\r\n"
					: (millis > 0) ? "X-Slow: yes\r\n" : "";
			if (place != null) {
				// To be asked exactly once
				close();
			}
			Socket socket = open();
			socket.getOutputStream()
				.write(("GET / HTTP/1.1\r\nHost: test\r\nContent-Length: 0\r\n" + request + "\r\n")
					.getBytes(StandardCharsets.US_ASCII));
			try {
				readTo(socket.getInputStream());
			}
			catch (SocketTimeoutException ex) {
				close();
				if (place == null) {
					get(null, null, millis);
				}
			}
		}

		private Socket open() throws IOException {
			Socket socket = this.socket;
			if (socket == null) {
				socket = new Socket(InetAddress.getByName("localhost"), this.port);
				socket.setTcpNoDelay(true);
				socket.setSoTimeout(2000);
				this.socket = socket;
			}
			return socket;
		}

		/**
		 * Read until the body is there, which does not occur in a head.
		 */
		private static void readTo(InputStream input) throws IOException {
			byte[] buffer = new byte[1024];
			int length = 0;
			while (length < BODY.length || !endsWithBody(buffer, length)) {
				int read = input.read(buffer, length, buffer.length - length);
				if (read < 0) {
					throw new IOException("Closed");
				}
				length += read;
			}
		}

		private static boolean endsWithBody(byte[] buffer, int length) {
			for (int i = 0; i < BODY.length; i++) {
				if (buffer[length - BODY.length + i] != BODY[i]) {
					return false;
				}
			}
			return true;
		}

		@Override
		public void close() throws IOException {
			Socket socket = this.socket;
			this.socket = null;
			if (socket != null) {
				socket.close();
			}
		}

	}

}
