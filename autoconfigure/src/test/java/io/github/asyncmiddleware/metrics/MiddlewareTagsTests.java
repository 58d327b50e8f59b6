package io.github.asyncmiddleware.metrics;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

import io.github.asyncmiddleware.internal.chain.Middleware;
import io.github.asyncmiddleware.testsupport.TestChain;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.http.server.reactive.HttpHandler;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link MiddlewareTags} and {@link ContributedTags}.
 */
@ExtendWith(OutputCaptureExtension.class)
class MiddlewareTagsTests {

	private final List<Middleware> middlewares = List.of(TestChain.middleware(0, "a"), TestChain.middleware(1, "b"));

	@Test
	void addsTagsToTheMetersOfAMiddleware() {
		MeterRegistry registry = new SimpleMeterRegistry();
		TestChain.get(chain(registry, (name) -> Tags.of("team", "team-" + name)), "/");
		assertThat(tagsOf(registry, "async.middleware.ttfb")).containsExactly(
				"[middleware=a, outcome=SUCCESS, team=team-a]", "[middleware=b, outcome=SUCCESS, team=team-b]");
		assertThat(tagsOf(registry, "async.middleware.own")).containsExactly(
				"[middleware=a, result=passed, team=team-a]", "[middleware=b, result=passed, team=team-b]");
		assertThat(tagsOf(registry, "async.middleware.app")).containsExactly("[outcome=SUCCESS]");
		assertThat(tagsOf(registry, "async.middleware.blocked")).containsExactly("[middleware=a, team=team-a]",
				"[middleware=app, team=none]", "[middleware=b, team=team-b]");
		assertThat(tagsOf(registry, "async.middleware.misuse")).hasSize(10)
			.contains("[kind=late_next, middleware=b, team=team-b]");
		assertThat(tagsOf(registry, "async.middleware.requests")).contains("[result=ok]");
	}

	@Test
	void addsTheSameTagsToMetersThatAreRegisteredLater() {
		MeterRegistry registry = new SimpleMeterRegistry();
		HttpHandler handler = new TestChain().entries(this.middlewares)
			.listener(MiddlewareMetrics.listener(registry, this.middlewares,
					List.of((name) -> Tags.of("team", "team-" + name))))
			.handler((exchange) -> {
				throw new IllegalStateException("fails");
			})
			.build();
		TestChain.get(handler, "/");
		assertThat(tagsOf(registry, "async.middleware.ttfb")).contains(
				"[middleware=a, outcome=SERVER_ERROR, team=team-a]",
				"[middleware=b, outcome=SERVER_ERROR, team=team-b]");
	}

	@Test
	void asksOnceForEachMiddleware() {
		List<String> asked = new ArrayList<>();
		HttpHandler handler = chain(new SimpleMeterRegistry(), (name) -> {
			asked.add(name);
			return Tags.empty();
		});
		TestChain.get(handler, "/");
		assertThat(asked).containsExactly("a", "b");
	}

	@Test
	void takesTheLastValueWhenTwoContributorsDisagree() {
		assertThat(contributed((name) -> Tags.of("team", "first", "tier", "1"), (name) -> Tags.of("team", "second")))
			.containsExactly(Tags.of("team", "second", "tier", "1"), Tags.of("team", "second", "tier", "1"));
	}

	@Test
	void fillsInKeysThatAMiddlewareLacks() {
		assertThat(contributed((name) -> name.equals("a") ? Tags.of("team", "x") : Tags.of("tier", "1")))
			.containsExactly(Tags.of("team", "x", "tier", "none"), Tags.of("team", "none", "tier", "1"));
	}

	@Test
	void measuresWithoutTheTagsOfAContributorThatThrows(CapturedOutput output) {
		assertThat(contributed((name) -> {
			throw new IllegalStateException("no idea");
		}, (name) -> Tags.of("team", name))).containsExactly(Tags.of("team", "a"), Tags.of("team", "b"));
		assertThat(output).containsOnlyOnce(" failed for middleware 'a' (" + this.middlewares.get(0).type().getName()
				+ ", order 0), which is measured without its tags. Nothing more is logged about it");
		assertThat(output).containsOnlyOnce("WARN").contains("no idea");
	}

	@Test
	void fillsInTheKeysOfAContributorThatThrowsForSome() {
		assertThat(contributed((name) -> {
			if (name.equals("a")) {
				throw new IllegalStateException("no idea");
			}
			return Tags.of("team", name);
		})).containsExactly(Tags.of("team", "none"), Tags.of("team", "b"));
	}

	@Test
	void treatsNullAsAFailure(CapturedOutput output) {
		assertThat(contributed((name) -> null)).containsExactly(Tags.empty(), Tags.empty());
		assertThat(output).containsOnlyOnce("WARN").contains(" failed for middleware 'a'");
	}

	@Test
	void ignoresTagsThatWouldHideOurs(CapturedOutput output) {
		assertThat(contributed((name) -> Tags.of("middleware", "x", "outcome", "x", "result", "x", "team", "x")))
			.containsExactly(Tags.of("team", "x"), Tags.of("team", "x"));
		assertThat(output).containsOnlyOnce("WARN")
			.contains(" must not set the tag 'middleware', which is ignored. Nothing more is logged about it");
	}

	@Test
	void saysWhichKeyComesTooLate(CapturedOutput output) {
		ContributedTags tags = new ContributedTags(
				List.of((name) -> name.equals("a") ? Tags.of("team", "x") : Tags.of("team", "y", "vendor", "z")));
		assertThat(tags.of(this.middlewares.subList(0, 1))).containsExactly(Tags.of("team", "x"));
		assertThat(tags.of(this.middlewares.subList(1, 2))).containsExactly(Tags.of("team", "y"));
		assertThat(output).containsOnlyOnce("WARN").contains(" has no tag 'vendor' for the middlewares");
	}

	@Test
	void keepsPrometheusFromRefusingAMiddleware() {
		PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
		registry.throwExceptionOnRegistrationFailure();
		TestChain.get(chain(registry, (name) -> name.equals("a") ? Tags.of("team", "x") : Tags.empty()), "/");
		assertThat(
				registry.scrape().lines().filter((line) -> line.contains("seconds_count") && !line.contains("blocked")))
			.containsExactly("async_middleware_app_seconds_count{outcome=\"SUCCESS\"} 1",
					"async_middleware_own_seconds_count{middleware=\"a\",result=\"passed\",team=\"x\"} 1",
					"async_middleware_own_seconds_count{middleware=\"b\",result=\"passed\",team=\"none\"} 1",
					"async_middleware_request_ttfb_seconds_count"
							+ "{method=\"GET\",outcome=\"SUCCESS\",status=\"200\",uri=\"UNKNOWN\"} 1",
					"async_middleware_ttfb_seconds_count{middleware=\"a\",outcome=\"SUCCESS\",team=\"x\"} 1",
					"async_middleware_ttfb_seconds_count{middleware=\"b\",outcome=\"SUCCESS\",team=\"none\"} 1");
	}

	private List<Tags> contributed(MiddlewareTags... contributors) {
		return new ContributedTags(Arrays.asList(contributors)).of(this.middlewares);
	}

	private HttpHandler chain(MeterRegistry registry, MiddlewareTags contributor) {
		return new TestChain().entries(this.middlewares)
			.listener(MiddlewareMetrics.listener(registry, this.middlewares, List.of(contributor)))
			.build();
	}

	private static List<String> tagsOf(MeterRegistry registry, String name) {
		return registry.get(name).meters().stream().map(Meter::getId).map(MiddlewareTagsTests::text).sorted().toList();
	}

	private static String text(Meter.Id id) {
		return id.getTags().stream().map(MiddlewareTagsTests::text).toList().toString();
	}

	private static String text(Tag tag) {
		return tag.getKey() + "=" + tag.getValue();
	}

}
