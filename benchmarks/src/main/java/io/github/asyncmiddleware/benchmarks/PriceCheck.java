package io.github.asyncmiddleware.benchmarks;

import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.actuate.MiddlewareStatistics;
import io.github.asyncmiddleware.internal.boundary.MiddlewareHttpHandlerFactory;
import io.github.asyncmiddleware.internal.chain.ChainArranger;
import io.github.asyncmiddleware.internal.chain.Middleware;
import io.github.asyncmiddleware.metrics.AsyncMiddlewareMeters;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.composite.CompositeMeterRegistry;

import org.springframework.context.ApplicationContext;
import org.springframework.util.Assert;
import org.springframework.web.server.WebFilter;

/**
 * Makes sure that an application is what its {@link PriceVariant} says: a variant that
 * measures nothing, or has no middlewares, would look cheap.
 */
final class PriceCheck {

	private final ApplicationContext context;

	private final PriceVariant variant;

	PriceCheck(ApplicationContext context, PriceVariant variant) {
		this.context = context;
		this.variant = variant;
	}

	/**
	 * Fail if the middlewares are not those, or something of this library is there that
	 * should not.
	 * @param types the classes of the middlewares
	 */
	void hasMiddlewares(Collection<Class<?>> types) {
		List<Class<?>> found = this.variant.isOurs() ? middlewares() : filters();
		Assert.state(found.size() == types.size() && new HashSet<>(found).equals(Set.copyOf(types)),
				() -> "Expected " + types + ", but there is " + found);
		Assert.state(this.variant.isOurs() == has(MiddlewareHttpHandlerFactory.class),
				"This library takes part, or does not, against what the variant says");
		if (!this.variant.isOurs()) {
			List<String> ours = Stream.of(this.context.getBeanDefinitionNames())
				.filter((name) -> name.startsWith("asyncMiddleware"))
				.toList();
			Assert.state(ours.isEmpty(), () -> "Not without this library: " + ours);
		}
	}

	private List<Class<?>> middlewares() {
		return this.context.getBean(ChainArranger.class)
			.arrange(this.context.getBeanProvider(WebFilter.class).orderedStream().toList(), this.context)
			.stream()
			.filter(Middleware.class::isInstance)
			.map(Middleware.class::cast)
			.filter(this::isConcurrentIfDeclared)
			.<Class<?>>map(Middleware::type)
			.toList();
	}

	private boolean isConcurrentIfDeclared(Middleware middleware) {
		AsyncMiddleware annotation = middleware.type().getAnnotation(AsyncMiddleware.class);
		return annotation != null && annotation.concurrent() == (middleware.code().concurrent() != null);
	}

	private List<Class<?>> filters() {
		return this.context.getBeansOfType(WebFilter.class)
			.values()
			.stream()
			.<Class<?>>map(WebFilter::getClass)
			.filter((type) -> type.getPackage() == PriceCheck.class.getPackage())
			.toList();
	}

	/**
	 * Fail if the registries, the meters or the endpoint are not as the variant says.
	 * @param count how many middlewares there are
	 */
	void isMeasured(int count) {
		MeterRegistry registry = this.context.getBean(MeterRegistry.class);
		Set<Class<?>> types = leaves(registry).map(MeterRegistry::getClass).collect(Collectors.toSet());
		Assert.state(types.equals(Set.copyOf(this.variant.registries().types())),
				() -> "The registries are " + types + " and not " + this.variant.registries().types());
		Assert.state(this.variant.hasEndpoint() == has(MiddlewareStatistics.class),
				"The endpoint is there, or is not, against what the variant says");
		leaves(registry).forEach((leaf) -> {
			// A middleware with a hook for the response has timers for other results, too
			Collection<Timer> timers = leaf.find(AsyncMiddlewareMeters.OWN.meterName())
				.tag("result", "passed")
				.timers();
			Assert.state(timers.size() == (this.variant.isMetered() ? count : 0),
					() -> timers.size() + " timers for " + count + " middlewares in " + leaf);
			Assert.state(timers.stream().allMatch((timer) -> hasHistogram(timer) == this.variant.hasHistograms()),
					"The timers have histograms, or have none, against what the variant says");
		});
	}

	private static Stream<MeterRegistry> leaves(MeterRegistry registry) {
		return (registry instanceof CompositeMeterRegistry composite)
				? composite.getRegistries().stream().flatMap(PriceCheck::leaves) : Stream.of(registry);
	}

	private static boolean hasHistogram(Timer timer) {
		return timer.takeSnapshot().histogramCounts().length > 0;
	}

	private boolean has(Class<?> type) {
		return this.context.getBeanNamesForType(type).length > 0;
	}

}
