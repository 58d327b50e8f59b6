package io.github.asyncmiddleware.internal.style;

import java.io.IOException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.AppenderBase;
import io.github.asyncmiddleware.OnFailure;
import io.github.asyncmiddleware.internal.chain.Middleware;
import io.github.asyncmiddleware.internal.chain.Misuse;
import io.github.asyncmiddleware.internal.guard.DeadlineWheel;
import io.github.asyncmiddleware.internal.guard.FailureReporter;
import io.github.asyncmiddleware.internal.guard.MisuseReporter;
import io.github.asyncmiddleware.internal.record.MiddlewareResult;
import io.github.asyncmiddleware.internal.record.RequestRecord;
import io.github.asyncmiddleware.internal.record.RequestResult;
import io.github.asyncmiddleware.internal.sample.RequestListener;
import io.github.asyncmiddleware.internal.style.LiarPlan.Client;
import io.github.asyncmiddleware.internal.style.LiarPlan.Liar;
import io.github.asyncmiddleware.internal.style.LiarPlan.Lie;
import io.github.asyncmiddleware.internal.style.LiarPlan.Rest;
import io.github.asyncmiddleware.testsupport.RecordingListener;
import io.github.asyncmiddleware.testsupport.RecordingListener.RecordedRequest;
import io.github.asyncmiddleware.testsupport.RecordingListener.RecordedStep;
import io.github.asyncmiddleware.testsupport.TestChain;
import io.github.asyncmiddleware.testsupport.TestTicker;
import io.github.asyncmiddleware.testsupport.WireServer;
import io.netty.buffer.ByteBufAllocator;
import org.assertj.core.api.SoftAssertions;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Hooks;
import reactor.core.publisher.Mono;
import reactor.netty.channel.AbortedException;

import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferUtils;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.server.reactive.HttpHandler;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.web.ErrorResponse;
import org.springframework.web.server.ServerWebExchange;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Middlewares that lie in every way there is, under load, with clients that leave:
 * nothing hangs, leaks or floods the log, and every request is recorded once. What they
 * do follows from a seed; run one again with {@code -Dlies.seed=...}, and a single
 * request with {@code -Dlies.request=...}.
 */
class LyingMiddlewareTests {

	private static final int REQUESTS = Integer.getInteger("lies.requests", 1_000);

	private static final int CLIENTS = 8;

	private static final int PARTS = 12;

	private final long seed = Long.getLong("lies.seed", System.nanoTime());

	private final ExecutorService executor = Executors.newCachedThreadPool((task) -> new Thread(task, "blocking"));

	private final Offloader offloader = new Offloader(this.executor, 3, 2);

	private final DeadlineWheel wheel = new DeadlineWheel();

	private final Liars liars = new Liars(this.offloader);

	private final Records records = new Records();

	private final AtomicInteger received = new AtomicInteger();

	private final Map<Long, AtomicInteger> handled = new ConcurrentHashMap<>();

	private final Map<Long, Answer> answers = new ConcurrentHashMap<>();

	private final Queue<String> dropped = new ConcurrentLinkedQueue<>();

	private final LogLines log = new LogLines();

	private final Logger root = (Logger) LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME);

	private final Level level = this.root.getLevel();

	private final List<Appender<ILoggingEvent>> appenders = new ArrayList<>();

	private WireServer server;

	@BeforeEach
	void start() {
		this.root.iteratorForAppenders().forEachRemaining(this.appenders::add);
		this.appenders.forEach(this.root::detachAppender);
		this.root.setLevel(Level.WARN);
		this.log.start();
		this.root.addAppender(this.log);
		Hooks.onErrorDropped((ex) -> {
			if (!isExpectedToBeDropped(ex)) {
				this.dropped.add(ex.toString());
			}
		});
		Hooks.onNextDropped((value) -> this.dropped.add(String.valueOf(value)));
		TestTicker ticker = new TestTicker();
		TestChain chain = new TestChain().listener(this.records)
			.guard(new MisuseReporter(true, List.of(this.records), ticker))
			.failures(new FailureReporter(ticker))
			.deadlines(this.wheel)
			.exceptionHandler(LyingMiddlewareTests::renderError);
		this.liars.addTo(chain);
		HttpHandler handler = chain.build(this::handle);
		this.server = new WireServer((request, response) -> {
			this.received.incrementAndGet();
			return handler.handle(request, response);
		});
	}

	@AfterEach
	void stop() {
		this.server.close();
		this.wheel.close();
		this.executor.shutdownNow();
		Hooks.resetOnErrorDropped();
		Hooks.resetOnNextDropped();
		this.root.detachAppender(this.log);
		this.root.setLevel(this.level);
		this.appenders.forEach(this.root::addAppender);
	}

	@Test
	void nothingTheyDoHarmsTheProcess() throws Exception {
		List<LiarPlan> plans = plans();
		try {
			send(plans);
			awaitQuiet();
			assertThat(this.records.misuse(Misuse.NULL_RESULT)).isEqualTo(this.liars.nulls());
			SoftAssertions.assertSoftly((softly) -> plans.forEach((plan) -> softly.check(() -> verify(plan))));
			sendHonestOnes();
			awaitQuiet();
			assertThat(this.records.twice).isEmpty();
			verifyLog();
			assertThat(this.dropped).isEmpty();
		}
		catch (Throwable ex) {
			throw new AssertionError("Run again with -Dlies.seed=" + this.seed + ": " + ex.getMessage(), ex);
		}
	}

	/**
	 * Requests that once ended otherwise than they should, every time: an answer was
	 * discarded by a middleware further in, and a middleware was skipped that had
	 * answered.
	 */
	@ParameterizedTest
	@ValueSource(longs = { 1268911405404945778L, 7104360545559420621L, -6987175710318522088L })
	void endsAsItShould(long request) throws Exception {
		LiarPlan plan = new LiarPlan(request, Liars.ALL);
		this.answers.put(plan.seed, send(plan));
		awaitQuiet();
		verify(plan);
	}

	/**
	 * Reactor Netty drops what it hears of clients that have left; a middleware that has
	 * been cancelled, and writes nevertheless, is told when that is refused; and what it,
	 * or the handler that it runs, fails with after that has no subscriber any more.
	 */
	private static boolean isExpectedToBeDropped(Throwable ex) {
		return AbortedException.isConnectionReset(ex) || "Another response is sent instead".equals(ex.getMessage())
				|| Liars.isLie(ex);
	}

	private List<LiarPlan> plans() {
		Long single = Long.getLong("lies.request");
		if (single != null) {
			return List.of(new LiarPlan(single, Liars.ALL));
		}
		return new Random(this.seed).longs(REQUESTS).mapToObj((seed) -> new LiarPlan(seed, Liars.ALL)).toList();
	}

	private void send(List<LiarPlan> plans) throws Exception {
		Queue<LiarPlan> left = new ConcurrentLinkedQueue<>(plans);
		ExecutorService clients = Executors.newFixedThreadPool(CLIENTS);
		List<Future<?>> running = new ArrayList<>();
		for (int i = 0; i < CLIENTS; i++) {
			running.add(clients.submit(() -> {
				LiarPlan plan = left.poll();
				while (plan != null) {
					this.answers.put(plan.seed, send(plan));
					plan = left.poll();
				}
				return null;
			}));
		}
		clients.shutdown();
		for (Future<?> client : running) {
			client.get();
		}
	}

	private Answer send(LiarPlan plan) throws IOException {
		Random random = new Random(plan.seed);
		try (Socket socket = this.server.open()) {
			if (plan.client.sends()) {
				WireServer.send(socket, "POST /", LiarPlan.HEADER + ": " + plan.seed, "Content-Length: " + 2 * PARTS,
						"Connection: close");
			}
			else {
				WireServer.send(socket, "GET /", LiarPlan.HEADER + ": " + plan.seed);
			}
			return switch (plan.client) {
				case READS -> Answer.of(WireServer.readAll(socket));
				case SENDS_SLOWLY -> {
					sendBody(socket, 2 * PARTS);
					yield Answer.of(WireServer.readAll(socket));
				}
				case HALF_CLOSES -> {
					socket.shutdownOutput();
					yield Answer.of(WireServer.readAll(socket));
				}
				case RESETS_BEFORE -> {
					LockSupport.parkNanos(TimeUnit.MICROSECONDS.toNanos(random.nextInt(15_000)));
					WireServer.reset(socket);
					yield Answer.NONE;
				}
				case RESETS_INSIDE -> {
					readSome(socket, 20 + random.nextInt(150));
					WireServer.reset(socket);
					yield Answer.NONE;
				}
				case RESETS_WHILE_SENDING -> {
					sendBody(socket, PARTS);
					WireServer.reset(socket);
					yield Answer.NONE;
				}
			};
		}
		catch (SocketTimeoutException ex) {
			throw new AssertionError("No answer for " + plan + ", " + this.records.of(plan.seed), ex);
		}
		catch (IOException ex) {
			if (plan.client == Client.READS) {
				throw new AssertionError("No answer for " + plan, ex);
			}
			// The server is free to be quicker than a client that has not sent everything
			return Answer.NONE;
		}
	}

	/**
	 * Read a part of an answer, if there is one.
	 */
	private static void readSome(Socket socket, int bytes) throws IOException {
		socket.setSoTimeout(50);
		try {
			socket.getInputStream().readNBytes(bytes);
		}
		catch (SocketTimeoutException ex) {
			// One that never ends
		}
	}

	private static void sendBody(Socket socket, int parts) throws IOException {
		for (int i = 0; i < parts; i++) {
			socket.getOutputStream().write('x');
			socket.getOutputStream().flush();
			LockSupport.parkNanos(TimeUnit.MICROSECONDS.toNanos(500));
		}
	}

	private void sendHonestOnes() throws IOException {
		long next = this.seed;
		for (int i = 0; i < 100; i++) {
			LiarPlan plan = LiarPlan.honest(next, Liars.ALL);
			next = plan.seed + 1;
			Answer answer = send(plan);
			// On a slow machine the time of one that is required can run out
			if (answer.status() != 503) {
				assertThat(answer.status()).as(plan.toString()).isEqualTo(200);
				assertThat(answer.body).isEqualTo(body(plan));
			}
		}
	}

	private void awaitQuiet() {
		Awaitility.await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> {
			// Before that a request of a client that has left can still come
			assertThat(this.server.isQuiet()).isTrue();
			assertThat(this.records.count()).isEqualTo(this.received.get());
			assertThat(this.liars.late()).isZero();
			assertThat(this.wheel.timers()).isZero();
			assertThat(this.offloader.active()).isZero();
			assertThat(this.offloader.queued()).isZero();
			assertThat(this.offloader.abandoned()).isZero();
		});
	}

	private void verify(LiarPlan plan) {
		RecordedRequest record = this.records.of(plan.seed);
		int handled = handled(plan).get();
		if (record == null) {
			assertThat(plan.client.leaves || plan.client == Client.HALF_CLOSES)
				.as("No record of " + plan + ", client has " + this.answers.get(plan.seed))
				.isTrue();
			assertThat(handled).isZero();
			return;
		}
		String description = plan + "\n" + record + "\nhandled " + handled + " times, client has "
				+ this.answers.get(plan.seed);
		verifySteps(plan, record, handled, description);
		if (plan.client == Client.READS) {
			verifyAnswer(plan, record, this.answers.get(plan.seed), description);
		}
	}

	private void verifySteps(LiarPlan plan, RecordedRequest record, int handled, String description) {
		Set<String> seen = new HashSet<>();
		int runs = 1;
		boolean open = true;
		for (int i = 0; i < Liars.ALL.size(); i++) {
			Liar liar = Liars.ALL.get(i);
			RecordedStep step = step(record, liar);
			if (step != null) {
				assertThat(seen.add(step.name())).as(description).isTrue();
				assertThat(plan.legalResults(i, liar)).as(liar.name() + " in " + description).contains(step.result());
				assertThat(open || liar.kind().member).as(liar.name() + " in " + description).isTrue();
				open &= !isClosed(plan.lie(i), liar, step.result())
						|| (runs > 1 && canBeOpenInAnotherRun(liar, step.result()));
			}
			// A run that has failed may be followed by another one
			runs *= (plan.lie(i) == Lie.RETRIES || plan.lie(i) == Lie.RUNS_NEXT_TWICE) ? 2 : 1;
		}
		assertThat(record.steps()).as(description).hasSize(seen.size());
		assertThat(handled).as(description).isLessThanOrEqualTo(open ? runs : 0);
	}

	/**
	 * Whether nothing behind it may have run.
	 */
	private static boolean isClosed(Lie lie, Liar liar, MiddlewareResult result) {
		return switch (result) {
			case ANSWERED, SHED -> true;
			case FAILED, MISUSED, TIMEOUT -> lie.effect.closes();
			default -> lie.effect.closes() && liar.onFailure() == OnFailure.FAIL;
		};
	}

	/**
	 * Whether there can have been too much going on in one run and not in another: what
	 * is shed in the second can have run in the first, and what closes the second can
	 * have been skipped in the first.
	 */
	private static boolean canBeOpenInAnotherRun(Liar liar, MiddlewareResult result) {
		return result == MiddlewareResult.SHED
				|| (liar.onFailure() == OnFailure.SKIP && (liar.kind().blocking || liar.hurried()));
	}

	private static @Nullable RecordedStep step(RecordedRequest record, Liar liar) {
		return record.steps().stream().filter((step) -> step.name().equals(liar.name())).findFirst().orElse(null);
	}

	private void verifyAnswer(LiarPlan plan, RecordedRequest record, Answer answer, String description) {
		assertThat(answer.text).as(description).startsWith("HTTP/1.1 ").doesNotContain(Liars.NAME, "asyncmiddleware");
		if (answer.complete) {
			assertThat(plan.isOvertaken() || isWhole(plan, answer)).as(description).isTrue();
		}
		else {
			assertThat(plan.rest == Rest.FAILS_INSIDE || plan.isOvertaken()
					|| plan.has(Lie.FAILS_AFTER_ANSWER, Lie.CHANGES_HEADERS_LATE))
				.as(description)
				.isTrue();
			assertThat(record.result()).as(description).isNotIn(RequestResult.OK, RequestResult.ERROR_PAGE);
		}
	}

	/**
	 * Whether an answer that looks complete is one that was given.
	 */
	private static boolean isWhole(LiarPlan plan, Answer answer) {
		return switch (answer.status()) {
			case 200 -> answer.body.equals(body(plan)) || (answer.body.isEmpty() && plan.has(Lie.DOES_NOT_AWAIT));
			case 202 -> answer.body.equals("answer " + plan.seed);
			// The server itself answers where an empty response was complete and could
			// not be sent
			case 500 ->
				answer.body.startsWith("error ") || (answer.body.isEmpty() && plan.has(Lie.CHANGES_HEADERS_LATE));
			case 402, 503 -> answer.body.startsWith("error ");
			default -> false;
		};
	}

	/**
	 * Each kind once for each middleware, since the clock of the reports stands still.
	 */
	private void verifyLog() {
		findLeaks();
		assertThat(this.log.lines).noneMatch((line) -> line.contains("LEAK:") && line.contains("Hint: seed"));
		List<String> subjects = this.log.lines.stream()
			.filter((line) -> line.startsWith("io.github.asyncmiddleware."))
			.map((line) -> line.replaceAll(
					" WARN (?:\\[[^]]*\\] )?(\\[\\w+\\] (The|A filter in front of the) middleware '[^']+') .*", " $1"))
			.toList();
		assertThat(subjects).allMatch((subject) -> subject.endsWith("'") && subject.contains(Liars.NAME));
		assertThat(subjects).doesNotHaveDuplicates();
	}

	/**
	 * Netty looks for them when it makes buffers.
	 */
	private static void findLeaks() {
		for (int i = 0; i < 10; i++) {
			System.gc();
			ByteBufAllocator.DEFAULT.directBuffer().release();
		}
	}

	private AtomicInteger handled(LiarPlan plan) {
		return this.handled.computeIfAbsent(plan.seed, (seed) -> new AtomicInteger());
	}

	private Mono<Void> handle(ServerWebExchange exchange) {
		LiarPlan plan = Liars.plan(exchange);
		handled(plan).incrementAndGet();
		ServerHttpResponse response = exchange.getResponse();
		return switch (plan.rest) {
			case SMALL -> response.writeWith(Mono.fromSupplier(() -> buffer(plan, response, body(plan))));
			case LATER -> Mono.delay(Duration.ofMillis(2))
				.then(response.writeWith(Mono.fromSupplier(() -> buffer(plan, response, body(plan)))));
			case EMPTY -> response.setComplete();
			case CHUNKS -> response.writeWith(parts(plan, response));
			case EVENTS -> {
				response.getHeaders().setContentType(MediaType.TEXT_EVENT_STREAM);
				yield response.writeAndFlushWith(Flux.range(0, PARTS)
					.delayElements(Duration.ofMillis(1))
					.map((i) -> Flux.defer(() -> Flux.just(buffer(plan, response, part(plan, i))))));
			}
			case READS_BODY -> exchange.getRequest()
				.getBody()
				.doOnNext(DataBufferUtils::release)
				.then(response.writeWith(Mono.fromSupplier(() -> buffer(plan, response, body(plan)))));
			case FAILS -> Mono.error(new IllegalStateException("rest"));
			case FAILS_LATER -> Mono.delay(Duration.ofMillis(1)).then(Mono.error(new IllegalStateException("rest")));
			case FAILS_INSIDE ->
				response.writeWith(parts(plan, response).concatWith(Mono.error(new IllegalStateException("inside"))));
		};
	}

	private static Flux<DataBuffer> parts(LiarPlan plan, ServerHttpResponse response) {
		return Flux.range(0, PARTS).map((i) -> buffer(plan, response, part(plan, i)));
	}

	private static String body(LiarPlan plan) {
		return switch (plan.rest) {
			case EMPTY -> "";
			case CHUNKS, EVENTS ->
				IntStream.range(0, PARTS).mapToObj((i) -> part(plan, i)).collect(Collectors.joining());
			default -> "body " + plan.seed;
		};
	}

	private static String part(LiarPlan plan, int number) {
		return "part " + number + " of " + plan.seed + "\n";
	}

	private static DataBuffer buffer(LiarPlan plan, ServerHttpResponse response, String text) {
		if (plan.isCutShort()) {
			// Spring and Reactor Netty alone lose some where clients leave
			return Liars.heap(text);
		}
		DataBuffer buffer = response.bufferFactory().allocateBuffer(text.length());
		DataBufferUtils.touch(buffer, plan);
		return buffer.write(text, StandardCharsets.UTF_8);
	}

	private static Mono<Void> renderError(ServerWebExchange exchange, Throwable ex) {
		ServerHttpResponse response = exchange.getResponse();
		if (response.isCommitted()) {
			return Mono.error(ex);
		}
		response.setStatusCode(
				(ex instanceof ErrorResponse answer) ? answer.getStatusCode() : HttpStatus.INTERNAL_SERVER_ERROR);
		return response.writeWith(Mono.fromSupplier(() -> Liars.heap("error " + ex.getMessage())));
	}

	/**
	 * What a client has received.
	 *
	 * @param text all of it
	 * @param complete whether it looks like all of an answer
	 * @param body the body
	 */
	private record Answer(String text, boolean complete, String body) {

		static final Answer NONE = new Answer("", false, "");

		static Answer of(String text) {
			int end = text.indexOf("\r\n\r\n");
			if (end < 0) {
				return new Answer(text, false, "");
			}
			String head = text.substring(0, end + 2).toLowerCase(Locale.ROOT);
			String rest = text.substring(end + 4);
			int length = head.indexOf("\r\ncontent-length: ");
			if (length >= 0) {
				int expected = Integer.parseInt(head.substring(length + 18, head.indexOf("\r\n", length + 2)));
				return new Answer(text, rest.length() == expected, rest);
			}
			return chunked(text, rest);
		}

		private static Answer chunked(String text, String rest) {
			StringBuilder body = new StringBuilder();
			int position = 0;
			while (true) {
				int line = rest.indexOf("\r\n", position);
				if (line < 0) {
					return new Answer(text, false, body.toString());
				}
				int size = Integer.parseInt(rest.substring(position, line), 16);
				if (size == 0) {
					return new Answer(text, true, body.toString());
				}
				if (line + 2 + size + 2 > rest.length()) {
					return new Answer(text, false, body.toString());
				}
				body.append(rest, line + 2, line + 2 + size);
				position = line + 2 + size + 2;
			}
		}

		int status() {
			return Integer.parseInt(this.text.substring(9, 12));
		}

	}

	/**
	 * Keeps the records by the requests they belong to.
	 */
	private static final class Records implements RequestListener {

		private final Map<Long, RecordedRequest> ended = new ConcurrentHashMap<>();

		private final Queue<String> twice = new ConcurrentLinkedQueue<>();

		private final AtomicInteger count = new AtomicInteger();

		private final Map<Misuse, AtomicInteger> misuse = new ConcurrentHashMap<>();

		@Override
		public void onHead(RequestRecord request) {
		}

		@Override
		public void onEnd(RequestRecord request, RequestResult result) {
			String seed = request.request().getHeaders().getFirst(LiarPlan.HEADER);
			RecordedRequest record = RecordingListener.record(request, result);
			if (this.ended.put(Long.parseLong(String.valueOf(seed)), record) != null) {
				this.twice.add(seed + " " + record);
			}
			this.count.incrementAndGet();
		}

		@Override
		public void onMisuse(Middleware middleware, Misuse kind) {
			this.misuse.computeIfAbsent(kind, (key) -> new AtomicInteger()).incrementAndGet();
		}

		@Nullable RecordedRequest of(long seed) {
			return this.ended.get(seed);
		}

		int count() {
			return this.count.get();
		}

		int misuse(Misuse kind) {
			return this.misuse.getOrDefault(kind, new AtomicInteger()).get();
		}

	}

	/**
	 * Keeps what is logged.
	 */
	private static final class LogLines extends AppenderBase<ILoggingEvent> {

		private final Queue<String> lines = new ConcurrentLinkedQueue<>();

		@Override
		protected void append(ILoggingEvent event) {
			this.lines.add(event.getLoggerName() + " " + event.getLevel() + " " + event.getFormattedMessage());
		}

	}

}
