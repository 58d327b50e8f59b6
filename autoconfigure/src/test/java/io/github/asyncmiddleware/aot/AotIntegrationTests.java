package io.github.asyncmiddleware.aot;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.boot.SpringApplicationAotProcessor;
import org.springframework.context.aot.AbstractAotProcessor.Settings;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that an application that was processed ahead of time runs on the JVM like an
 * ordinary one: the same chain, the same answers, the same meters. It was built with
 * other properties, none of which may be frozen, and without some values.
 */
class AotIntegrationTests {

	private static final String[] WHEN_BUILT = { "--server.port=0", "--async-middleware.skip-management=true",
			"--async-middleware.metrics.enabled=false", "--async-middleware.middleware.switched.enabled=false",
			"--async-middleware.middleware.lambda.order=99", "--hooks.path=/**",
			"--async-middleware.middleware.blocking.max-concurrent=${blocking.permits}",
			"--async-middleware.middleware.awaiting.order=${awaiting.order}",
			"--management.endpoints.web.exposure.include=health,asyncmiddleware" };

	private static final String[] WHEN_RUN = { "--server.port=0", "--hooks.path=/**", "--hooks.timeout=77s",
			"--async-middleware.middleware.blocking.enabled=false", "--spring.main.banner-mode=off",
			// A connection that is kept alive may be read no more (reactor-netty#4361)
			"--server.netty.max-keep-alive-requests=1",
			"--management.endpoints.web.exposure.include=health,asyncmiddleware" };

	@TempDir
	private Path directory;

	@Test
	void runsLikeAnOrdinaryApplication() throws Exception {
		Path classes = processAheadOfTime();
		List<String> ordinary = run(System.getProperty("java.class.path"), "false");
		List<String> processed = run(classes + File.pathSeparator + System.getProperty("java.class.path"), "true");
		assertThat(ordinary)
			.anyMatch((line) -> line.startsWith("seen: /hello none 401 {x-awaited=[401 UNAUTHORIZED],"
					+ " x-final=[401 UNAUTHORIZED], x-ran=[switched, lambda]} {\"reason\":\"no key\"}"))
			.anyMatch((line) -> line.startsWith("seen: /actuator/health none 401"))
			.anyMatch((line) -> line.contains("\"name\":\"blocking\"") && line.contains("\"enabled\":false"))
			.anyMatch((line) -> line.contains("\"timeout\":\"77000ms\""))
			.anyMatch((line) -> line.contains("async.middleware.own"))
			.endsWith("seen: BatchClock");
		assertThat(processed).isEqualTo(ordinary);
	}

	private Path processAheadOfTime() throws IOException {
		Path sources = this.directory.resolve("sources");
		Path classes = this.directory.resolve("classes");
		Settings settings = Settings.builder()
			.sourceOutput(sources)
			.resourceOutput(classes)
			.classOutput(classes)
			.groupId("io.github.asyncmiddleware")
			.artifactId("aot-tests")
			.build();
		new SpringApplicationAotProcessor(AotApplication.class, settings, WHEN_BUILT).process();
		List<String> arguments = new ArrayList<>(
				List.of("-nowarn", "-d", classes.toString(), "-cp", System.getProperty("java.class.path")));
		try (Stream<Path> files = Files.walk(sources)) {
			files.map(Path::toString).filter((file) -> file.endsWith(".java")).forEach(arguments::add);
		}
		JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
		assertThat(compiler.run(null, null, null, arguments.toArray(String[]::new))).as("exit of the compiler")
			.isZero();
		return classes;
	}

	private List<String> run(String classPath, String processed) throws IOException, InterruptedException {
		Path log = this.directory.resolve("log-" + processed + ".txt");
		List<String> command = new ArrayList<>(List.of(
				Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Dspring.aot.enabled=" + processed,
				"-XX:TieredStopAtLevel=1", "-cp", classPath, AotApplication.class.getName()));
		command.addAll(List.of(WHEN_RUN));
		Process process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
		try {
			assertThat(process.waitFor(120, TimeUnit.SECONDS)).isTrue();
		}
		finally {
			process.destroyForcibly();
		}
		List<String> lines = Files.readAllLines(log);
		assertThat(process.exitValue()).as(String.join("\n", lines)).isZero();
		return lines.stream().filter((line) -> line.startsWith(AotApplication.LINE)).toList();
	}

}
