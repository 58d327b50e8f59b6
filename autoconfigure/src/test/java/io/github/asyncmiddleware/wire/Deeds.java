package io.github.asyncmiddleware.wire;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import io.github.asyncmiddleware.testsupport.boot.BootServer;
import io.github.asyncmiddleware.testsupport.boot.Http1Client;
import org.awaitility.Awaitility;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DefaultDataBufferFactory;
import org.springframework.web.server.ServerWebExchange;

/**
 * What the code of an application does, as a header of the request tells: it goes on
 * until the test ends it, so nothing depends on how long anything takes.
 */
final class Deeds {

	/** How long a body is that no client takes without reading. */
	static final int LARGE = 64 << 20;

	static final String FORM = "Content-Type: application/x-www-form-urlencoded";

	private static final String HEADER = "X-Deed";

	/** Where Spring takes over from each server. */
	private static final String ADAPTERS = "org.springframework.http.server.reactive.";

	private static final int PIECE = 1 << 16;

	private static final Duration PATIENCE = Duration.ofMinutes(1);

	private final NamedThreads threads;

	private final AtomicInteger begun = new AtomicInteger();

	private final AtomicInteger pieces = new AtomicInteger();

	private volatile Thread reader = Thread.currentThread();

	private volatile CompletableFuture<Void> over = new CompletableFuture<>();

	Deeds(NamedThreads threads) {
		this.threads = threads;
	}

	/**
	 * Do on the current thread what keeps it.
	 */
	void perform(ServerWebExchange exchange) {
		this.threads.block(exchange.getRequest());
		if (Deed.HOLD.isWantedBy(exchange)) {
			this.begun.incrementAndGet();
			hold(this.over);
		}
		else if (Deed.LOAD.isWantedBy(exchange)) {
			load(this.over);
		}
	}

	private static void hold(CompletableFuture<Void> over) {
		try {
			over.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
		}
		catch (Exception ex) {
			throw new IllegalStateException("The test has forgotten this thread", ex);
		}
	}

	/**
	 * Load one class after the other, some in each of the looks of a watch. Where this
	 * thread does not get as far as that, it had no processor.
	 */
	private void load(CompletableFuture<Void> over) {
		byte[] code = code();
		long begin = System.nanoTime();
		while (!over.isDone() && System.nanoTime() - begin < PATIENCE.toNanos()) {
			new Loader().load(code);
			this.begun.compareAndSet(0, 1);
			long end = System.nanoTime() + Duration.ofMillis(5).toNanos();
			while (System.nanoTime() < end) {
				Thread.onSpinWait();
			}
		}
	}

	private static byte[] code() {
		try (InputStream stream = Deeds.class.getResourceAsStream("Deeds$Deed.class")) {
			return stream.readAllBytes();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * Wait without a thread.
	 */
	Mono<Void> await(ServerWebExchange exchange) {
		if (Deed.WAIT.isWantedBy(exchange)) {
			return Mono.fromFuture(this.over, true).doOnSubscribe((subscription) -> this.begun.incrementAndGet());
		}
		if (Deed.READ.isWantedBy(exchange)) {
			return read(exchange);
		}
		return Mono.empty();
	}

	/**
	 * Read a form.
	 */
	Mono<Void> read(ServerWebExchange exchange) {
		return exchange.getFormData().doOnSubscribe((subscription) -> {
			this.reader = Thread.currentThread();
			this.begun.incrementAndGet();
		}).then();
	}

	/**
	 * Wait until the thread that has begun to read last is no longer in a request.
	 */
	void awaitReaderGone() {
		Awaitility.await()
			.atMost(PATIENCE)
			.until(() -> Arrays.stream(this.reader.getStackTrace())
				.noneMatch((frame) -> frame.getClassName().startsWith(ADAPTERS)));
	}

	/**
	 * A body of {@link #LARGE} bytes, a piece at a time.
	 */
	Flux<DataBuffer> large() {
		return Flux.range(0, LARGE / PIECE).map((i) -> {
			this.pieces.incrementAndGet();
			return DefaultDataBufferFactory.sharedInstance.wrap(new byte[PIECE]);
		});
	}

	/**
	 * How much of such bodies there was to send until now.
	 */
	long made() {
		return (long) this.pieces.get() * PIECE;
	}

	/**
	 * Send a request whose code does something; a form breaks off before its end.
	 * @param place the path of the code
	 */
	static Http1Client open(BootServer server, String place, Deed deed) {
		Http1Client client = new Http1Client(server.port());
		if (deed == Deed.READ) {
			client.head("POST", "/" + place, false, FORM, "Content-Length: 3", deed.header());
			client.body("a", false);
		}
		else {
			client.head("GET", "/" + place, true, deed.header());
		}
		return client;
	}

	/**
	 * Wait until some of them have begun.
	 */
	void awaitBegun(int times) {
		Awaitility.await().atMost(PATIENCE).until(() -> this.begun.get() >= times);
	}

	/**
	 * End all of them. Those that begin later go on until the next call.
	 */
	void end() {
		CompletableFuture<Void> over = this.over;
		this.over = new CompletableFuture<>();
		this.begun.set(0);
		over.complete(null);
	}

	/**
	 * What code can do.
	 */
	enum Deed {

		/** Keep the thread. */
		HOLD,

		/** Keep the thread, with classes that are loaded. */
		LOAD,

		/** Wait for another thread. */
		WAIT,

		/** Read a form. */
		READ,

		/** Answer with a large body. */
		ANSWER;

		boolean isWantedBy(ServerWebExchange exchange) {
			return name().equals(exchange.getRequest().getHeaders().getFirst(HEADER));
		}

		String header() {
			return HEADER + ": " + name();
		}

	}

	private static final class Loader extends ClassLoader {

		void load(byte[] code) {
			defineClass(null, code, 0, code.length);
		}

	}

}
