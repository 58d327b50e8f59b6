package io.github.asyncmiddleware.internal.style;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;

import io.github.asyncmiddleware.OnFailure;
import io.github.asyncmiddleware.internal.record.MiddlewareResult;

/**
 * What all do in one request: the client, each middleware and the handler. All of it
 * follows from one number, which travels in a header.
 */
final class LiarPlan {

	static final String HEADER = "X-Seed";

	private static final int MOST_LIARS = 3;

	final long seed;

	final Client client;

	final Rest rest;

	private final List<Lie> lies = new ArrayList<>();

	private final List<Lie> stamps = new ArrayList<>();

	LiarPlan(long seed, List<Liar> liars) {
		this.seed = seed;
		Random random = new Random(seed);
		this.client = any(random, List.of(Client.values()));
		this.rest = any(random, List.of(Rest.values()));
		Set<Integer> lying = new HashSet<>();
		int most = random.nextInt(MOST_LIARS + 1);
		for (int i = 0; i < most; i++) {
			lying.add(random.nextInt(liars.size()));
		}
		for (int i = 0; i < liars.size(); i++) {
			Liar liar = liars.get(i);
			this.lies.add(choose(random, liar, liar.kind(), lying.contains(i)));
			this.stamps
				.add(choose(random, liar, liar.kind().blocking ? Kind.BLOCKING_STAMP : Kind.STAMP, lying.contains(i)));
		}
	}

	/**
	 * What a request does in which nobody lies.
	 */
	static LiarPlan honest(long seed, List<Liar> liars) {
		LiarPlan plan = new LiarPlan(seed, liars);
		long next = seed;
		while (plan.client != Client.READS || plan.rest != Rest.SMALL
				|| plan.lies.stream().anyMatch((lie) -> !lie.honest)) {
			next++;
			plan = new LiarPlan(next, liars);
		}
		return plan;
	}

	private Lie choose(Random random, Liar liar, Kind kind, boolean lies) {
		return any(random,
				Arrays.stream(Lie.values())
					.filter((lie) -> lie.kinds.contains(kind) && lie.honest != lies)
					.filter((lie) -> !lie.endless || liar.hurried() || this.client.leaves)
					.toList());
	}

	private static <T> T any(Random random, List<T> choice) {
		return choice.get(random.nextInt(choice.size()));
	}

	Lie lie(int index) {
		return this.lies.get(index);
	}

	/** What it does before the head. */
	Lie stamp(int index) {
		return this.stamps.get(index);
	}

	boolean has(Lie... lies) {
		return Arrays.stream(lies).anyMatch(this.lies::contains);
	}

	/**
	 * Whether a response is written that is not waited for, which can overtake the one
	 * that is sent.
	 */
	boolean isOvertaken() {
		return has(Lie.ANSWERS_TOO_LATE);
	}

	/**
	 * Whether the server can have been told to stop in the middle.
	 */
	boolean isCutShort() {
		return this.client != Client.READS || isOvertaken();
	}

	/**
	 * The results that a middleware can have that does what it does here.
	 */
	Set<MiddlewareResult> legalResults(int index, Liar liar) {
		Lie lie = lie(index);
		boolean open = liar.onFailure() == OnFailure.SKIP;
		Set<MiddlewareResult> legal = EnumSet.copyOf(lie.effect.results);
		if (open && legal.remove(MiddlewareResult.MISUSED)) {
			legal.add(MiddlewareResult.FAILED_OPEN);
		}
		if (open && lie.effect == Effect.FAILS) {
			legal.remove(MiddlewareResult.FAILED);
			legal.add(MiddlewareResult.FAILED_OPEN);
		}
		if (lie == Lie.LOSES_RESPONSE) {
			legal = EnumSet.of(MiddlewareResult.MISUSED, MiddlewareResult.PASSED);
		}
		if (lie == Lie.READS_BODY && open && isCutShort()) {
			legal.add(MiddlewareResult.FAILED_OPEN);
		}
		if (liar.hurried()) {
			legal.add(open ? MiddlewareResult.TIMEOUT_OPEN : MiddlewareResult.TIMEOUT);
			if (lie.decides()) {
				// It has decided to answer, and is not skipped any more
				legal.add(MiddlewareResult.TIMEOUT);
			}
		}
		if (liar.kind().blocking) {
			legal.add(open ? MiddlewareResult.SHED_OPEN : MiddlewareResult.SHED);
			// What it does before the head
			legal.add(MiddlewareResult.SHED_OPEN);
		}
		if (liar.stamps() && !stamp(index).honest) {
			legal.add(MiddlewareResult.FAILED_OPEN);
		}
		if (liar.stamps() && liar.hurried()) {
			legal.add(MiddlewareResult.TIMEOUT_OPEN);
		}
		// A second run that begins after the first has failed, and is given up for that
		boolean retried = this.lies.subList(0, index).contains(Lie.RUNS_NEXT_TWICE);
		if (liar.kind().member || isCutShort() || retried) {
			legal.add(MiddlewareResult.CANCELLED);
		}
		if (isCutShort()) {
			// What it writes or reads can fail, and then it is a race what was before
			legal.add(MiddlewareResult.FAILED);
			if (lie == Lie.RUNS_NEXT_LATE) {
				// An answer that came to nothing, so that next is the first that it does
				legal.add(MiddlewareResult.PASSED);
			}
		}
		if (isOvertaken()) {
			legal.add(MiddlewareResult.ANSWERED);
			// Once a response is on its way, there is no going on without it
			for (MiddlewareResult result : EnumSet.copyOf(legal)) {
				switch (result) {
					case FAILED_OPEN -> legal.addAll(EnumSet.of(MiddlewareResult.FAILED, MiddlewareResult.MISUSED));
					case TIMEOUT_OPEN -> legal.add(MiddlewareResult.TIMEOUT);
					case SHED_OPEN -> legal.add(MiddlewareResult.SHED);
					default -> {
					}
				}
			}
		}
		return legal;
	}

	@Override
	public String toString() {
		return "seed " + this.seed + ": " + this.client + ", " + this.lies + ", " + this.stamps + ", " + this.rest;
	}

	/**
	 * One of the middlewares.
	 *
	 * @param name its name
	 * @param kind how it is written
	 * @param onFailure its policy
	 * @param hurried whether it has a timeout
	 */
	record Liar(String name, Kind kind, OnFailure onFailure, boolean hurried) {

		boolean stamps() {
			return this.kind != Kind.FILTER && this.kind != Kind.FUNCTION;
		}

	}

	/**
	 * The ways to write a middleware.
	 */
	enum Kind {

		FILTER(false, false), FUNCTION(false, false), HOOK(false, false), BLOCKING(true, false), MEMBER(false, true),
		BLOCKING_MEMBER(true, true), STAMP(false, false), BLOCKING_STAMP(true, false);

		final boolean blocking;

		final boolean member;

		Kind(boolean blocking, boolean member) {
			this.blocking = blocking;
			this.member = member;
		}

	}

	/**
	 * What clients do.
	 */
	enum Client {

		READS(false), SENDS_SLOWLY(false), HALF_CLOSES(false), RESETS_BEFORE(true), RESETS_INSIDE(true),
		RESETS_WHILE_SENDING(true);

		/** It does not wait for an end that may never come. */
		final boolean leaves;

		Client(boolean leaves) {
			this.leaves = leaves;
		}

		boolean sends() {
			return this == SENDS_SLOWLY || this == RESETS_WHILE_SENDING;
		}

	}

	/**
	 * What the handler does.
	 */
	enum Rest {

		SMALL, LATER, EMPTY, CHUNKS, EVENTS, READS_BODY, FAILS, FAILS_LATER, FAILS_INSIDE

	}

	/**
	 * What comes of it.
	 */
	enum Effect {

		GOES_ON(MiddlewareResult.PASSED),

		IS_MISUSE(MiddlewareResult.MISUSED),

		FAILS(MiddlewareResult.FAILED),

		DENIES(MiddlewareResult.FAILED),

		/** One further out can send another answer, and have this one refused. */
		ANSWERS(MiddlewareResult.ANSWERED, MiddlewareResult.CANCELLED, MiddlewareResult.FAILED),

		/** As long as the rest has not failed itself. */
		FAILS_AFTERWARDS(MiddlewareResult.FAILED, MiddlewareResult.PASSED),

		NEVER_ENDS(MiddlewareResult.CANCELLED);

		final Set<MiddlewareResult> results;

		Effect(MiddlewareResult first, MiddlewareResult... others) {
			this.results = EnumSet.of(first, others);
		}

		/**
		 * Whether the rest of the chain must not run if the middleware is required.
		 */
		boolean closes() {
			return this != GOES_ON && this != FAILS_AFTERWARDS;
		}

	}

	/**
	 * What middlewares do, lies and others.
	 */
	enum Lie {

		PASSES(true, Effect.GOES_ON, Kind.values()),

		PASSES_LATER(true, Effect.GOES_ON, Kind.values()),

		PASSES_WITH_OPERATORS(true, Effect.GOES_ON, Kind.FILTER, Kind.FUNCTION),

		READS_BODY(true, Effect.GOES_ON, Kind.FILTER),

		FORGETS_NEXT(false, Effect.IS_MISUSE, Kind.FILTER, Kind.FUNCTION),

		DROPS_NEXT(false, Effect.IS_MISUSE, Kind.FILTER, Kind.FUNCTION),

		RETURNS_NULL(false, Effect.IS_MISUSE, Kind.FILTER, Kind.FUNCTION, Kind.HOOK, Kind.MEMBER, Kind.STAMP),

		LOSES_RESPONSE(false, Effect.GOES_ON, Kind.FUNCTION),

		RUNS_NEXT_AGAIN(false, Effect.GOES_ON, Kind.FILTER),

		RUNS_NEXT_TWICE(false, Effect.GOES_ON, Kind.FILTER, Kind.FUNCTION),

		RETRIES(false, Effect.GOES_ON, Kind.FILTER, Kind.FUNCTION),

		RUNS_NEXT_LATE(false, Effect.ANSWERS, Kind.FILTER, Kind.FUNCTION),

		DOES_NOT_AWAIT(false, Effect.GOES_ON, Kind.FILTER, Kind.FUNCTION),

		THROWS(false, Effect.FAILS, Kind.values()),

		LINKAGE_ERROR(false, Effect.FAILS, Kind.values()),

		SIGNALS(false, Effect.FAILS, Kind.FILTER, Kind.FUNCTION, Kind.HOOK, Kind.MEMBER, Kind.STAMP),

		SIGNALS_LATER(false, Effect.FAILS, Kind.FILTER, Kind.FUNCTION, Kind.HOOK, Kind.MEMBER, Kind.STAMP),

		SIGNALS_ELSEWHERE(false, Effect.FAILS, Kind.FILTER, Kind.FUNCTION, Kind.HOOK, Kind.MEMBER, Kind.STAMP),

		DENIES(false, Effect.DENIES, Kind.FILTER, Kind.FUNCTION, Kind.HOOK, Kind.BLOCKING, Kind.MEMBER,
				Kind.BLOCKING_MEMBER),

		NEVER_ENDS(false, Effect.NEVER_ENDS, Kind.FILTER, Kind.FUNCTION, Kind.HOOK, Kind.MEMBER, Kind.STAMP),

		KEEPS_RESPONSE(false, Effect.GOES_ON, Kind.FUNCTION),

		PASSES_TOO_LATE(false, Effect.GOES_ON, Kind.values()),

		ANSWERS_TOO_LATE(false, Effect.ANSWERS, Kind.FILTER, Kind.FUNCTION, Kind.HOOK, Kind.BLOCKING, Kind.MEMBER,
				Kind.BLOCKING_MEMBER),

		ANSWERS(false, Effect.ANSWERS, Kind.FILTER, Kind.FUNCTION, Kind.HOOK, Kind.BLOCKING, Kind.MEMBER,
				Kind.BLOCKING_MEMBER),

		ANSWERS_TWICE(false, Effect.ANSWERS, Kind.FILTER),

		REPLACES(false, Effect.GOES_ON, Kind.FUNCTION),

		REPLACES_TOO_LATE(false, Effect.GOES_ON, Kind.FUNCTION),

		FAILS_AFTER_ANSWER(false, Effect.ANSWERS, Kind.FILTER),

		FAILS_AFTER_NEXT(false, Effect.FAILS_AFTERWARDS, Kind.FUNCTION),

		CHANGES_HEADERS_LATE(false, Effect.FAILS_AFTERWARDS, Kind.FILTER);

		final boolean honest;

		final Effect effect;

		final Set<Kind> kinds;

		/** Only an end of its time, or of the client's patience, ends it. */
		final boolean endless;

		Lie(boolean honest, Effect effect, Kind... kinds) {
			this.honest = honest;
			this.effect = effect;
			this.kinds = EnumSet.copyOf(List.of(kinds));
			this.endless = name().equals("NEVER_ENDS") || name().equals("KEEPS_RESPONSE");
		}

		/**
		 * Whether it answers with a response of its own, be it in place of another.
		 */
		boolean decides() {
			return this.effect == Effect.ANSWERS || this == REPLACES || this == REPLACES_TOO_LATE
					|| this == DOES_NOT_AWAIT;
		}

	}

}
