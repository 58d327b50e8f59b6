package io.github.asyncmiddleware.ecosystem;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Compares an application that has {@linkplain PassThroughs twelve middlewares} with the
 * same one as it is without the starter.
 */
final class Comparison {

	/** Has filters that are no middlewares measured as well. */
	static final String MEASURED = "async-middleware.foreign-filters=measured";

	private static final String WITHOUT_STARTER = "spring.autoconfigure.exclude="
			+ Stream.of("Clock", "Endpoint", "Exemplars", "Metrics", "Observation", "Servlet", "")
				.map((which) -> "io.github.asyncmiddleware.autoconfigure.AsyncMiddleware" + which + "AutoConfiguration")
				.collect(Collectors.joining(","));

	private static final Pattern REQUEST_ID = Pattern.compile("(\"requestId\":\"|INTERNAL_ERROR for )[0-9a-f]+-\\d+");

	private final Class<?> application;

	private final Set<Library> libraries;

	private final List<String> properties;

	private Comparison(Class<?> application, Set<Library> libraries, List<String> properties) {
		this.application = application;
		this.libraries = libraries;
		this.properties = properties;
	}

	static Comparison of(Class<?> application, Library... libraries) {
		return new Comparison(application, Set.of(libraries), List.of());
	}

	Comparison with(String... properties) {
		return new Comparison(this.application, this.libraries, List.of(properties));
	}

	/**
	 * Have the same conversation with both. All answers must be the same, dates and ids
	 * apart, and each request must be recorded once, by each middleware that it entered.
	 * @param entering how many of the requests come as far as the inner middlewares
	 * @param conversation the conversation
	 */
	void isSame(int entering, Consumer<Browser> conversation) {
		List<String> expected = withoutStarter(conversation);
		try (RunningApplication running = start(List.of(this.application, PassThroughs.class), this.properties)) {
			Records records = running.records();
			Browser browser = new Browser(running.port());
			conversation.accept(browser);
			List<String> actual = withoutDatesAndIds(browser.answers());
			for (int i = 0; i < expected.size(); i++) {
				assertThat(actual.get(i)).isEqualTo(expected.get(i));
			}
			assertThat(actual).hasSameSizeAs(expected);
			Map<String, Integer> recorded = records.after(expected.size());
			PassThroughs.OUTER.forEach((name) -> check(recorded, name, expected.size()));
			PassThroughs.INNER.forEach((name) -> check(recorded, name, entering));
			assertThat(Records.sum(recorded, "requests ")).isEqualTo(expected.size());
			assertThat(Records.sum(recorded, "misuse ")).isZero();
		}
	}

	private List<String> withoutStarter(Consumer<Browser> conversation) {
		List<String> properties = new ArrayList<>(this.properties);
		properties.add(WITHOUT_STARTER);
		try (RunningApplication running = start(List.of(this.application), properties)) {
			assertThat(running.records().now()).isEmpty();
			Browser browser = new Browser(running.port());
			conversation.accept(browser);
			return withoutDatesAndIds(browser.answers());
		}
	}

	private RunningApplication start(List<Class<?>> configurations, List<String> properties) {
		return RunningApplication.start(this.libraries, configurations, properties);
	}

	private static void check(Map<String, Integer> recorded, String middleware, int requests) {
		assertThat(recorded).as(middleware).containsEntry("own " + middleware + " passed", requests);
		assertThat(Records.sum(recorded, "own " + middleware + " ")).as(middleware).isEqualTo(requests);
		assertThat(Records.sum(recorded, "ttfb " + middleware + " ")).as(middleware).isEqualTo(requests);
	}

	private static List<String> withoutDatesAndIds(List<String> answers) {
		return answers.stream().map(Comparison::withoutDatesAndIds).toList();
	}

	private static String withoutDatesAndIds(String answer) {
		// An error has the id of its request, which is longer at some times
		String undated = REQUEST_ID.matcher(answer).find() ? answer.replaceAll("(?i)(\ncontent-length: )\\d+", "$1?")
				: answer;
		return REQUEST_ID.matcher(undated)
			.replaceAll("$1?")
			.replaceAll("(?i)(\ndate: |expires=)[^\r;]+", "$1?")
			.replaceAll("(\"timestamp\":\")[^\"]+", "$1?")
			.replaceAll("(?i)(session=)[0-9a-f-]{36}", "$1?")
			.replaceAll("(name=\"_csrf\"[^>]* value=\")[^\"]+", "$1?");
	}

}
