package io.github.asyncmiddleware.autoconfigure;

import java.net.URI;
import java.util.ArrayList;
import java.util.List;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.internal.chain.Middleware;
import io.github.asyncmiddleware.testsupport.PassingFilter;
import org.junit.jupiter.api.Test;

import org.springframework.boot.test.context.runner.ReactiveWebApplicationContextRunner;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.HttpMethod;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.mock.web.server.MockServerWebExchange;
import org.springframework.web.bind.annotation.RequestMethod;
import org.springframework.web.reactive.config.PathMatchConfigurer;
import org.springframework.web.reactive.config.WebFluxConfigurer;
import org.springframework.web.reactive.result.method.RequestMappingInfo;
import org.springframework.web.reactive.result.method.annotation.RequestMappingHandlerMapping;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that paths and methods of a middleware are judged as {@code @RequestMapping}
 * judges them: for each pattern and path, the same application is asked both ways.
 */
class MiddlewareScopeMappingTests {

	private static final List<String> PATTERNS = List.of("/", "/api", "/api/", "/api/*", "/api/**", "/**", "/*",
			"/{name}", "/api/{id:[0-9]+}", "/api/{*rest}", "/ap?", "api", "api/**", "/API", "/a b", "/a%20b",
			"/api/x;v=1", "/api/*.json", "/{a}/{b}", "/**/last");

	private static final List<String> PATHS = List.of("", "/", "//", "/api", "/api/", "//api", "/api//", "/api//x",
			"/api/x", "/api/x/", "/api/42", "/API", "/Api/X", "/api;v=1", "/api;v=1/x", "/api/x;v=1", "/api/x;v=2",
			"/;v=1/api", "/api/%78", "/%61pi", "/api%2Fx", "/api/%2F", "/api/.", "/api/..", "/api/%2e", "/api/%2e%2e",
			"/api/%2E%2E/x", "/%2e/api", "/a%20b", "/a+b", "/api/x.json", "/api/x%2Ejson", "/api%3Bv=1",
			"/api/a/b/last", "/api/%C3%A4", "/api/%00", "/api%5Cx");

	private final ReactiveWebApplicationContextRunner runner = MiddlewareRunner.create();

	@Test
	void judgesPathsAsMappingsDo() {
		withAMiddlewareForEachPattern().run((context) -> assertThat(differences(context, "")).isEmpty());
	}

	@Test
	void judgesPathsAsMappingsDoWhenTheApplicationIgnoresCase() {
		withAMiddlewareForEachPattern().withUserConfiguration(IgnoringCase.class).run((context) -> {
			assertThat(differences(context, "")).isEmpty();
			assertThat(includes(context, "/api", MockServerHttpRequest.get("/API"))).isTrue();
		});
	}

	@Test
	void judgesThePathWithinTheApplication() {
		withAMiddlewareForEachPattern().run((context) -> {
			assertThat(differences(context, "/base")).isEmpty();
			assertThat(includes(context, "/api", MockServerHttpRequest.get("/base/api").contextPath("/base"))).isTrue();
			assertThat(includes(context, "/api", MockServerHttpRequest.get("/api"))).isTrue();
			assertThat(includes(context, "/api", MockServerHttpRequest.get("/base/api"))).isFalse();
		});
	}

	@Test
	void judgesMethodsAsMappingsDo() {
		this.runner.withBean("scoped", Scoped.class).run((context) -> {
			for (RequestMethod declared : RequestMethod.values()) {
				RequestMappingInfo mapping = RequestMappingInfo.paths("/").methods(declared).build();
				this.runner.withBean("scoped", Scoped.class)
					.withPropertyValues("async-middleware.middleware.scoped.method=" + declared.name())
					.run((scoped) -> {
						for (HttpMethod method : HttpMethod.values()) {
							MockServerHttpRequest request = MockServerHttpRequest.method(method, URI.create("/"))
								.build();
							assertThat(MiddlewareRunner.middleware(scoped, "scoped").scope().includes(request))
								.as("%s for a middleware for %s", method, declared)
								.isEqualTo(mapping.getMatchingCondition(MockServerWebExchange.from(request)) != null);
						}
					});
			}
		});
	}

	@Test
	void excludesWhatIsInBoth() {
		this.runner.withBean("scoped", Scoped.class)
			.withPropertyValues("async-middleware.middleware.scoped.path=/api/**",
					"async-middleware.middleware.scoped.exclude-path=/api/open/**")
			.run((context) -> {
				Middleware middleware = MiddlewareRunner.middleware(context, "scoped");
				assertThat(middleware.scope().includes(MockServerHttpRequest.get("/api/x").build())).isTrue();
				assertThat(middleware.scope().includes(MockServerHttpRequest.get("/api/open/x").build())).isFalse();
				assertThat(middleware.scope().includes(MockServerHttpRequest.get("/x").build())).isFalse();
			});
	}

	private ReactiveWebApplicationContextRunner withAMiddlewareForEachPattern() {
		ReactiveWebApplicationContextRunner scoped = this.runner;
		for (int i = 0; i < PATTERNS.size(); i++) {
			scoped = scoped.withBean("m" + i, Scoped.class)
				.withPropertyValues("async-middleware.middleware.m" + i + ".path[0]=" + PATTERNS.get(i));
		}
		return scoped;
	}

	private static List<String> differences(ApplicationContext context, String contextPath) throws Exception {
		List<String> differences = new ArrayList<>();
		for (String pattern : PATTERNS) {
			for (String path : PATHS) {
				MockServerHttpRequest.BaseBuilder<?> request = MockServerHttpRequest
					.method(HttpMethod.GET, URI.create("http://localhost" + contextPath + path))
					.contextPath(contextPath);
				boolean mapped = isMapped(context, pattern, request.build());
				if (includes(context, pattern, request) != mapped) {
					differences.add(pattern + (mapped ? " is mapped for " : " is not mapped for ") + path);
				}
			}
		}
		return differences;
	}

	private static boolean isMapped(ApplicationContext context, String pattern, MockServerHttpRequest request)
			throws NoSuchMethodException {
		RequestMappingHandlerMapping mapping = context.getBean("requestMappingHandlerMapping",
				RequestMappingHandlerMapping.class);
		RequestMappingInfo.BuilderConfiguration options = new RequestMappingInfo.BuilderConfiguration();
		options.setPatternParser(mapping.getPathPatternParser());
		RequestMappingInfo info = RequestMappingInfo.paths(pattern).options(options).build();
		mapping.registerMapping(info, new Handler(), Handler.class.getDeclaredMethod("handle"));
		try {
			return mapping.getHandler(MockServerWebExchange.from(request)).blockOptional().isPresent();
		}
		finally {
			mapping.unregisterMapping(info);
		}
	}

	private static boolean includes(ApplicationContext context, String pattern,
			MockServerHttpRequest.BaseBuilder<?> request) {
		return MiddlewareRunner.middleware(context, "m" + PATTERNS.indexOf(pattern)).scope().includes(request.build());
	}

	static class Handler {

		void handle() {
		}

	}

	@AsyncMiddleware
	static class Scoped extends PassingFilter {

	}

	@Configuration(proxyBeanMethods = false)
	static class IgnoringCase {

		@Bean
		WebFluxConfigurer ignoringCase() {
			return new WebFluxConfigurer() {

				@Override
				public void configurePathMatching(PathMatchConfigurer configurer) {
					configurer.setUseCaseSensitiveMatch(false);
				}

			};
		}

		@Bean
		RequestMappingHandlerMapping anotherMapping() {
			RequestMappingHandlerMapping mapping = new RequestMappingHandlerMapping();
			mapping.setOrder(-10);
			return mapping;
		}

	}

}
