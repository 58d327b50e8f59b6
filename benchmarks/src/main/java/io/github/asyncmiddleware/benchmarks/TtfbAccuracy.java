package io.github.asyncmiddleware.benchmarks;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

import io.github.asyncmiddleware.internal.record.RequestRecord;
import io.github.asyncmiddleware.internal.record.RequestResult;
import io.github.asyncmiddleware.internal.sample.RequestListener;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.DisposableServer;
import reactor.netty.http.server.HttpServer;

import org.springframework.http.MediaType;
import org.springframework.http.server.reactive.HttpHandler;
import org.springframework.http.server.reactive.ReactorHttpHandlerAdapter;
import org.springframework.util.Assert;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerResponse;

/**
 * Compares the time to first byte that the engine measures with the one that a client
 * sees, on a real server and real sockets, and prints by how much they differ.
 * <p>
 * The client is always a little later: its time also has the way through the loopback
 * interface, the decoding of the request, and the writing of the head. What matters is
 * that the difference is small, and the same whatever kind of body is sent.
 */
public final class TtfbAccuracy {

	private static final Duration DELAY = Duration.ofMillis(5);

	private static final int WARM_UP = 300;

	private static final int FILTERS = 10;

	private TtfbAccuracy() {
	}

	/**
	 * Measure and print.
	 * @param args the number of requests for each kind of body, 1000 if none is given
	 * @throws Exception if the server cannot be reached
	 */
	public static void main(String[] args) throws Exception {
		int requests = (args.length > 0) ? Integer.parseInt(args[0]) : 1000;
		Recorder recorder = new Recorder();
		DisposableServer server = HttpServer.create()
			.host(InetAddress.getLoopbackAddress().getHostAddress())
			.port(0)
			.handle(new ReactorHttpHandlerAdapter(handler(recorder)))
			.bindNow();
		try {
			System.out.printf(Locale.ROOT, "%d requests each, %d ms before the first element, JDK %s%n%n", requests,
					DELAY.toMillis(), Runtime.version().feature());
			System.out
				.println("| body | client, median | ours, median | client - ours: median | p5 | p95 | p95 - p5 |");
			System.out.println("|---|--:|--:|--:|--:|--:|--:|");
			measure(server.port(), recorder, WARM_UP);
			measure(server.port(), recorder, requests).forEach(TtfbAccuracy::print);
		}
		finally {
			server.disposeNow();
		}
	}

	private static HttpHandler handler(RequestListener listener) {
		RouterFunction<ServerResponse> routes = RouterFunctions.route()
			.GET("/mono", (request) -> ServerResponse.ok().body(Mono.just("Hello").delayElement(DELAY), String.class))
			.GET("/flux",
					(request) -> ServerResponse.ok()
						.contentType(MediaType.TEXT_PLAIN)
						.body(Flux.just("Hello", ", ", "world").delaySubscription(DELAY), String.class))
			.GET("/sse",
					(request) -> ServerResponse.ok()
						.contentType(MediaType.TEXT_EVENT_STREAM)
						.body(Flux.just("one", "two", "three").delayElements(DELAY), String.class))
			.build();
		return Chains.fused(Chains.middlewares(DistinctFilters.of(BareFilter0000.class, FILTERS, Instruments.NONE)),
				RouterFunctions.toWebHandler(routes), List.of(listener));
	}

	/**
	 * The kinds take turns, on one connection.
	 */
	private static Map<Body, Sample[]> measure(int port, Recorder recorder, int requests) throws Exception {
		Map<Body, Sample[]> samples = new EnumMap<>(Body.class);
		for (Body body : Body.values()) {
			samples.put(body, new Sample[requests]);
		}
		try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
			socket.setTcpNoDelay(true);
			for (int i = 0; i < requests; i++) {
				for (Map.Entry<Body, Sample[]> entry : samples.entrySet()) {
					long client = timeToFirstByte(entry.getKey(), socket);
					entry.getValue()[i] = new Sample(client, recorder.next());
				}
			}
		}
		return samples;
	}

	private static long timeToFirstByte(Body body, Socket socket) throws IOException {
		InputStream response = socket.getInputStream();
		long start = System.nanoTime();
		socket.getOutputStream().write(body.request);
		int first = response.read();
		long time = System.nanoTime() - start;
		Assert.state(first == 'H', "Not an HTTP response");
		String rest = "";
		while (!rest.endsWith(body.end)) {
			byte[] bytes = new byte[1024];
			int length = response.read(bytes);
			Assert.state(length > 0, "The response is incomplete");
			rest += new String(bytes, 0, length, StandardCharsets.US_ASCII);
		}
		return time;
	}

	private static void print(Body body, Sample[] samples) {
		double[] differences = sorted(Arrays.stream(samples).mapToLong(Sample::difference).toArray());
		System.out.printf(Locale.ROOT, "| %s | %.3f ms | %.3f ms | %.0f µs | %.0f µs | %.0f µs | %.0f µs |%n",
				body.name().toLowerCase(Locale.ROOT),
				quantile(sorted(Arrays.stream(samples).mapToLong(Sample::client).toArray()), 0.5) / 1000,
				quantile(sorted(Arrays.stream(samples).mapToLong(Sample::ours).toArray()), 0.5) / 1000,
				quantile(differences, 0.5), quantile(differences, 0.05), quantile(differences, 0.95),
				quantile(differences, 0.95) - quantile(differences, 0.05));
	}

	/**
	 * In microseconds.
	 */
	private static double[] sorted(long[] nanoseconds) {
		return Arrays.stream(nanoseconds).sorted().mapToDouble((value) -> value / 1000.0).toArray();
	}

	private static double quantile(double[] sorted, double quantile) {
		return sorted[(int) Math.round((sorted.length - 1) * quantile)];
	}

	/**
	 * A kind of body.
	 */
	private enum Body {

		MONO("\r\n\r\nHello"), FLUX(Body.LAST_CHUNK), SSE(Body.LAST_CHUNK);

		private static final String LAST_CHUNK = "\r\n0\r\n\r\n";

		private final byte[] request;

		private final String end;

		Body(String end) {
			this.end = end;
			this.request = ("GET /" + name().toLowerCase(Locale.ROOT) + " HTTP/1.1\r\nHost: localhost\r\n\r\n")
				.getBytes(StandardCharsets.US_ASCII);
		}

	}

	/**
	 * The time to first byte of one request, in nanoseconds.
	 *
	 * @param client as the client saw it
	 * @param ours as the engine measured it
	 */
	private record Sample(long client, long ours) {

		long difference() {
			return this.client - this.ours;
		}

	}

	/**
	 * Hands the times that the engine measured to the client, in the order of the
	 * requests.
	 */
	private static final class Recorder implements RequestListener {

		private final BlockingQueue<Long> times = new LinkedBlockingQueue<>();

		@Override
		public void onHead(RequestRecord request) {
			this.times.add(request.ttfb());
		}

		@Override
		public void onEnd(RequestRecord request, RequestResult result) {
		}

		long next() throws InterruptedException {
			Long time = this.times.poll(10, TimeUnit.SECONDS);
			Assert.state(time != null, "The engine has not seen the head of a response");
			return time;
		}

	}

}
