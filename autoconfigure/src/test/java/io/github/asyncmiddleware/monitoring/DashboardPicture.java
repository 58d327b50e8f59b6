package io.github.asyncmiddleware.monitoring;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

import com.jayway.jsonpath.JsonPath;

import org.springframework.core.io.ClassPathResource;
import org.springframework.util.FileSystemUtils;
import org.springframework.util.StringUtils;

/**
 * A picture of the panels of a Grafana dashboard: a page draws what a Prometheus answers
 * to their queries, and a browser without a window shows the page.
 */
final class DashboardPicture {

	private static final Duration STEP = Duration.ofMillis(500);

	private static final int WIDTH = 1200;

	/** Heights in the page: its title, and a row of its grid with the gap below. */
	private static final int TITLE = 44;

	private static final int ROW = 26;

	private static final Pattern PANEL = Pattern.compile("<figcaption>(.*?)</figcaption>(.*?)</figure>",
			Pattern.DOTALL);

	private final String dashboard;

	private final Path directory;

	/**
	 * Create a picture.
	 * @param dashboard the dashboard as JSON
	 * @param directory for the page and the picture
	 */
	DashboardPicture(String dashboard, Path directory) {
		this.dashboard = dashboard;
		this.directory = directory.toAbsolutePath();
	}

	/**
	 * Draw.
	 * @param prometheus the Prometheus to ask
	 * @param start the first moment
	 * @param end the last moment
	 * @return how many lines have been drawn, by the title of the panel
	 */
	Map<String, Integer> draw(Prometheus prometheus, Instant start, Instant end)
			throws IOException, InterruptedException {
		FileSystemUtils.deleteRecursively(this.directory);
		Files.createDirectories(this.directory);
		Files.writeString(this.directory.resolve("data.js"),
				"const dashboard = %s;\nconst moments = %s;\nconst answers = %s;\n".formatted(this.dashboard,
						moments(start, end), answers(prometheus, start, end)));
		Files.writeString(this.directory.resolve("index.html"),
				new ClassPathResource("dashboard/index.html").getContentAsString(StandardCharsets.UTF_8));
		String page = Programs.run(this.directory, "chromium", "--headless", "--no-sandbox", "--disable-gpu",
				"--no-first-run", "--hide-scrollbars", "--user-data-dir=" + this.directory.resolve("chromium"),
				"--window-size=" + WIDTH + "," + height(), "--screenshot=" + this.directory.resolve("dashboard.png"),
				"--dump-dom", this.directory.resolve("index.html").toUri().toString());
		Map<String, Integer> lines = new LinkedHashMap<>();
		PANEL.matcher(page)
			.results()
			.forEach((panel) -> lines.put(panel.group(1),
					StringUtils.countOccurrencesOf(panel.group(2), "class=\"line\"")));
		return lines;
	}

	private static List<Long> moments(Instant start, Instant end) {
		List<Long> moments = new ArrayList<>();
		for (Instant moment = start; !moment.isAfter(end); moment = moment.plus(STEP)) {
			moments.add(moment.toEpochMilli());
		}
		return moments;
	}

	/** The answers to each query of each panel, as JSON. */
	private List<List<String>> answers(Prometheus prometheus, Instant start, Instant end) {
		List<List<String>> answers = new ArrayList<>();
		List<Map<String, Object>> panels = JsonPath.read(this.dashboard, "$.panels[*]");
		for (Map<String, Object> panel : panels) {
			List<String> queries = JsonPath.read(panel, "$.targets[*].expr");
			answers.add(queries.stream()
				.map((query) -> prometheus.range(Prometheus.expand(query, "5s"), start, end, STEP))
				.toList());
		}
		return answers;
	}

	private int height() {
		List<Map<String, Integer>> positions = JsonPath.read(this.dashboard, "$.panels[*].gridPos");
		int rows = positions.stream().mapToInt((position) -> position.get("y") + position.get("h")).max().orElseThrow();
		return TITLE + rows * ROW;
	}

}
