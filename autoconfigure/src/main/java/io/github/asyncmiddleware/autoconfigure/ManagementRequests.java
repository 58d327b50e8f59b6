package io.github.asyncmiddleware.autoconfigure;

import java.util.List;

import org.jspecify.annotations.Nullable;

import org.springframework.context.ApplicationContext;

/**
 * Knows which requests are for the management endpoints, where those are to be left out.
 */
interface ManagementRequests {

	/**
	 * No request is left out.
	 */
	ManagementRequests NONE = new ManagementRequests() {

		@Override
		public List<String> endpoints(@Nullable ApplicationContext context) {
			return List.of();
		}

		@Override
		public List<String> links(@Nullable ApplicationContext context) {
			return List.of();
		}

	};

	/**
	 * The path patterns of the management endpoints.
	 * @param context the context of the server that gets the requests
	 */
	List<String> endpoints(@Nullable ApplicationContext context);

	/**
	 * The path patterns of the page that links to them, for requests with {@code GET}.
	 * @param context the context of the server that gets the requests
	 */
	List<String> links(@Nullable ApplicationContext context);

}
