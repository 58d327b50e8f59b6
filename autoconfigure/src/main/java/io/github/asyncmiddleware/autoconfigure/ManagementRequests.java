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
		public List<String> paths() {
			return List.of();
		}

		@Override
		public boolean areAllIn(@Nullable ApplicationContext context) {
			return false;
		}

	};

	/**
	 * The path patterns of the management endpoints on the port of the application.
	 */
	List<String> paths();

	/**
	 * Whether a context serves nothing but management endpoints.
	 */
	boolean areAllIn(@Nullable ApplicationContext context);

}
