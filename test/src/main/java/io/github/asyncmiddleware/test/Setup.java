package io.github.asyncmiddleware.test;

import java.security.Principal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

import io.github.asyncmiddleware.MiddlewareOrder;
import org.jspecify.annotations.Nullable;
import reactor.util.context.Context;
import reactor.util.context.ContextView;

import org.springframework.util.Assert;
import org.springframework.web.server.WebHandler;

/**
 * What a {@link MiddlewareTester} was told. Changed only while a tester is being made of
 * it.
 */
final class Setup {

	private static final Duration TIME_LIMIT = Duration.ofSeconds(10);

	final List<MiddlewareBean> beans = new ArrayList<>();

	final List<Class<?>> configurations = new ArrayList<>();

	final Map<String, Object> properties = new LinkedHashMap<>();

	/** Which middlewares there have to be, since attributes of them are replaced. */
	final Set<String> named = new LinkedHashSet<>();

	WebHandler handler = (exchange) -> exchange.getResponse().setComplete();

	ContextView context = Context.empty();

	@Nullable Principal principal;

	boolean misuseAllowed;

	boolean blockingAllowed;

	Duration timeLimit = TIME_LIMIT;

	Setup() {
		// A request of a test has no other request to hold up, and time stands still
		this.properties.put("async-middleware.blocking-watch.enabled", "false");
		this.properties.put("async-middleware.stuck-after", "0");
	}

	Setup(Setup other) {
		this.beans.addAll(other.beans);
		this.configurations.addAll(other.configurations);
		this.properties.putAll(other.properties);
		this.named.addAll(other.named);
		this.handler = other.handler;
		this.context = other.context;
		this.principal = other.principal;
		this.misuseAllowed = other.misuseAllowed;
		this.blockingAllowed = other.blockingAllowed;
		this.timeLimit = other.timeLimit;
	}

	void add(MiddlewareBean bean) {
		Assert.isTrue(this.beans.stream().noneMatch((other) -> other.name().equals(bean.name())),
				() -> "There are two middlewares '%s'; name one of them with withMiddleware or withFilter"
					.formatted(bean.name()));
		this.beans.add(bean);
		if (bean.isUnordered()) {
			this.properties.put(AttributeName.spell(bean.name(), "order"), String.valueOf(MiddlewareOrder.LAST));
		}
	}

	/**
	 * Replace attributes of a middleware. Nothing of what was set before may stay beside
	 * the new values: neither the rest of a longer list nor another spelling.
	 * @param middleware the name of the middleware
	 * @param values the values by the names of the attributes, with the index in a list
	 */
	void replace(String middleware, Map<String, String> values) {
		this.named.add(middleware);
		Map<String, String> changed = new LinkedHashMap<>();
		values.forEach((attribute, value) -> changed.put(AttributeName.spell(middleware, attribute), value));
		Set<AttributeName> replaced = changed.keySet().stream().map(AttributeName::of).collect(Collectors.toSet());
		this.properties.keySet().removeIf((property) -> replaced.contains(AttributeName.of(property)));
		this.properties.putAll(changed);
	}

	/**
	 * Check what can be checked before the start: there is a middleware for all
	 * attributes.
	 */
	void checkNames() {
		if (this.configurations.isEmpty()) {
			checkNames(this.beans.stream().map(MiddlewareBean::name).toList());
		}
	}

	/**
	 * Check that there is a middleware for all attributes.
	 * @param names the names of the middlewares there are
	 */
	void checkNames(Collection<String> names) {
		for (String name : this.named) {
			Assert.isTrue(names.contains(name),
					() -> "There is no middleware '%s' to replace attributes of, only %s".formatted(name, names));
		}
	}

}
