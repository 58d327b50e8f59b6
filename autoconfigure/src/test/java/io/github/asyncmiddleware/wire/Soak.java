package io.github.asyncmiddleware.wire;

import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;

import io.github.asyncmiddleware.testsupport.boot.Answer;
import io.github.asyncmiddleware.testsupport.boot.BootServer;
import io.github.asyncmiddleware.testsupport.boot.Client;
import io.github.asyncmiddleware.testsupport.boot.Http1Client;
import io.github.asyncmiddleware.testsupport.boot.Leaving;
import io.github.asyncmiddleware.testsupport.boot.LogCapture;
import io.github.asyncmiddleware.testsupport.boot.Protocol;
import io.github.asyncmiddleware.testsupport.boot.Records;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionTimeoutException;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Sends requests to a {@link SoakApplication}, each of which does what its seed says, and
 * compares what the clients saw, what the application counted and what the meters say.
 */
final class Soak {

	/** The figures that have to be 0. */
	static final List<String> ZERO = List.of("request records - requests", "middleware records - entered",
			"handlers reached without consent", "truncated answers that look whole", "answers that break the protocol",
			"clients without an answer after 30 s", "requests - what clients saw", "gauges that are not 0 again",
			"threads that stay");

	private static final int CLIENTS = 16;

	private final Server kind;

	private final int requests;

	private final long seed;

	private final LongAdder whole = new LongAdder();

	private final LongAdder cut = new LongAdder();

	private final LongAdder left = new LongAdder();

	/** What is wrong, with the seed of the request. */
	private final Queue<String> looksWhole = new ConcurrentLinkedQueue<>();

	private final Queue<String> nothing = new ConcurrentLinkedQueue<>();

	private final Queue<String> silent = new ConcurrentLinkedQueue<>();

	private final Queue<String> broken = new ConcurrentLinkedQueue<>();

	private final Set<String> faults = ConcurrentHashMap.newKeySet();

	private final Map<String, Long> table = new LinkedHashMap<>();

	private final List<String> notes = new ArrayList<>();

	private Soak(Server kind, long seed, int requests) {
		this.kind = kind;
		this.seed = seed;
		this.requests = requests;
	}

	/**
	 * Send requests.
	 * @param kind the server
	 * @param seed the seed of the first one; each other one has the next number
	 * @param requests how many
	 * @return what has come of it
	 */
	static Soak run(Server kind, long seed, int requests) throws InterruptedException {
		Soak soak = new Soak(kind, seed, requests);
		Set<String> threads = threads();
		try (BootServer server = BootServer.start(SoakApplication.class, kind.property(),
				"server.http2.enabled=" + kind.speaksHttp2(), "server.shutdown=immediate", "logging.level.root=off",
				"logging.level.io.github.asyncmiddleware=info", "async-middleware.blocking.max-concurrent=32",
				"async-middleware.blocking.max-queued=32")) {
			try (LogCapture log = LogCapture.ofOurs()) {
				soak.send(server);
				soak.account(server);
				soak.table.put("log lines of ours", (long) log.lines().size());
			}
		}
		Set<String> leftOver = leftOver(threads);
		soak.table.put("threads that stay", (long) leftOver.size());
		soak.notes.addAll(leftOver);
		return soak;
	}

	private void send(BootServer server) throws InterruptedException {
		ExecutorService clients = Executors.newFixedThreadPool(CLIENTS, (task) -> new Thread(task, "soak-client"));
		AtomicInteger next = new AtomicInteger();
		long[] heap = new long[1];
		for (int i = 0; i < CLIENTS; i++) {
			clients.execute(() -> {
				for (int number = next.getAndIncrement(); number < this.requests; number = next.getAndIncrement()) {
					if (number == this.requests / 5) {
						heap[0] = heap();
					}
					sendOne(server.port(), this.seed + number);
				}
			});
		}
		clients.shutdown();
		if (!clients.awaitTermination(1, TimeUnit.DAYS)) {
			throw new IllegalStateException("The clients do not end");
		}
		this.table.put("heap after a fifth, KiB", heap[0] / 1024);
	}

	private void sendOne(int port, long seed) {
		SoakPlan plan = new SoakPlan(seed);
		plan.faults(this.kind).forEach(this.faults::add);
		try {
			Answer answer = exchange(port, seed, plan.client);
			if (answer == null) {
				this.left.increment();
				return;
			}
			if (answer.status() == 0) {
				this.nothing.add("nothing for seed " + seed + ": " + plan);
			}
			(answer.complete() ? this.whole : this.cut).increment();
			if (answer.complete() && isTruncated(plan, answer)) {
				this.looksWhole.add("seed " + seed + ": " + plan + ": " + answer);
			}
		}
		catch (UncheckedIOException ex) {
			if (ex.getCause() instanceof java.net.SocketTimeoutException) {
				this.silent.add("seed " + seed + ": " + plan);
			}
			else {
				this.left.increment();
			}
		}
		catch (RuntimeException | AssertionError ex) {
			this.broken.add("seed " + seed + ": " + plan + ": " + ex);
		}
	}

	private static boolean isTruncated(SoakPlan plan, Answer answer) {
		String handled = answer.header(SoakApplication.HANDLED);
		// One that a filter has recovered with can have been given another status outside
		return handled != null && !answer.body().equals("recovered")
				&& (answer.status() == 200 || answer.status() == 202)
				&& plan.client != SoakPlan.Client.READS_ONLY_THE_HEAD && !handled.equals("IS_EMPTY")
				&& !answer.body().endsWith(SoakApplication.END);
	}

	/**
	 * Do what a client does.
	 * @return the answer, or {@code null} if the client does not wait for one
	 */
	private Answer exchange(int port, long seed, SoakPlan.Client wanted) {
		SoakPlan.Client plan = wanted.on(this.kind);
		String header = SoakPlan.HEADER + ": " + seed;
		Protocol protocol = switch (plan) {
			case READS_IT_AS_HTTP_2, RESETS_ITS_STREAM, RESETS_THE_CONNECTION_OF_ITS_STREAM -> Protocol.H2C;
			default -> Protocol.HTTP_1_1;
		};
		try (Client client = protocol.connect(port)) {
			switch (plan) {
				case POSTS_A_BODY, WITHHOLDS_HALF_OF_ITS_BODY, ENDS_IN_THE_MIDDLE_OF_ITS_BODY -> {
					client.head("POST", "/soak", false, header, "Content-Type: application/x-www-form-urlencoded",
							"Content-Length: " + ((plan == SoakPlan.Client.POSTS_A_BODY) ? 3 : 50));
					client.body("a=1", true);
				}
				case READS_ONLY_THE_HEAD -> client.head("HEAD", "/soak", true, header);
				default -> client.head("GET", "/soak", true, header);
			}
			return switch (plan) {
				case READS_THE_ANSWER, READS_IT_AS_HTTP_2, READS_ONLY_THE_HEAD, POSTS_A_BODY -> client.answer();
				case READS_SLOWLY -> {
					LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
					yield client.answer();
				}
				case RESETS_AFTER_THE_FIRST_BYTE -> {
					((Http1Client) client).readBytes(1);
					yield leave(client, Leaving.RST);
				}
				case RESETS_AT_ONCE -> leave(client, Leaving.RST);
				case RESETS_A_MOMENT_LATER, WITHHOLDS_HALF_OF_ITS_BODY -> {
					LockSupport.parkNanos(TimeUnit.MICROSECONDS.toNanos(seed & 0x1FFF));
					yield leave(client, Leaving.RST);
				}
				case HALF_CLOSES, ENDS_IN_THE_MIDDLE_OF_ITS_BODY -> {
					leave(client, Leaving.FIN);
					client.answer();
					yield null;
				}
				case RESETS_ITS_STREAM -> {
					LockSupport.parkNanos(TimeUnit.MICROSECONDS.toNanos(seed & 0x1FFF));
					yield leave(client, Leaving.RST_STREAM);
				}
				case RESETS_THE_CONNECTION_OF_ITS_STREAM -> {
					LockSupport.parkNanos(TimeUnit.MICROSECONDS.toNanos(seed & 0x1FFF));
					yield leave(client, Leaving.H2C_RST);
				}
			};
		}
	}

	private static Answer leave(Client client, Leaving how) {
		client.leave(how);
		return null;
	}

	private void account(BootServer server) {
		SoakApplication.Counts counts = server.bean(SoakApplication.Counts.class);
		SimpleMeterRegistry registry = server.bean(SimpleMeterRegistry.class);
		awaitRecords(counts, server);
		Records records = server.records();
		long arrived = counts.arrived.sum();
		this.table.put("requests sent", (long) this.requests);
		this.table.put("requests that reached the server", arrived);
		this.table.put("answers, whole", this.whole.sum());
		this.table.put("answers, cut", this.cut.sum());
		this.table.put("clients that left", this.left.sum());
		this.table.put("kinds of fault", (long) this.faults.size());
		this.table.put("requests that the server never ended", (long) counts.ends.requests().size());
		this.table.put("request records - requests", requests(counts, records));
		this.table.put("middleware records - entered", middlewares(counts, records));
		this.table.put("handlers reached", counts.handled.sum());
		this.table.put("handlers reached without consent", counts.withoutConsent.sum());
		this.table.put("truncated answers that look whole", (long) this.looksWhole.size());
		this.table.put("answers that break the protocol", (long) this.broken.size());
		this.table.put("clients without an answer after 30 s", (long) this.silent.size());
		this.table.put("requests - what clients saw", this.requests - this.whole.sum() - this.cut.sum()
				- this.left.sum() - this.broken.size() - this.silent.size());
		this.table.put("gauges that are not 0 again", gauges(registry));
		long observed = registry.find("http.server.requests").timers().stream().mapToLong(Timer::count).sum();
		this.table.put("http.server.requests - requests", observed - arrived);
		long secured = counts.secured.sum();
		this.table.put("requests that reached Spring Security", secured);
		this.table.putAll(SoakSecurity.differences(registry, secured));
		this.table.put("heap at the end, KiB", heap() / 1024);
		this.table.put("closed connections without an answer", (long) this.nothing.size());
		this.notes.addAll(this.nothing);
		this.notes.addAll(this.looksWhole);
		this.notes.addAll(this.broken);
		this.notes.addAll(this.silent);
		this.notes.add("differences " + differences(counts, records));
		this.notes.add(counts.entered().toString());
		this.notes.add(records.counts().toString());
	}

	private void awaitRecords(SoakApplication.Counts counts, BootServer server) {
		try {
			Awaitility.await()
				.dontCatchUncaughtExceptions()
				.atMost(30, TimeUnit.SECONDS)
				.until(() -> requests(counts, server.records()) == 0 && middlewares(counts, server.records()) == 0
						&& gauges(server.bean(SimpleMeterRegistry.class)) == 0);
		}
		catch (ConditionTimeoutException ex) {
			// The table shows what is missing
		}
	}

	/**
	 * How many records of requests there are too many or too few, beside those that the
	 * server never ended.
	 */
	private static long requests(SoakApplication.Counts counts, Records records) {
		return records.sum("requests ") + counts.ends.requests().size() - counts.arrived.sum();
	}

	/**
	 * How many records there are too many or too few. Two kinds of hook may be entered
	 * without being called, and are then shed, cancelled or given up: one that waits for
	 * a thread, and one in a group that an earlier one decides at once.
	 */
	private static long middlewares(SoakApplication.Counts counts, Records records) {
		return differences(counts, records).values().stream().mapToLong(Math::abs).sum();
	}

	private static Map<String, Long> differences(SoakApplication.Counts counts, Records records) {
		Map<String, Long> differences = new LinkedHashMap<>();
		for (Map.Entry<String, Long> entered : counts.entered().entrySet()) {
			String own = "own " + entered.getKey() + " ";
			String attribute = SoakApplication.ENTERED + entered.getKey();
			long lost = counts.ends.requests()
				.stream()
				.filter((request) -> request.getAttributes().containsKey(attribute))
				.count();
			long more = records.sum(own) + lost - entered.getValue();
			if (entered.getKey().startsWith("blocking") || entered.getKey().equals("groupSecond")) {
				long uncalled = records.sum(own + "shed") + records.sum(own + "cancelled") + counts.givenUp.sum();
				more = (more >= 0 && more <= uncalled) ? 0 : more;
			}
			if (more != 0) {
				differences.put(entered.getKey(), more);
			}
		}
		return differences;
	}

	/**
	 * How many of our gauges say that something goes on.
	 */
	static long gauges(SimpleMeterRegistry registry) {
		List<Gauge> gauges = registry.getMeters()
			.stream()
			.filter((meter) -> meter.getId().getName().startsWith("async.middleware.active")
					|| ("asyncMiddlewareBlocking".equals(meter.getId().getTag("name"))
							&& List.of("executor.active", "executor.queued", "executor.abandoned")
								.contains(meter.getId().getName())))
			.filter(Gauge.class::isInstance)
			.map(Gauge.class::cast)
			.toList();
		assertThat(gauges).isNotEmpty();
		return gauges.stream().filter((gauge) -> gauge.value() != 0).count();
	}

	private static long heap() {
		System.gc();
		Runtime runtime = Runtime.getRuntime();
		return runtime.totalMemory() - runtime.freeMemory();
	}

	private static Set<String> threads() {
		Set<String> names = new TreeSet<>();
		Thread.getAllStackTraces().keySet().forEach((thread) -> names.add(thread.getName()));
		return names;
	}

	/**
	 * The threads that an application leaves behind, but for those that Reactor,
	 * Prometheus and the JDK share; of the JDK are unnamed ones, which read files.
	 */
	private static Set<String> leftOver(Set<String> before) {
		Set<String> names = new TreeSet<>();
		try {
			Awaitility.await().dontCatchUncaughtExceptions().atMost(30, TimeUnit.SECONDS).until(() -> {
				names.clear();
				names.addAll(threads());
				names.removeAll(before);
				names.removeIf((name) -> name.startsWith("parallel-") || name.startsWith("Thread-")
						|| name.startsWith("boundedElastic-") || name.startsWith("awaitility")
						|| name.startsWith("Attach ") || name.startsWith("ForkJoinPool.commonPool")
						|| name.startsWith("Common-Cleaner") || name.startsWith("InnocuousThread-")
						|| name.startsWith("prometheus-metrics-scheduler"));
				return names.isEmpty();
			});
		}
		catch (ConditionTimeoutException ex) {
			// They are what is asked for
		}
		return names;
	}

	long get(String figure) {
		return this.table.get(figure);
	}

	/**
	 * One line for each figure.
	 */
	String table() {
		StringBuilder text = new StringBuilder(String.format("%-50s %,12d%n", "seed", this.seed));
		this.table.forEach((figure, value) -> text.append(String.format("%-50s %,12d%n", figure, value)));
		return text.toString();
	}

	/**
	 * What there is to say to the figures, with the seeds of single requests.
	 */
	List<String> notes() {
		return this.notes;
	}

}
