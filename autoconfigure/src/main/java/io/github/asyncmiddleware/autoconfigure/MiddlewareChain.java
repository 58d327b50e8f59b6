package io.github.asyncmiddleware.autoconfigure;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;

import io.github.asyncmiddleware.autoconfigure.FilterArrangement.Placed;
import io.github.asyncmiddleware.internal.chain.ChainArranger;
import io.github.asyncmiddleware.internal.chain.ChainEntry;
import io.github.asyncmiddleware.internal.chain.ForeignFilter;
import io.github.asyncmiddleware.internal.chain.Middleware;
import io.github.asyncmiddleware.internal.chain.MiddlewareCode;
import io.github.asyncmiddleware.internal.chain.Style;
import io.github.asyncmiddleware.internal.guard.LogNames;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.BeanFactoryUtils;
import org.springframework.beans.factory.SmartInitializingSingleton;
import org.springframework.context.ApplicationContext;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.http.server.reactive.HttpHandler;
import org.springframework.web.server.WebFilter;
import org.springframework.web.util.pattern.PathPatternParser;

/**
 * The filter chain of the application: the middlewares and, between them, the filters
 * that are not ours.
 */
class MiddlewareChain implements ChainArranger, SmartInitializingSingleton {

	static final String BEAN_NAME = "asyncMiddlewareChain";

	private static final Log logger = LogFactory.getLog(LogNames.CHAIN);

	private final ConfigurableApplicationContext context;

	private final FilterOrders orders;

	private final UserClasses classes;

	private final MiddlewareDefinitions definitions;

	private final MiddlewareCodes codes;

	private final Map<String, Middleware> middlewares;

	/** The names of the middlewares by those of the beans that are their filters. */
	private final Map<String, String> names;

	private final ForeignNames foreignNames;

	private final boolean enabled;

	private final DisabledMiddlewares disabled;

	private final MiddlewareScopes scopes;

	/** {@code null} where foreign filters are not measured. */
	private final @Nullable MeasuredFilters measured;

	private @Nullable List<ChainEntry> entries;

	/** A handler was built that asks for the chain. */
	private boolean arranged;

	/**
	 * Create a chain.
	 * @param context the context that holds the filters
	 * @param definitions the definitions of the middlewares
	 * @param codes makes middlewares out of beans
	 * @param enabled whether middlewares run at all
	 * @param measuresForeign whether foreign filters are measured, if middlewares run
	 * @param parser how path patterns are parsed
	 * @param management which requests are for management, and so left out
	 */
	MiddlewareChain(ConfigurableApplicationContext context, MiddlewareDefinitions definitions, MiddlewareCodes codes,
			boolean enabled, boolean measuresForeign, Supplier<PathPatternParser> parser,
			ManagementRequests management) {
		this.context = context;
		this.orders = new FilterOrders(context.getBeanFactory());
		this.classes = new UserClasses(context.getBeanFactory());
		this.enabled = enabled;
		this.disabled = new DisabledMiddlewares(definitions.all(), enabled, this.orders, context.getBeanFactory());
		this.scopes = new MiddlewareScopes(context, parser, management);
		this.definitions = definitions;
		this.codes = codes;
		this.middlewares = new LinkedHashMap<>();
		this.names = definitions.all()
			.stream()
			.collect(Collectors.toMap(MiddlewareDefinition::filterName, MiddlewareDefinition::name));
		this.foreignNames = new ForeignNames(definitions.all().stream().map(MiddlewareDefinition::name).toList());
		if (enabled) {
			definitions.all().stream().filter(MiddlewareDefinition::enabled).forEach(this::create);
		}
		this.measured = (enabled && measuresForeign) ? new MeasuredFilters(this.middlewares.size()) : null;
	}

	private void create(MiddlewareDefinition definition) {
		if (!this.context.isSingleton(definition.name())) {
			// As a FactoryBean can say of what it makes
			throw DefinitionChecks.noSingleton(definition.name(), definition.source(), "prototype");
		}
		Object bean = this.context.getBean(definition.name());
		if (bean.equals(null)) {
			// What a @Bean method has returned is null: as all of Spring, do without it
			return;
		}
		if (this.definitions.isMadeElsewhere(definition)) {
			this.definitions.madeElsewhere(bean, definition);
		}
		DefinitionChecks.checkOrder(definition, bean);
		Class<?> type = this.classes.of(bean, definition.name());
		if (!UserClasses.isLambda(bean)) {
			MiddlewareStyles.checkBean(definition, type);
		}
		MiddlewareCode code = this.codes.codeOf(definition, bean, type);
		this.middlewares.put(definition.name(),
				new Middleware(this.middlewares.size(), definition.name(), type, order(definition, bean),
						this.scopes.of(definition), definition.onFailure(), definition.timeout(), code));
	}

	/**
	 * The order that Spring goes by, except for a filter that is made elsewhere: it does
	 * not know what the annotation or a property says about that.
	 */
	private int order(MiddlewareDefinition definition, Object bean) {
		MiddlewareDefinition current = this.definitions.get(definition.name());
		if (current == null || !isFilterFromElsewhere(current)) {
			return this.orders.orderOf(bean, definition.filterName());
		}
		Integer order = current.order();
		if (order != null) {
			return order;
		}
		return current.ordered() ? this.orders.orderOf(bean, current.name()) : 0;
	}

	/**
	 * The filter that runs a middleware which is not one itself.
	 * @param name the name of the middleware
	 * @return the filter
	 */
	WebFilter filter(String name) {
		Middleware middleware = this.middlewares.get(name);
		return (middleware != null) ? middleware.filter() : (exchange, chain) -> chain.filter(exchange);
	}

	@Override
	public void afterSingletonsInstantiated() {
		HiddenMiddlewares.check(this.context.getBeanFactory(),
				this.definitions.all().stream().map(MiddlewareDefinition::name).collect(Collectors.toSet()));
		if (!this.arranged && !this.middlewares.isEmpty()) {
			HandlerDecorators.checkHandler(this.context.getBeanFactory(), this.middlewares.keySet());
		}
		if (!this.middlewares.isEmpty() || measuresForeign()) {
			String chain = ChainLine.of(entries());
			logger.info(chain);
		}
		this.disabled.warn(this.context.getEnvironment());
	}

	/**
	 * The middlewares that run, in the order of their indexes.
	 */
	List<Middleware> middlewares() {
		return List.copyOf(this.middlewares.values());
	}

	/**
	 * Whether foreign filters are measured.
	 */
	boolean measuresForeign() {
		return this.measured != null;
	}

	/**
	 * Tell of the foreign filters that are measured, now and whenever there are more.
	 * @param listener is given some that it has not been told of
	 */
	void tellOfMeasured(Consumer<List<Middleware>> listener) {
		if (this.measured != null) {
			this.measured.tell(listener);
		}
	}

	/**
	 * Whether some part of a middleware blocks a thread of its own.
	 */
	boolean hasOffloaded() {
		return this.middlewares.values()
			.stream()
			.anyMatch((middleware) -> MiddlewareCodes.isOffloaded(middleware.code()));
	}

	/**
	 * The chain of this context, outermost first.
	 */
	List<ChainEntry> entries() {
		List<ChainEntry> entries = this.entries;
		if (entries == null) {
			entries = chainOf(this.context.getBeanProvider(WebFilter.class).orderedStream().toList(), this.context);
			checkRelated(entries);
			this.entries = entries;
		}
		return entries;
	}

	private void checkRelated(List<ChainEntry> chain) {
		RelatedFilters related = new RelatedFilters(this.context, chain);
		this.definitions.all()
			.stream()
			.filter((definition) -> this.middlewares.containsKey(definition.name()))
			.forEach(related::check);
	}

	/**
	 * The chain of this context as people see it: with the middlewares that are disabled.
	 */
	List<ChainEntry> rows() {
		return this.disabled.insertInto(entries(), this.scopes::of);
	}

	@Override
	public List<ChainEntry> arrange(List<WebFilter> filters, @Nullable ApplicationContext context) {
		this.arranged = true;
		return chainOf(filters, context);
	}

	private List<ChainEntry> chainOf(List<WebFilter> filters, @Nullable ApplicationContext context) {
		HiddenMiddlewares.checkBelow(context, this.context);
		Map<WebFilter, String> names = names((context != null) ? context : this.context);
		Set<String> left = this.definitions.all().stream().map(MiddlewareDefinition::name).collect(Collectors.toSet());
		if (this.enabled) {
			left.removeAll(this.middlewares.keySet());
		}
		List<Placed> placed = new ArrayList<>();
		List<Placed> fromElsewhere = new ArrayList<>();
		for (WebFilter filter : filters) {
			String name = names.get(filter);
			if (name == null || !left.contains(name)) {
				MiddlewareDefinition definition = (name != null) ? this.definitions.get(name) : null;
				((definition != null && isFilterFromElsewhere(definition)) ? fromElsewhere : placed)
					.add(place(filter, name, context));
			}
		}
		fromElsewhere.forEach((filter) -> FilterArrangement.insert(filter, placed));
		List<ChainEntry> chain = this.foreignNames.shorten(FilterArrangement.arrange(placed));
		return (this.measured != null) ? this.measured.measure(chain) : chain;
	}

	/**
	 * The name of each filter: that of the middleware, if it is one.
	 */
	private Map<WebFilter, String> names(ApplicationContext context) {
		Map<WebFilter, String> names = new IdentityHashMap<>();
		BeanFactoryUtils.beansOfTypeIncludingAncestors(context, WebFilter.class).forEach((beanName, filter) -> {
			String name = this.names.getOrDefault(beanName, beanName);
			String other = names.put(filter, name);
			if (other != null && (this.middlewares.containsKey(other) || this.middlewares.containsKey(name))) {
				throw new InvalidMiddlewareException(
						"The beans '%s' and '%s' are the same object (%s), but a middleware has one place in the filter chain."
							.formatted(other, name, filter.getClass().getName()),
						"Let each @Bean method make an object of its own, or remove one of the beans.");
			}
		});
		return names;
	}

	/**
	 * Whether a middleware is itself a filter, and made elsewhere, so that no definition
	 * tells Spring its order.
	 */
	private boolean isFilterFromElsewhere(MiddlewareDefinition definition) {
		return definition.style() == Style.NATIVE && this.definitions.isMadeElsewhere(definition);
	}

	/**
	 * None of them can run as it is declared: Spring would run those that are filters
	 * themselves on every request, also where they are switched off.
	 */
	@Override
	public void cannotArrange(HttpHandler handler) {
		this.arranged = true;
		List<String> lost = this.definitions.all()
			.stream()
			.filter((definition) -> this.middlewares.containsKey(definition.name())
					|| definition.style() == Style.NATIVE)
			.map((definition) -> "'" + definition.name() + "'"
					+ (this.middlewares.containsKey(definition.name()) ? "" : " (disabled)"))
			.toList();
		if (!lost.isEmpty()) {
			throw new HandlerDecorators(this.context.getBeanFactory()).refuse(handler, lost);
		}
		if (measuresForeign()) {
			logger.warn("Foreign filters are not measured, since a handler of the application is not the one of"
					+ " WebHttpHandlerBuilder but a " + handler.getClass().getName());
		}
	}

	private Placed place(WebFilter filter, @Nullable String name, @Nullable ApplicationContext context) {
		MiddlewareDefinition definition = (name != null) ? this.definitions.get(name) : null;
		Middleware middleware = (name != null) ? this.middlewares.get(name) : null;
		if (definition != null && middleware != null && middleware.filter() == filter) {
			Middleware scoped = middleware.withScope(this.scopes.withoutManagement(middleware.scope(), context));
			return new Placed(scoped, definition.before(), definition.after(), definition.ordered(),
					this.definitions.hasLentAnnotation(definition));
		}
		Class<?> type = this.classes.of(filter, name);
		if (definition != null && middleware != null && this.context.getBean(definition.filterName()) == filter) {
			throw HiddenMiddlewares.replaced(definition, type);
		}
		if (name != null) {
			checkForeign(name, type);
		}
		ForeignFilter foreign = new ForeignFilter((name != null) ? name : nameOf(type), type,
				this.orders.orderOf(filter, name), filter);
		return new Placed(foreign, List.of(), List.of(), true, true);
	}

	/**
	 * That of a lambda ends with a number that is another one after each start.
	 */
	private static String nameOf(Class<?> type) {
		String name = type.getName();
		return type.isHidden() ? name.substring(0, name.lastIndexOf('/')) : name;
	}

	/**
	 * A bean whose annotation could not be seen in time would be a plain filter.
	 */
	private void checkForeign(String name, Class<?> type) {
		if (MiddlewareAnnotations.of(type).isPresent()) {
			throw this.context.containsBean(name) ? HiddenMiddlewares.annotated(name, type)
					: HiddenMiddlewares.below(name, type, this.context);
		}
	}

}
