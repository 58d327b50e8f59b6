package io.github.asyncmiddleware.monitoring;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

/**
 * Programs of the machine. Without one that is needed, tests are skipped, or fail with
 * {@code CI=true}.
 */
final class Programs {

	private Programs() {
	}

	/**
	 * Find a program.
	 * @param name its name
	 * @return where it is
	 */
	static String find(String name) {
		Optional<String> found = Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
			.map((directory) -> new File(directory, name))
			.filter(File::canExecute)
			.map(File::getPath)
			.findFirst();
		if (!"true".equals(System.getenv("CI"))) {
			assumeThat(found).as(name + " on the PATH").isPresent();
		}
		assertThat(found).as(name + " on the PATH").isPresent();
		return found.orElseThrow();
	}

	/**
	 * Run a program to its end.
	 * @param directory where
	 * @param name its name
	 * @param arguments its arguments
	 * @return what it printed, if it succeeded
	 */
	static String run(Path directory, String name, String... arguments) throws IOException, InterruptedException {
		String[] command = new String[arguments.length + 1];
		command[0] = find(name);
		System.arraycopy(arguments, 0, command, 1, arguments.length);
		Process process = new ProcessBuilder(command).directory(directory.toFile()).redirectErrorStream(true).start();
		String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
		assertThat(process.waitFor()).as(output).isZero();
		return output;
	}

}
