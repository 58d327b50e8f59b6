package io.github.asyncmiddleware.ecosystem;

import java.util.List;

/**
 * A library that configures itself as soon as it is there.
 */
enum Library {

	/** Spring Cloud Gateway. */
	GATEWAY("org.springframework.cloud."),

	/** Spring for GraphQL. */
	GRAPHQL("org.springframework.boot.graphql."),

	/** R2DBC, and what transactions need. */
	R2DBC("org.springframework.boot.r2dbc.", "org.springframework.boot.data.r2dbc.",
			"org.springframework.boot.transaction."),

	/** RSocket. */
	RSOCKET("org.springframework.boot.rsocket."),

	/** Spring Security. */
	SECURITY("org.springframework.boot.security."),

	/** Spring Session. */
	SESSION("org.springframework.boot.session."),

	/** The OpenAPI description of springdoc. */
	SPRINGDOC("org.springdoc.");

	private final List<String> packages;

	Library(String... packages) {
		this.packages = List.of(packages);
	}

	/**
	 * Whether an auto-configuration belongs to this library.
	 * @param autoConfiguration the name of its class
	 * @return whether it does
	 */
	boolean has(String autoConfiguration) {
		return this.packages.stream().anyMatch(autoConfiguration::startsWith);
	}

}
