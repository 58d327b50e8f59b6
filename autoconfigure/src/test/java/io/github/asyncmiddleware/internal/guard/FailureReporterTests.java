package io.github.asyncmiddleware.internal.guard;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

import io.github.asyncmiddleware.internal.chain.DeadlineException;
import io.github.asyncmiddleware.internal.chain.FailureLog.Part;
import io.github.asyncmiddleware.internal.chain.LoggedRequest;
import io.github.asyncmiddleware.internal.chain.Middleware;
import io.github.asyncmiddleware.internal.chain.OverloadException;
import io.github.asyncmiddleware.internal.chain.UnavailableException;
import io.github.asyncmiddleware.testsupport.TestChain;
import io.github.asyncmiddleware.testsupport.TestTicker;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import reactor.util.context.Context;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.mock.web.server.MockServerWebExchange;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link FailureReporter}.
 */
@ExtendWith(OutputCaptureExtension.class)
class FailureReporterTests {

	private final TestTicker ticker = new TestTicker();

	private final Middleware first = TestChain.middleware(0, "first");

	private final Middleware second = TestChain.middleware(1, "second");

	private final FailureReporter reporter = new FailureReporter(this.ticker);

	@ParameterizedTest
	@CsvSource({ "REQUEST, error, failed_open", "REQUEST, overload, shed_open", "REQUEST, deadline, timeout_open",
			"RESPONSE, error, response_hook_failed", "RESPONSE, overload, response_hook_shed",
			"RESPONSE, deadline, response_timeout", ", overload, shed", ", deadline, timeout" })
	void hasACodeThatIsExplainedOnThePage(@Nullable Part part, String failure, String code, CapturedOutput output)
			throws IOException {
		RuntimeException ex = switch (failure) {
			case "overload" -> new OverloadException();
			case "deadline" -> new DeadlineException();
			default -> new IllegalStateException("fails");
		};
		if (part != null) {
			this.reporter.skipped(this.first, part, ex, null);
		}
		else {
			this.reporter.unavailable(this.first, (UnavailableException) ex, null);
		}
		assertThat(lines(output)).singleElement()
			.asString()
			.contains("WARN")
			.contains("[" + code + "] The middleware 'first' (" + this.first.type().getName())
			.endsWith(Documentation.see("failures", code));
		List<String> page = Files.readAllLines(Path.of("..", "docs", "failures.md"));
		assertThat(page).contains("## " + code).anyMatch((line) -> line.startsWith("| `" + code + "` |"));
	}

	@Test
	void logsOnceAMinuteForEachMiddlewareAndKind(CapturedOutput output) {
		for (int i = 0; i < 100; i++) {
			this.reporter.skipped(this.first, Part.REQUEST, new IllegalStateException("fails"), null);
		}
		this.reporter.skipped(this.first, Part.RESPONSE, new IllegalStateException("fails"), null);
		this.reporter.skipped(this.second, Part.REQUEST, new IllegalStateException("fails"), null);
		assertThat(lines(output)).hasSize(3);
		this.ticker.advance(Duration.ofMinutes(1));
		this.reporter.skipped(this.first, Part.REQUEST, new IllegalStateException("fails"), null);
		assertThat(lines(output)).hasSize(4).last().asString().contains("(100 times since it was last reported)");
	}

	@Test
	void logsOnceAMinuteForEachMiddlewareThatNoEngineRuns(CapturedOutput output) {
		LoggedRequest request = new LoggedRequest(MockServerWebExchange.from(MockServerHttpRequest.get("/")),
				Context.empty());
		for (int i = 0; i < 100; i++) {
			this.reporter.responseHookFailed("middleware 'a' (com.acme.A)", new IllegalStateException("fails"),
					request);
		}
		this.reporter.responseHookFailed("middleware 'b' (com.acme.B)", new OverloadException(), request);
		assertThat(lines(output)).hasSize(2);
		assertThat(lines(output).get(0)).contains(request.exchange().getLogPrefix() + "[response_hook_failed] "
				+ "The middleware 'a' (com.acme.A) failed before the head of the response, which went out without it: ");
		assertThat(lines(output).get(1)).contains("[response_hook_shed] The middleware 'b' (com.acme.B) got no thread");
		this.ticker.advance(Duration.ofMinutes(1));
		this.reporter.responseHookFailed("middleware 'a' (com.acme.A)", new IllegalStateException("fails"), request);
		assertThat(lines(output)).hasSize(3).last().asString().contains("(100 times since it was last reported)");
	}

	@Test
	void neutralisesAndCutsWhatAClientMayHaveSent(CapturedOutput output) {
		this.reporter.skipped(this.first, Part.REQUEST,
				new IllegalStateException("no user a\r\n2026-01-01 INFO forged" + "x".repeat(10_000)), null);
		assertThat(lines(output)).singleElement().asString().contains("forged").hasSizeLessThan(800);
		assertThat(output.getOut().lines()).noneMatch((line) -> line.startsWith("2026-01-01 INFO forged"));
	}

	@Test
	void saysWhereItFailed(CapturedOutput output) {
		this.reporter.skipped(this.first, Part.REQUEST, new IllegalStateException("fails"), null);
		assertThat(lines(output)).singleElement().asString().contains(getClass().getName() + ".saysWhereItFailed(");
	}

	@Test
	void survivesAFailureThatCannotBeDescribed() {
		this.reporter.skipped(this.first, Part.REQUEST, new IllegalStateException() {

			@Override
			public String toString() {
				throw new IllegalStateException("again");
			}

		}, null);
	}

	private static List<String> lines(CapturedOutput output) {
		return output.getOut().lines().filter((line) -> line.contains("docs/failures.md")).toList();
	}

}
