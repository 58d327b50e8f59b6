package io.github.asyncmiddleware.metrics;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

import io.github.asyncmiddleware.testsupport.TimingHeader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ServerTimingText}.
 */
class ServerTimingTextTests {

	@Test
	void tellsOwnTimesThenAppThenTotal() {
		assertThat(ServerTimingText.detailed(new String[] { "auth", "audit" }, new long[] { 12_345_000, 34_000 },
				17_389_000))
			.isEqualTo("auth;dur=12.345, audit;dur=0.034, app;dur=5.010, total;dur=17.389");
	}

	@Test
	void isWhatTheDocumentationShows() throws IOException {
		assertThat(Files.readString(Path.of("..", "docs", "server-timing.md"))).contains(
				"`" + ServerTimingText.detailed(new String[] { "auth" }, new long[] { 12_345_000 }, 17_355_000) + "`",
				"`" + ServerTimingText.total(17_355_000) + "`",
				"at most " + ServerTimingText.MAX_ENTRIES + " entries and 1 KB",
				"no more than " + ServerTimingNames.MAX_LENGTH + " characters");
	}

	@ParameterizedTest
	@CsvSource({ "0, 0.000", "999, 0.000", "1000, 0.001", "99999, 0.099", "1000000, 1.000", "1010000, 1.010",
			"59999999999, 59999.999", "9223372036854775807, 9223372036854.775" })
	void printsMilliseconds(long nanoseconds, String text) {
		assertThat(ServerTimingText.total(nanoseconds)).isEqualTo("total;dur=" + text);
	}

	@Test
	void addsUpWhereRoundingEachTimeWouldNot() {
		assertThat(ServerTimingText.detailed(new String[] { "a", "b", "c", "d" }, new long[] { 600, 600, 600, 600 },
				3_000))
			.isEqualTo("a;dur=0.000, b;dur=0.001, c;dur=0.000, d;dur=0.001, app;dur=0.001, total;dur=0.003");
	}

	@Test
	void listsAsManyAsFit() {
		String text = ServerTimingText.detailed(names(14), LongStream.range(0, 14).map((i) -> i * 1000).toArray(),
				100_000);
		assertThat(TimingHeader.parse(text).names()).hasSize(16)
			.startsWith("m0", "m1", "m2")
			.endsWith("m13", "app", "total");
	}

	@Test
	void sumsUpTheShortestWhereThereAreTooMany() {
		long[] own = LongStream.range(0, 20).map((i) -> ((i * 7) % 20 + 1) * 1000).toArray();
		TimingHeader header = TimingHeader.parse(ServerTimingText.detailed(names(20), own, 300_000));
		// m0 is 1, m1 8, m2 15, m3 2 ...: those of 8 and more are listed
		assertThat(header.names()).containsExactly("m1", "m2", "m4", "m5", "m7", "m8", "m10", "m11", "m13", "m14",
				"m16", "m17", "m19", "other", "app", "total");
		assertThat(header.get("m1")).isEqualTo(8);
		assertThat(header.get("other")).isEqualTo(1 + 2 + 3 + 4 + 5 + 6 + 7);
		assertThat(header.get("app")).isEqualTo(300 - 210);
	}

	@Test
	void keepsTheOutermostOfThoseThatAreEqual() {
		long[] own = new long[20];
		Arrays.fill(own, 1000);
		own[19] = 2000;
		TimingHeader header = TimingHeader.parse(ServerTimingText.detailed(names(20), own, 21_000));
		assertThat(header.names()).containsExactly("m0", "m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8", "m9", "m10",
				"m11", "m19", "other", "app", "total");
		assertThat(header.get("other")).isEqualTo(7);
		assertThat(header.get("app")).isZero();
	}

	@Test
	void addsUpWhereTheClockIsALittleApart() {
		assertThat(ServerTimingText.detailed(new String[] { "a", "b" }, new long[] { -2_000, 5_000 }, 4_000))
			.isEqualTo("a;dur=0.000, b;dur=0.005, app;dur=0.000, total;dur=0.005");
	}

	@ParameterizedTest
	@ValueSource(longs = { 1, 42, 20261121 })
	void isAlwaysWellFormedAndAddsUp(long seed) {
		Random random = new Random(seed);
		for (int run = 0; run < 2_000; run++) {
			int count = 1 + random.nextInt((run % 50 == 0) ? 1_000 : 40);
			long[] own = random.longs(count, 0, 1L << random.nextInt(1, 45)).toArray();
			long sum = LongStream.of(own).sum();
			long total = sum + random.nextLong(1L << random.nextInt(1, 45));
			String text = ServerTimingText.detailed(names(count), own, total);
			assertThat(text.length()).isLessThanOrEqualTo(1024);
			TimingHeader header = TimingHeader.parse(text);
			assertThat(header.get("total")).isEqualTo(total / 1000);
			assertThat(header.sum()).isEqualTo(total / 1000);
			assertThat(header.names().size()).isEqualTo(Math.min(count + 2, 16));
			assertNear(header.get("app"), total - sum);
			for (int i = 0; i < count; i++) {
				if (header.names().contains("m" + i)) {
					assertNear(header.get("m" + i), own[i]);
				}
			}
		}
	}

	private static void assertNear(long microseconds, long nanoseconds) {
		assertThat(Math.abs(microseconds * 1000 - nanoseconds)).isLessThan(1000);
	}

	@ParameterizedTest
	@ValueSource(ints = { 13, 14, 15, 100 })
	void isNeverLongerThanAKilobyte(int count) {
		String[] names = IntStream.range(0, count)
			.mapToObj((i) -> "x".repeat(ServerTimingNames.MAX_LENGTH - 3) + (100 + i))
			.toArray(String[]::new);
		long[] own = new long[count];
		Arrays.fill(own, Long.MAX_VALUE / (count + 1));
		String text = ServerTimingText.detailed(names, own, Long.MAX_VALUE);
		assertThat(text.length()).isBetween(850, 1024);
		assertThat(TimingHeader.parse(text).sum()).isEqualTo(Long.MAX_VALUE / 1000);
	}

	private static String[] names(int count) {
		return IntStream.range(0, count).mapToObj((i) -> "m" + i).toArray(String[]::new);
	}

}
