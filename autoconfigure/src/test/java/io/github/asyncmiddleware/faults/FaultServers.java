package io.github.asyncmiddleware.faults;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

import io.github.asyncmiddleware.OnFailure;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * The same application twice for the tests of a class: with middlewares that fail closed,
 * and with the same ones open.
 */
final class FaultServers implements AfterAllCallback {

	private final Map<OnFailure, FaultServer> servers = new EnumMap<>(OnFailure.class);

	private final Class<?> configuration;

	private final List<String> middlewares;

	/**
	 * Create servers, which start when they are needed.
	 * @param configuration the application
	 * @param middlewares the names of those that fail closed or open
	 */
	FaultServers(Class<?> configuration, String... middlewares) {
		this.configuration = configuration;
		this.middlewares = List.of(middlewares);
	}

	FaultServer get(OnFailure onFailure) {
		return this.servers.computeIfAbsent(onFailure, this::start);
	}

	private FaultServer start(OnFailure onFailure) {
		List<String> properties = new ArrayList<>();
		for (String middleware : this.middlewares) {
			properties.add("async-middleware.middleware." + middleware + ".on-failure=" + onFailure);
		}
		return FaultServer.start(properties, this.configuration);
	}

	@Override
	public void afterAll(ExtensionContext context) {
		this.servers.values().forEach(FaultServer::close);
		this.servers.clear();
	}

}
