package io.github.asyncmiddleware.autoconfigure;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.actuate.autoconfigure.web.server.ManagementPortType;
import org.springframework.boot.actuate.endpoint.web.PathMappedEndpoint;
import org.springframework.boot.actuate.endpoint.web.PathMappedEndpoints;
import org.springframework.boot.actuate.endpoint.web.WebServerNamespace;
import org.springframework.boot.web.server.context.WebServerApplicationContext;
import org.springframework.context.ApplicationContext;
import org.springframework.core.env.Environment;
import org.springframework.util.StringUtils;

/**
 * The requests to the endpoints of Spring Boot Actuator.
 */
class EndpointManagementRequests implements ManagementRequests {

	private final Supplier<@Nullable PathMappedEndpoints> endpoints;

	private final Environment environment;

	EndpointManagementRequests(Supplier<@Nullable PathMappedEndpoints> endpoints, Environment environment) {
		this.endpoints = endpoints;
		this.environment = environment;
	}

	@Override
	public List<String> paths() {
		PathMappedEndpoints endpoints = this.endpoints.get();
		if (endpoints == null) {
			return List.of();
		}
		Set<String> paths = new LinkedHashSet<>();
		if (ManagementPortType.get(this.environment) == ManagementPortType.SAME) {
			if (StringUtils.hasText(endpoints.getBasePath())) {
				paths.add(endpoints.getBasePath());
			}
			paths.addAll(endpoints.getAllPaths());
		}
		for (PathMappedEndpoint endpoint : endpoints) {
			paths.addAll(endpoint.getAdditionalPaths(WebServerNamespace.SERVER));
		}
		return withChildren(paths);
	}

	private static List<String> withChildren(Collection<String> paths) {
		List<String> patterns = new ArrayList<>();
		for (String path : paths) {
			patterns.add(path);
			if (!path.equals("/")) {
				patterns.add(path + "/**");
			}
		}
		return patterns;
	}

	@Override
	public boolean areAllIn(@Nullable ApplicationContext context) {
		return WebServerApplicationContext.hasServerNamespace(context, WebServerNamespace.MANAGEMENT.getValue());
	}

}
