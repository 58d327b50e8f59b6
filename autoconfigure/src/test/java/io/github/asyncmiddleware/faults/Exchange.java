package io.github.asyncmiddleware.faults;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

import io.github.asyncmiddleware.testsupport.boot.Answer;
import io.github.asyncmiddleware.testsupport.boot.Records;

import org.springframework.http.HttpStatus;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A request that was answered: what the client has got, and what is recorded.
 */
record Exchange(Answer answer, Supplier<Records> records) {

	/**
	 * Check that this is what is recorded in the end, and nothing else.
	 * @param request result and status, as in {@code "error_page 503"}; without a status
	 * if no head went out
	 * @param others the middlewares and their results, as in {@code "auth passed"}, which
	 * stands for a sample of the time to first byte as well; and misuses, as in
	 * {@code "misuse auth late_next"}
	 */
	void assertRecorded(String request, String... others) {
		List<String> expected = expected(request, others);
		Patience.await()
			.untilAsserted(() -> assertThat(this.records.get().all()).containsExactlyInAnyOrderElementsOf(expected));
	}

	private static List<String> expected(String request, String... others) {
		String[] words = request.split(" ");
		List<String> expected = new ArrayList<>(List.of("requests " + words[0]));
		if (words.length > 1) {
			expected.add("request.ttfb " + words[1]);
		}
		for (String other : others) {
			if (other.startsWith("misuse ")) {
				expected.add(other);
				continue;
			}
			expected.add("own " + other);
			if (words.length > 1) {
				expected.add("ttfb " + other.split(" ")[0] + " " + outcome(words[1]));
			}
		}
		return expected;
	}

	private static String outcome(String status) {
		return HttpStatus.Series.valueOf(Integer.parseInt(status)).name().replace("SUCCESSFUL", "SUCCESS");
	}

}
