package io.github.asyncmiddleware.autoconfigure;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;

import io.github.asyncmiddleware.autoconfigure.FilterArrangement.Placed;
import io.github.asyncmiddleware.internal.chain.ChainArranger;
import io.github.asyncmiddleware.internal.chain.ChainEntry;
import io.github.asyncmiddleware.internal.chain.ForeignFilter;
import io.github.asyncmiddleware.internal.chain.Middleware;
import io.github.asyncmiddleware.internal.chain.MiddlewareScope;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.aop.support.AopUtils;
import org.springframework.beans.factory.BeanFactoryUtils;
import org.springframework.beans.factory.SmartInitializingSingleton;
import org.springframework.beans.factory.support.RootBeanDefinition;
import org.springframework.context.ApplicationContext;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.Ordered;
import org.springframework.http.HttpMethod;
import org.springframework.util.ClassUtils;
import org.springframework.web.server.WebFilter;
import org.springframework.web.util.pattern.PathPattern;
import org.springframework.web.util.pattern.PathPatternParser;

/**
 * The filter chain of the application: the middlewares and, between them, the filters
 * that are not ours.
 */
class MiddlewareChain implements ChainArranger, SmartInitializingSingleton {

	private static final Log logger = LogFactory.getLog(MiddlewareChain.class);

	/** How many filters the line at start-up names. */
	private static final int LOGGED = 30;

	private final ConfigurableApplicationContext context;

	private final FilterOrders orders;

	private final Map<String, MiddlewareDefinition> definitions = new LinkedHashMap<>();

	private final Map<String, Middleware> middlewares;

	private final boolean enabled;

	private final ManagementRequests management;

	private @Nullable List<ChainEntry> entries;

	/**
	 * Create a chain.
	 * @param context the context that holds the filters
	 * @param definitions the definitions of the middlewares
	 * @param enabled whether middlewares run at all
	 * @param parser how path patterns are parsed
	 * @param management which requests are for management, and so left out
	 */
	MiddlewareChain(ConfigurableApplicationContext context, List<MiddlewareDefinition> definitions, boolean enabled,
			Supplier<PathPatternParser> parser, ManagementRequests management) {
		this.context = context;
		this.orders = new FilterOrders(context.getBeanFactory());
		this.enabled = enabled;
		this.management = management;
		definitions.forEach((definition) -> this.definitions.put(definition.name(), definition));
		this.middlewares = new LinkedHashMap<>();
		if (enabled) {
			definitions.stream()
				.filter(MiddlewareDefinition::enabled)
				.forEach((definition) -> this.middlewares.put(definition.name(), create(definition, parser.get())));
		}
	}

	private Middleware create(MiddlewareDefinition definition, PathPatternParser parser) {
		WebFilter filter = this.context.getBean(definition.name(), WebFilter.class);
		checkOrder(definition, filter);
		MiddlewareScope scope = new MiddlewareScope(parse(definition.path(), parser),
				parse(definition.excludePath(), parser), parse(this.management.paths(), parser),
				definition.method().stream().map(HttpMethod::valueOf).collect(Collectors.toSet()));
		return new Middleware(this.middlewares.size(), definition.name(), type(filter, definition.name()),
				this.orders.orderOf(filter, definition.name()), scope, filter);
	}

	private static void checkOrder(MiddlewareDefinition definition, WebFilter filter) {
		if (definition.annotatedOrder() != 0 && filter instanceof Ordered ordered
				&& ordered.getOrder() != definition.annotatedOrder()) {
			throw MiddlewareDefinitionReader.conflictingOrder(definition, ordered.getOrder() + " from getOrder()");
		}
	}

	private static List<PathPattern> parse(List<String> patterns, PathPatternParser parser) {
		return patterns.stream().map(parser::initFullPathPattern).map(parser::parse).toList();
	}

	/**
	 * The class that the user wrote; for a lambda, the class that it is written in.
	 */
	private Class<?> type(WebFilter filter, @Nullable String beanName) {
		Class<?> type = ClassUtils.getUserClass(AopUtils.getTargetClass(filter));
		if (type.isHidden() && beanName != null && this.context.getBeanFactory().containsBeanDefinition(beanName)
				&& this.context.getBeanFactory()
					.getMergedBeanDefinition(beanName) instanceof RootBeanDefinition definition
				&& definition.getResolvedFactoryMethod() != null) {
			return definition.getResolvedFactoryMethod().getDeclaringClass();
		}
		return type;
	}

	@Override
	public void afterSingletonsInstantiated() {
		List<ChainEntry> entries = entries();
		if (!this.middlewares.isEmpty() && logger.isInfoEnabled()) {
			logger.info(describe(entries));
		}
	}

	private static String describe(List<ChainEntry> entries) {
		String chain = entries.stream()
			.limit(LOGGED)
			.map((entry) -> entry.name() + " (" + entry.order() + ((entry instanceof Middleware) ? "" : ", foreign")
					+ ")")
			.collect(Collectors.joining(" > "));
		int more = entries.size() - LOGGED;
		return "Filter chain: " + chain + ((more > 0) ? " > and " + more + " more" : "");
	}

	/**
	 * The middlewares that run, in the order of their indexes.
	 */
	List<Middleware> middlewares() {
		return List.copyOf(this.middlewares.values());
	}

	/**
	 * The chain of this context, outermost first.
	 */
	List<ChainEntry> entries() {
		List<ChainEntry> entries = this.entries;
		if (entries == null) {
			entries = arrange(this.context.getBeanProvider(WebFilter.class).orderedStream().toList(), this.context);
			this.entries = entries;
		}
		return entries;
	}

	@Override
	public List<ChainEntry> arrange(List<WebFilter> filters, @Nullable ApplicationContext context) {
		Map<WebFilter, String> names = new IdentityHashMap<>();
		BeanFactoryUtils.beansOfTypeIncludingAncestors((context != null) ? context : this.context, WebFilter.class)
			.forEach((name, filter) -> names.put(filter, name));
		Set<String> left = new HashSet<>(this.definitions.keySet());
		if (this.enabled && !this.management.areAllIn(context)) {
			left.removeAll(this.middlewares.keySet());
		}
		List<Placed> placed = new ArrayList<>();
		for (WebFilter filter : filters) {
			String name = names.get(filter);
			if (name == null || !left.contains(name)) {
				placed.add(place(filter, name));
			}
		}
		return FilterArrangement.arrange(placed);
	}

	private Placed place(WebFilter filter, @Nullable String name) {
		MiddlewareDefinition definition = (name != null) ? this.definitions.get(name) : null;
		Middleware middleware = (name != null) ? this.middlewares.get(name) : null;
		if (definition != null && middleware != null && middleware.filter() == filter) {
			return new Placed(middleware, definition.before(), definition.after(), definition.ordered());
		}
		Class<?> type = type(filter, name);
		ForeignFilter foreign = new ForeignFilter((name != null) ? name : type.getName(), type,
				this.orders.orderOf(filter, name), filter);
		return new Placed(foreign, List.of(), List.of(), true);
	}

}
