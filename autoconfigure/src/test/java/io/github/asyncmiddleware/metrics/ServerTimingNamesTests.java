package io.github.asyncmiddleware.metrics;

import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

import io.github.asyncmiddleware.internal.chain.Middleware;
import io.github.asyncmiddleware.testsupport.TestChain;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ServerTimingNames}.
 */
class ServerTimingNamesTests {

	private static final String TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]{1,40}";

	@Test
	void keepsNamesThatAreTokens() {
		assertThat(names("requestId", "rate-limit", "com.acme.Auth#0", "A_1", "!#$%&'*+-.^_`|~"))
			.containsExactly("requestId", "rate-limit", "com.acme.Auth#0", "A_1", "!#$%&'*+-.^_`|~");
	}

	@Test
	void isByIndex() {
		List<Middleware> middlewares = List.of(TestChain.middleware(2, "two"), TestChain.middleware(0, "zero"));
		ServerTimingNames names = new ServerTimingNames(middlewares);
		assertThat(middlewares.stream().map(names::of)).containsExactly("two", "zero");
	}

	@Test
	void findsNamesOfThoseThatComeLater() {
		ServerTimingNames names = new ServerTimingNames(List.of(TestChain.middleware(0, "auth")));
		Middleware later = TestChain.middleware(5, "auth");
		assertThat(names.of(later)).isEqualTo("auth-2").isSameAs(names.of(later));
		assertThat(names.of(TestChain.middleware(1, "a b"))).isEqualTo("a_b");
		assertThat(names.of(TestChain.middleware(0, "auth"))).isEqualTo("auth");
	}

	@Test
	void putsAnUnderscoreForWhatMayNotBeInAToken() {
		assertThat(names("a b", "c;dur=1", "d, e", "f\r\nSet-Cookie: x", "\"g\"", "(h)", "größe", "\uD83D\uDE00", "i/j",
				"\u0000k\u007F"))
			.containsExactly("a_b", "c_dur_1", "d__e", "f__Set-Cookie__x", "_g_", "_h_", "gr__e", "_", "i_j", "_k_");
	}

	@Test
	void findsANameForNothing() {
		assertThat(names("")).containsExactly("_");
	}

	@Test
	void cutsLongNames() {
		assertThat(names("a".repeat(40), "b".repeat(41), "c".repeat(10_000))).containsExactly("a".repeat(40),
				"b".repeat(40), "c".repeat(40));
	}

	@ParameterizedTest
	@ValueSource(strings = { "app", "total", "other" })
	void leavesTheNamesOfTheOtherEntriesToThem(String name) {
		assertThat(names(name, "auth")).containsExactly(name + "-2", "auth");
	}

	@Test
	void numbersNamesThatAreTaken() {
		assertThat(names("a b", "a;b", "a/b")).containsExactly("a_b", "a_b-2", "a_b-3");
	}

	@Test
	void findsAnotherNumberWhereTheNumberedNameIsTaken() {
		assertThat(names("app", "app-2", "a b", "a_b-2", "a/b")).containsExactly("app-3", "app-2", "a_b", "a_b-2",
				"a_b-3");
	}

	@Test
	void givesANameToWhomItBelongs() {
		assertThat(names("a b", "a_b")).containsExactly("a_b-2", "a_b");
	}

	@Test
	void staysWithinTheLengthWithNumbers() {
		String[] names = names(IntStream.range(0, 12).mapToObj((i) -> "x".repeat(50) + i).toArray(String[]::new));
		assertThat(names).startsWith("x".repeat(40), "x".repeat(38) + "-2")
			.endsWith("x".repeat(37) + "-12")
			.allMatch((name) -> name.length() <= 40)
			.doesNotHaveDuplicates();
	}

	@ParameterizedTest
	@ValueSource(longs = { 1, 42, 20261121 })
	void areAlwaysDifferentTokens(long seed) {
		Random random = new Random(seed);
		for (int run = 0; run < 200; run++) {
			String[] beans = IntStream.range(0, 1 + random.nextInt(60))
				.mapToObj((i) -> randomName(random))
				.distinct()
				.toArray(String[]::new);
			String[] names = names(beans);
			assertThat(names).doesNotHaveDuplicates()
				.doesNotContainAnyElementsOf(List.of("app", "total", "other"))
				.allMatch((name) -> name.matches(TOKEN))
				.allMatch((name) -> ServerTimingNames.token(name).equals(name));
		}
	}

	/**
	 * Anything, from short names that collide to long ones that are cut.
	 */
	private static String randomName(Random random) {
		return switch (random.nextInt(6)) {
			case 0 -> List.of("app", "total", "other", "app-2", "total-2", "").get(random.nextInt(6));
			case 1 -> "ab-2 ;é".substring(random.nextInt(7));
			case 2 -> "y".repeat(36 + random.nextInt(8)) + random.nextInt(4);
			default ->
				random.ints(random.nextInt(50), 0, 0x11000).mapToObj(Character::toString).collect(Collectors.joining());
		};
	}

	private static String[] names(String... beans) {
		List<Middleware> middlewares = IntStream.range(0, beans.length)
			.mapToObj((index) -> TestChain.middleware(index, beans[index]))
			.toList();
		ServerTimingNames names = new ServerTimingNames(middlewares);
		return middlewares.stream().map(names::of).toArray(String[]::new);
	}

}
