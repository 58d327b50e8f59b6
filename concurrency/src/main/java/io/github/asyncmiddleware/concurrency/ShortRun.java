package io.github.asyncmiddleware.concurrency;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedSet;

import org.openjdk.jcstress.JCStress;
import org.openjdk.jcstress.Options;
import org.openjdk.jcstress.infra.Status;
import org.openjdk.jcstress.infra.TestInfo;
import org.openjdk.jcstress.infra.collectors.TestResult;
import org.openjdk.jcstress.infra.grading.GradingResult;
import org.openjdk.jcstress.infra.runners.ForkedTestConfig;
import org.openjdk.jcstress.infra.runners.Runner;
import org.openjdk.jcstress.infra.runners.TestConfig;
import org.openjdk.jcstress.infra.runners.TestList;
import org.openjdk.jcstress.os.AffinityMode;
import org.openjdk.jcstress.os.NodeType;
import org.openjdk.jcstress.os.SchedulingClass;
import org.openjdk.jcstress.vm.CompileMode;

/**
 * The short mode of the concurrency tests: each of them for a moment, one after the other
 * and all in this virtual machine, where the ordinary mode of jcstress starts dozens for
 * each test. Ends with status 1 if an outcome was seen that is forbidden, or a test could
 * not run.
 */
public final class ShortRun {

	private static final Map<String, String> DEFAULTS = Map.of("-iters", "1", "-time", "300", "-c", "2", "-strideCount",
			"20", "-spinStyle", "THREAD_YIELD");

	private ShortRun() {
	}

	/**
	 * Run the tests.
	 * @param args options of jcstress, such as {@code -t} with a part of the names of the
	 * tests, {@code -time} for another time than 300 ms each and {@code -v} for the
	 * outcomes of those that pass, too
	 * @throws Exception if there is no such test, or something is wrong with jcstress
	 */
	public static void main(String[] args) throws Exception {
		List<String> all = new ArrayList<>(List.of(args));
		DEFAULTS.forEach((option, value) -> {
			if (!all.contains(option)) {
				all.addAll(List.of(option, value));
			}
		});
		Options options = new Options(all.toArray(new String[0]));
		if (!options.parse()) {
			System.exit(2);
		}
		SortedSet<String> tests = new JCStress(options).getTests();
		if (tests.isEmpty()) {
			throw new IllegalStateException("There is no such test");
		}
		int failed = 0;
		for (String test : tests) {
			if (!run(test, options)) {
				failed++;
			}
		}
		System.out
			.println((failed > 0) ? failed + " of " + tests.size() + " tests failed" : tests.size() + " tests passed");
		System.exit((failed > 0) ? 1 : 0);
	}

	private static boolean run(String name, Options options) throws Exception {
		TestInfo test = TestList.getInfo(name);
		TestConfig config = new TestConfig(options, test, 1, List.of(), CompileMode.UNIFIED,
				new SchedulingClass(AffinityMode.NONE, test.threads(), NodeType.PACKAGE));
		Runner<?> runner = (Runner<?>) Class.forName(test.generatedRunner())
			.getConstructor(ForkedTestConfig.class)
			.newInstance(new ForkedTestConfig(config));
		TestResult result = runner.run();
		result.setConfig(config);
		boolean passed = result.status() == Status.NORMAL && result.grading().isPassed;
		System.out.printf(Locale.ROOT, "%-6s %,11d  %s%n", passed ? "ok" : "FAILED", result.getTotalCount(),
				name.substring(name.indexOf("internal.") + 9));
		if (!passed || options.verbosity().printAllTests()) {
			print(result);
		}
		return passed;
	}

	private static void print(TestResult result) {
		result.getMessages().forEach((message) -> System.out.println("    " + message));
		if (result.status() != Status.NORMAL) {
			System.out.println("    " + result.status());
			return;
		}
		for (GradingResult outcome : result.grading().gradingResults.values()) {
			System.out.printf(Locale.ROOT, "    %-22s %,11d  %s%n    %36s%s%n", outcome.expect, outcome.count,
					outcome.id, "", outcome.description);
		}
	}

}
