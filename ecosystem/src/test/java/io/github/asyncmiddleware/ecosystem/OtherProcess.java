package io.github.asyncmiddleware.ecosystem;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import org.awaitility.Awaitility;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * An application in a process of its own, which has a
 * {@link io.github.asyncmiddleware.ecosystem.devtools.PortFile}.
 */
final class OtherProcess implements AutoCloseable {

	static final Duration PATIENCE = Duration.ofSeconds(90);

	private final Path folder;

	private final Process process;

	/**
	 * Start the application.
	 * @param folder for its files
	 * @param classPath the class path
	 * @param application the class to start
	 * @param options options of the JVM
	 * @param arguments properties of the application
	 * @throws IOException if there is no process
	 */
	OtherProcess(Path folder, String classPath, Class<?> application, List<String> options, List<String> arguments)
			throws IOException {
		this.folder = folder;
		List<String> command = new ArrayList<>(
				List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx256m",
						"-XX:TieredStopAtLevel=1", "-cp", classPath));
		command.addAll(options);
		command.addAll(List.of(application.getName(), "--server.port=0", "--port.file=" + portFile()));
		command.addAll(arguments);
		this.process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output().toFile()).start();
	}

	/**
	 * Wait until the application has started, or started again.
	 * @return its port
	 * @throws IOException if that cannot be read
	 */
	int port() throws IOException {
		Awaitility.await()
			.atMost(PATIENCE)
			.failFast(() -> assertThat(this.process.isAlive()).as(() -> "alive after\n" + said()).isTrue())
			.until(() -> Files.exists(portFile()));
		int port = Integer.parseInt(Files.readString(portFile()));
		Files.delete(portFile());
		return port;
	}

	/**
	 * What it has written to the console.
	 * @return the text
	 */
	String said() {
		try {
			return Files.readString(output());
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private Path portFile() {
		return this.folder.resolve("port");
	}

	private Path output() {
		return this.folder.resolve("output");
	}

	@Override
	public void close() {
		this.process.destroyForcibly().onExit().join();
	}

}
