package io.github.asyncmiddleware.internal.guard;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

import io.github.asyncmiddleware.OnFailure;
import io.github.asyncmiddleware.internal.chain.Middleware;
import io.github.asyncmiddleware.internal.chain.MiddlewareCode;
import io.github.asyncmiddleware.internal.chain.MiddlewareScope;
import io.github.asyncmiddleware.internal.chain.Misuse;
import io.github.asyncmiddleware.internal.chain.RunsOn;
import io.github.asyncmiddleware.internal.chain.Style;
import io.github.asyncmiddleware.internal.record.RequestRecord;
import io.github.asyncmiddleware.internal.record.RequestResult;
import io.github.asyncmiddleware.internal.sample.RequestListener;
import io.github.asyncmiddleware.testsupport.TestChain;
import io.github.asyncmiddleware.testsupport.TestTicker;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.beans.BeanUtils;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.util.ReflectionUtils;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link MisuseReporter}.
 */
@ExtendWith(OutputCaptureExtension.class)
class MisuseReporterTests {

	private final TestTicker ticker = new TestTicker();

	private final List<String> told = new ArrayList<>();

	private final Middleware first = TestChain.middleware(0, "first");

	private final Middleware second = TestChain.middleware(1, "second");

	private final MisuseReporter reporter = new MisuseReporter(true, List.of(new Listener()), this.ticker);

	@ParameterizedTest
	@EnumSource(Misuse.class)
	void namesTheMiddlewareAndSaysWhatToDo(Misuse misuse, CapturedOutput output) {
		assertThat(this.reporter.stepsIn(this.first, misuse, null)).isTrue();
		assertThat(lines(output)).singleElement()
			.asString()
			.contains("WARN")
			.contains("[" + misuse.name().toLowerCase(Locale.ROOT) + "] The middleware 'first' ("
					+ this.first.type().getName())
			.endsWith(Documentation.see("misuse", misuse.name().toLowerCase(Locale.ROOT)));
	}

	@ParameterizedTest
	@EnumSource(Misuse.class)
	void speaksTheLanguageOfTheStyle(Misuse misuse, CapturedOutput output) {
		this.reporter.stepsIn(styled(Style.NATIVE), misuse, null);
		this.reporter.stepsIn(styled(Style.AWAIT), misuse, null);
		assertThat(lines(output)).hasSize(2);
		assertThat(lines(output).get(0)).doesNotContain("next.handle(request)");
		assertThat(lines(output).get(1)).doesNotContain("chain.filter(exchange)");
	}

	private static Middleware styled(Style style) {
		MiddlewareCode code = new MiddlewareCode(style, RunsOn.EVENT_LOOP, (exchange, chain) -> chain.filter(exchange),
				null, null);
		return new Middleware(0, style.name(), MisuseReporterTests.class, 0, MiddlewareScope.ALL, OnFailure.FAIL, null,
				code);
	}

	@ParameterizedTest
	@EnumSource(Misuse.class)
	void isExplainedOnThePage(Misuse misuse) throws IOException {
		List<String> page = Files.readAllLines(Path.of("..", "docs", "misuse.md"));
		String kind = misuse.name().toLowerCase(Locale.ROOT);
		assertThat(page).contains("## " + kind).anyMatch((line) -> line.startsWith("| `" + kind + "` |"));
	}

	@Test
	void logsOnceAMinuteForEachMiddlewareAndKind(CapturedOutput output) {
		for (int i = 0; i < 100; i++) {
			this.reporter.stepsIn(this.first, Misuse.DROPPED_NEXT, null);
		}
		this.reporter.stepsIn(this.first, Misuse.LATE_NEXT, null);
		this.reporter.stepsIn(this.second, Misuse.DROPPED_NEXT, null);
		assertThat(lines(output)).hasSize(3);
		this.ticker.advance(Duration.ofSeconds(59));
		this.reporter.stepsIn(this.first, Misuse.DROPPED_NEXT, null);
		assertThat(lines(output)).hasSize(3);
		this.ticker.advance(Duration.ofSeconds(1));
		this.reporter.stepsIn(this.first, Misuse.DROPPED_NEXT, null);
		assertThat(lines(output)).hasSize(4).last().asString().contains("(101 times since it was last reported)");
	}

	@Test
	void tellsListenersEachTime() {
		this.reporter.stepsIn(this.first, Misuse.DROPPED_NEXT, null);
		this.reporter.stepsIn(this.first, Misuse.DROPPED_NEXT, null);
		assertThat(this.told).containsExactly("first DROPPED_NEXT", "first DROPPED_NEXT");
	}

	@Test
	void doesNotStepInWhereItOnlyWarns(CapturedOutput output) {
		MisuseReporter warning = new MisuseReporter(false, List.of(), this.ticker);
		assertThat(warning.stepsIn(this.first, Misuse.DROPPED_NEXT, null)).isFalse();
		assertThat(lines(output)).hasSize(1);
	}

	@ParameterizedTest
	@ValueSource(classes = { IllegalStateException.class, AssertionError.class, NoClassDefFoundError.class,
			StackOverflowError.class })
	void stepsInAndTellsOthersWhateverAListenerThrows(Class<? extends Throwable> failure) {
		RequestListener throwing = new Listener() {

			@Override
			public void onMisuse(Middleware middleware, Misuse misuse) {
				ReflectionUtils.rethrowRuntimeException(BeanUtils.instantiateClass(failure));
			}

		};
		MisuseReporter guarded = new MisuseReporter(true, List.of(throwing, new Listener()), this.ticker);
		assertThat(guarded.stepsIn(this.first, Misuse.DROPPED_NEXT, null)).isTrue();
		assertThat(this.told).containsExactly("first DROPPED_NEXT");
	}

	private static List<String> lines(CapturedOutput output) {
		return output.getOut().lines().filter((line) -> line.contains("_next]") || line.contains("_result]")).toList();
	}

	private class Listener implements RequestListener {

		@Override
		public void onHead(RequestRecord request) {
		}

		@Override
		public void onEnd(RequestRecord request, RequestResult result) {
		}

		@Override
		public void onMisuse(Middleware middleware, Misuse misuse) {
			MisuseReporterTests.this.told.add(middleware.name() + " " + misuse);
		}

	}

}
