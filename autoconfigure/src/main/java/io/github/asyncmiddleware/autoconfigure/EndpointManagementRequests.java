package io.github.asyncmiddleware.autoconfigure;

import java.util.List;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.actuate.autoconfigure.web.server.ManagementPortType;
import org.springframework.boot.actuate.endpoint.web.PathMappedEndpoints;
import org.springframework.boot.actuate.endpoint.web.WebServerNamespace;
import org.springframework.boot.web.server.context.WebServerApplicationContext;
import org.springframework.context.ApplicationContext;
import org.springframework.core.env.Environment;
import org.springframework.util.StringUtils;

/**
 * The requests to the endpoints of Spring Boot Actuator: those that
 * {@code EndpointRequest.toAnyEndpoint()} of Spring Boot matches. What is beside them,
 * such as a controller under the same base path, is none of them.
 */
class EndpointManagementRequests implements ManagementRequests {

	private static final String DISCOVERY = "management.endpoints.web.discovery.enabled";

	private final Supplier<@Nullable PathMappedEndpoints> endpoints;

	private final Environment environment;

	EndpointManagementRequests(Supplier<@Nullable PathMappedEndpoints> endpoints, Environment environment) {
		this.endpoints = endpoints;
		this.environment = environment;
	}

	@Override
	public List<String> endpoints(@Nullable ApplicationContext context) {
		PathMappedEndpoints endpoints = this.endpoints.get();
		return (endpoints != null && areServedIn(context))
				? endpoints.getAllPaths().stream().map((path) -> path + "/**").distinct().toList() : List.of();
	}

	/**
	 * There is no page where it is switched off, nor at the root of a server that is not
	 * for management alone.
	 */
	@Override
	public List<String> links(@Nullable ApplicationContext context) {
		PathMappedEndpoints endpoints = this.endpoints.get();
		if (endpoints == null || !areServedIn(context)
				|| !this.environment.getProperty(DISCOVERY, Boolean.class, true)) {
			return List.of();
		}
		String basePath = endpoints.getBasePath();
		if (StringUtils.hasText(basePath)) {
			return basePath.endsWith("/") ? List.of(basePath) : List.of(basePath, basePath + "/");
		}
		return isManagement(context) ? List.of("/") : List.of();
	}

	private boolean areServedIn(@Nullable ApplicationContext context) {
		return switch (ManagementPortType.get(this.environment)) {
			case SAME -> true;
			case DIFFERENT -> isManagement(context);
			case DISABLED -> false;
		};
	}

	private static boolean isManagement(@Nullable ApplicationContext context) {
		return WebServerApplicationContext.hasServerNamespace(context, WebServerNamespace.MANAGEMENT.getValue());
	}

}
