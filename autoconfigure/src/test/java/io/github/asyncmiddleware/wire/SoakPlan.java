package io.github.asyncmiddleware.wire;

import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Stream;

/**
 * What client, middlewares and handler do in one request. All of it follows from the
 * number in the header {@code X-Seed}, so that one request can be sent again alone.
 */
final class SoakPlan {

	static final String HEADER = "X-Seed";

	/** Of how many middlewares one does something else than to pass on. */
	private static final int CALM = 6;

	private static final Set<String> NO_FAULTS = Set.of("Client READS_THE_ANSWER", "Client READS_IT_AS_HTTP_2",
			"Client READS_ONLY_THE_HEAD", "Client POSTS_A_BODY", "Handler ANSWERS", "Handler ANSWERS_LATER",
			"Handler STREAMS", "Handler IS_LARGE", "Handler IS_EMPTY", "Handler SENDS_A_FILE",
			"Handler SENDS_A_FILE_IN_PARTS", "Native ANSWERS", "Native CHANGES_THE_REQUEST", "Await CHANGES_THE_STATUS",
			"Await ANSWERS_INSTEAD", "Await ANSWERS_WITHOUT_NEXT", "Await SENDS_NO_CONTENT", "Hook ANSWERS",
			"Blocking ANSWERS");

	private final long seed;

	final Client client;

	final Handler handler;

	SoakPlan(long seed) {
		this.seed = seed;
		SplittableRandom random = new SplittableRandom(seed);
		this.client = any(random, Client.values());
		this.handler = any(random, Handler.values());
	}

	static SoakPlan of(String header) {
		return new SoakPlan((header != null) ? Long.parseLong(header) : 0);
	}

	/**
	 * What a middleware does.
	 * @param name the name of the middleware
	 * @param kinds what one of its style can do, the first of which is to pass on
	 */
	<E> E fault(String name, E[] kinds) {
		SplittableRandom random = new SplittableRandom(this.seed ^ name.hashCode() * 0x9E3779B97F4A7C15L);
		return (random.nextInt(CALM) != 0) ? kinds[0] : any(random, kinds);
	}

	@Override
	public String toString() {
		return this.client + ", " + this.handler + ", nativeClosed " + fault("nativeClosed", Native.values())
				+ ", nativeOpen " + fault("nativeOpen", Native.values()) + ", awaitClosed "
				+ fault("awaitClosed", Await.values()) + ", awaitOpen " + fault("awaitOpen", Await.values())
				+ ", hookClosed " + fault("hookClosed", Hook.values()) + ", blockingClosed "
				+ fault("blockingClosed", Blocking.values()) + ", blockingOpen "
				+ fault("blockingOpen", Blocking.values()) + ", groupFirst " + fault("groupFirst", Hook.values())
				+ ", groupSecond " + fault("groupSecond", Hook.values()) + ", stamps " + fault("stamps", Stamp.values())
				+ ", nativeLast " + fault("nativeLast", Native.values());
	}

	private static <E> E any(SplittableRandom random, E[] all) {
		return all[random.nextInt(all.length)];
	}

	/**
	 * The faults in this request, with those of the registry, which are in each.
	 * @param server the server, on which not all clients can do what they want
	 */
	Stream<String> faults(Server server) {
		Stream<Enum<?>> own = Stream.of(this.client.on(server), this.handler, fault("nativeClosed", Native.values()),
				fault("nativeOpen", Native.values()), fault("awaitClosed", Await.values()),
				fault("awaitOpen", Await.values()), fault("hookClosed", Hook.values()),
				fault("blockingClosed", Blocking.values()), fault("blockingOpen", Blocking.values()),
				fault("groupFirst", Hook.values()), fault("groupSecond", Hook.values()),
				fault("stamps", Stamp.values()), fault("nativeLast", Native.values()));
		return Stream.concat(own, Stream.of(Registry.values()))
			.map((kind) -> kind.getClass().getSimpleName() + " " + kind.name())
			.filter((kind) -> !NO_FAULTS.contains(kind) && !kind.endsWith(" PASSES") && !kind.endsWith(" WAITS"));
	}

	/** What the client does. */
	enum Client {

		READS_THE_ANSWER, READS_IT_AS_HTTP_2, READS_ONLY_THE_HEAD, POSTS_A_BODY, READS_SLOWLY, RESETS_AT_ONCE,
		RESETS_A_MOMENT_LATER, RESETS_AFTER_THE_FIRST_BYTE, WITHHOLDS_HALF_OF_ITS_BODY, HALF_CLOSES,
		ENDS_IN_THE_MIDDLE_OF_ITS_BODY, RESETS_ITS_STREAM, RESETS_THE_CONNECTION_OF_ITS_STREAM;

		/**
		 * What comes nearest to it on a server. Servlet containers tell the application
		 * nothing of a body that breaks off, Tomcat if it is read on another thread than
		 * its own, as behind a blocking middleware. So whatever reads it waits without
		 * end.
		 */
		Client on(Server server) {
			return switch (this) {
				case READS_IT_AS_HTTP_2 -> server.speaksHttp2() ? this : READS_THE_ANSWER;
				case RESETS_ITS_STREAM, RESETS_THE_CONNECTION_OF_ITS_STREAM ->
					server.speaksHttp2() ? this : RESETS_A_MOMENT_LATER;
				case WITHHOLDS_HALF_OF_ITS_BODY, ENDS_IN_THE_MIDDLE_OF_ITS_BODY ->
					(server == Server.REACTOR_NETTY) ? this : RESETS_A_MOMENT_LATER;
				default -> this;
			};
		}

	}

	/** What the handler does. */
	enum Handler {

		ANSWERS, ANSWERS_LATER, STREAMS, IS_LARGE, IS_EMPTY, THROWS, FAILS, REFUSES, CUTS_ITS_BODY, CUTS_A_LENGTH,
		HAS_A_FAILING_COMMIT_ACTION, ANSWERS_TWICE, SENDS_A_FILE, SENDS_A_FILE_IN_PARTS

	}

	/** What a filter does. */
	enum Native {

		PASSES, WAITS, THROWS, SIGNALS, SIGNALS_LATER, REFUSES, ANSWERS, SETS_A_STATUS, DROPS_NEXT, FORGETS_NEXT,
		RUNS_NEXT_TWICE, RUNS_NEXT_TWICE_AT_ONCE, DOES_NOT_AWAIT_NEXT, RUNS_NEXT_AFTER_AN_ANSWER, FAILS_AFTER_NEXT,
		RETURNS_NULL, THROWS_A_LINKAGE_ERROR, RETRIES, RECOVERS, GIVES_UP_ON_NEXT, HAS_A_FAILING_COMMIT_ACTION,
		CHANGES_THE_REQUEST, BLOCKS, NEVER_ENDS

	}

	/** What a middleware does that awaits the response. */
	enum Await {

		PASSES, WAITS, CHANGES_THE_STATUS, ANSWERS_INSTEAD, ANSWERS_WITHOUT_NEXT, FAILS_BEFORE, FAILS_AFTER, IS_EMPTY,
		RUNS_NEXT_TWICE, RETURNS_NULL, SENDS_NO_CONTENT, NEVER_ENDS

	}

	/** What a hook does in place. */
	enum Hook {

		PASSES, THROWS, FAILS_LATER, ANSWERS, SETS_A_STATUS, RETURNS_NULL, WAITS, NEVER_ENDS

	}

	/** What a hook does off the event loop. */
	enum Blocking {

		PASSES, SLEEPS, THROWS, ANSWERS, IGNORES_INTERRUPTS, LEAVES_AN_INTERRUPT

	}

	/** What a hook does before the head. */
	enum Stamp {

		PASSES, THROWS, FAILS_LATER, SLEEPS

	}

	/** What a registry does. */
	enum Registry {

		PASSES, THROWS_WHEN_A_METER_IS_MADE, REFUSES_A_METER

	}

}
