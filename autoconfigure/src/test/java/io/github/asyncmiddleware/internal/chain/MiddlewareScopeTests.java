package io.github.asyncmiddleware.internal.chain;

import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.http.HttpMethod;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.web.util.pattern.PathPattern;
import org.springframework.web.util.pattern.PathPatternParser;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link MiddlewareScope}: which requests it includes, and that it gives a
 * reason for exactly those that it does not include.
 */
class MiddlewareScopeTests {

	private static final List<PathPattern> NONE = List.of();

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			path       | GET    | /api/a          |
			path       | POST   | /api/a/b        |
			path       | GET    | /other          | path matches none of [/api/**, /v2/*]
			path       | GET    | /v2/a           |
			path       | GET    | /v2/a/b         | path matches none of [/api/**, /v2/*]
			exclude    | GET    | /other          |
			exclude    | GET    | /api/health     | path is excluded by /api/health
			both       | GET    | /api/a          |
			both       | GET    | /api/health     | path is excluded by /api/health
			both       | GET    | /other          | path matches none of [/api/**, /v2/*]
			methods    | GET    | /any            |
			methods    | HEAD   | /any            |
			methods    | PUT    | /any            |
			methods    | POST   | /any            | method POST is not one of [GET, PUT]
			write      | HEAD   | /any            | method HEAD is not one of [POST]
			management | GET    | /any            |
			management | GET    | /actuator/a     | management endpoints are skipped (/actuator/*)
			management | POST   | /actuator/a     | management endpoints are skipped (/actuator/*)
			management | GET    | /actuator       | management endpoints are skipped (/actuator)
			management | POST   | /actuator       |
			links      | GET    | /actuator       | management endpoints are skipped (/actuator)
			links      | GET    | /actuator/a     |
			all        | DELETE | /any            |
			""")
	void includesWhatItGivesNoReasonFor(String name, String method, String path, @Nullable String reason) {
		MiddlewareScope scope = scope(name);
		MockServerHttpRequest request = MockServerHttpRequest.method(HttpMethod.valueOf(method), path).build();
		assertThat(scope.includes(request)).isEqualTo(reason == null);
		assertThat(scope.exclusionReason(request.getMethod(), request.getPath().pathWithinApplication()))
			.isEqualTo(reason);
	}

	@Test
	void isForAllRequestsOnlyIfNothingIsLeftOut() {
		assertThat(Stream.of("path", "exclude", "both", "methods", "write", "management", "links", "all")
			.filter((name) -> scope(name).isAll())).containsExactly("all");
	}

	private static MiddlewareScope scope(String name) {
		List<PathPattern> path = patterns("/api/**", "/v2/*");
		List<PathPattern> exclude = patterns("/api/health");
		return switch (name) {
			case "path" -> new MiddlewareScope(path, NONE, Set.of());
			case "exclude" -> new MiddlewareScope(NONE, exclude, Set.of());
			case "both" -> new MiddlewareScope(path, exclude, Set.of());
			case "methods" -> new MiddlewareScope(NONE, NONE, Set.of(HttpMethod.GET, HttpMethod.PUT));
			case "write" -> new MiddlewareScope(NONE, NONE, Set.of(HttpMethod.POST));
			case "management" -> MiddlewareScope.ALL.withoutManagement(patterns("/actuator/*"), patterns("/actuator"));
			case "links" -> MiddlewareScope.ALL.withoutManagement(NONE, patterns("/actuator"));
			default -> MiddlewareScope.ALL;
		};
	}

	private static List<PathPattern> patterns(String... patterns) {
		return Stream.of(patterns).map(PathPatternParser.defaultInstance::parse).toList();
	}

}
