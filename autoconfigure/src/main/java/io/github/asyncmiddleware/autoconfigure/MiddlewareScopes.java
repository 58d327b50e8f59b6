package io.github.asyncmiddleware.autoconfigure;

import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Collectors;

import io.github.asyncmiddleware.internal.chain.MiddlewareScope;
import org.jspecify.annotations.Nullable;

import org.springframework.context.ApplicationContext;
import org.springframework.http.HttpMethod;
import org.springframework.web.util.pattern.PathPattern;
import org.springframework.web.util.pattern.PathPatternParser;

/**
 * Makes the scopes of middlewares: of their attributes, and without the requests that are
 * for management.
 */
final class MiddlewareScopes {

	private final ApplicationContext context;

	private final Supplier<PathPatternParser> parser;

	private final ManagementRequests management;

	/**
	 * Create the maker of scopes.
	 * @param context the context of the application
	 * @param parser how path patterns are parsed
	 * @param management which requests are for management, and so left out
	 */
	MiddlewareScopes(ApplicationContext context, Supplier<PathPatternParser> parser, ManagementRequests management) {
		this.context = context;
		this.parser = parser;
		this.management = management;
	}

	MiddlewareScope of(MiddlewareDefinition definition) {
		PathPatternParser parser = this.parser.get();
		MiddlewareScope scope = new MiddlewareScope(parse(definition.path(), parser),
				parse(definition.excludePath(), parser),
				definition.method().stream().map(HttpMethod::valueOf).collect(Collectors.toSet()));
		return withoutManagement(scope, this.context);
	}

	/**
	 * The same scope without the requests for management.
	 * @param scope the scope
	 * @param context the context whose endpoints are meant, that of the application or
	 * one below it
	 */
	MiddlewareScope withoutManagement(MiddlewareScope scope, @Nullable ApplicationContext context) {
		PathPatternParser parser = PathPatternParser.defaultInstance;
		return scope.withoutManagement(parse(this.management.endpoints(context), parser),
				parse(this.management.links(context), parser));
	}

	private static List<PathPattern> parse(List<String> patterns, PathPatternParser parser) {
		return patterns.stream().map(parser::initFullPathPattern).map(parser::parse).toList();
	}

}
