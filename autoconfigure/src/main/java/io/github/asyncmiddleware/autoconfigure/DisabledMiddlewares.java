package io.github.asyncmiddleware.autoconfigure;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

import io.github.asyncmiddleware.internal.chain.ChainEntry;
import io.github.asyncmiddleware.internal.chain.DisabledMiddleware;
import io.github.asyncmiddleware.internal.chain.MiddlewareScope;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.core.env.Environment;

/**
 * The middlewares that properties have switched off. Authentication may be among them, so
 * they are named at start-up and shown in the places that they would have.
 */
final class DisabledMiddlewares {

	private static final Log logger = LogFactory.getLog(DisabledMiddlewares.class);

	private final List<MiddlewareDefinition> disabled;

	private final boolean enabled;

	private final FilterOrders orders;

	private final ConfigurableListableBeanFactory beanFactory;

	/**
	 * Create an instance.
	 * @param definitions all definitions
	 * @param enabled whether middlewares run at all
	 * @param orders knows the orders of filters
	 * @param beanFactory has the beans
	 */
	DisabledMiddlewares(List<MiddlewareDefinition> definitions, boolean enabled, FilterOrders orders,
			ConfigurableListableBeanFactory beanFactory) {
		this.disabled = definitions.stream().filter((definition) -> !enabled || !definition.enabled()).toList();
		this.enabled = enabled;
		this.orders = orders;
		this.beanFactory = beanFactory;
	}

	/**
	 * Name them in the log, with the properties that have switched them off.
	 * @param environment has the properties
	 */
	void warn(Environment environment) {
		if (this.disabled.isEmpty()) {
			return;
		}
		List<MiddlewareProperty> properties = MiddlewareProperty.allIn(environment);
		if (this.enabled) {
			logger.warn("Disabled middlewares, which never run: " + this.disabled.stream()
				.map((definition) -> describe(definition)
						+ by(properties, "middleware" + MiddlewareNames.uniform(definition.name()) + "enabled"))
				.collect(Collectors.joining(", ")) + ".");
		}
		else {
			logger.warn("All middlewares are disabled" + by(properties, "enabled") + " and never run: "
					+ this.disabled.stream().map(DisabledMiddlewares::describe).collect(Collectors.joining(", "))
					+ ".");
		}
	}

	private static String describe(MiddlewareDefinition definition) {
		return "'" + definition.name() + "' (" + definition.source() + ")";
	}

	private static String by(List<MiddlewareProperty> properties, String uniform) {
		Optional<MiddlewareProperty> first = properties.stream()
			.filter((property) -> property.uniform(0).equals(uniform))
			.findFirst();
		return first.map((property) -> " by the " + property.describe()).orElse("");
	}

	/**
	 * Put them where they would stand. Those that only say what they stand next to stand
	 * by their order alone, since they have no neighbours.
	 * @param chain the chain without them
	 * @param scopes makes scopes
	 * @return the chain with them
	 */
	List<ChainEntry> insertInto(List<ChainEntry> chain, Function<MiddlewareDefinition, MiddlewareScope> scopes) {
		List<ChainEntry> rows = new ArrayList<>(chain);
		for (MiddlewareDefinition definition : this.disabled) {
			int order = order(definition);
			int position = rows.size();
			while (position > 0 && rows.get(position - 1).order() > order) {
				position--;
			}
			rows.add(position, new DisabledMiddleware(definition.name(), definition.type(), definition.style(), order,
					scopes.apply(definition), definition.concurrent(), definition.onFailure(), definition.timeout()));
		}
		return List.copyOf(rows);
	}

	private int order(MiddlewareDefinition definition) {
		Integer order = definition.order();
		if (order != null) {
			return order;
		}
		return definition.ordered() ? this.orders.orderOf(source(definition), definition.name()) : 0;
	}

	/**
	 * What tells the order: the bean, unless it is lazy and was not made.
	 */
	private Object source(MiddlewareDefinition definition) {
		Object bean = BeanFactoryHierarchy.ownerOf(definition.name(), this.beanFactory).getSingleton(definition.name());
		return (bean != null) ? bean : definition.type();
	}

}
