package io.github.asyncmiddleware.autoconfigure;

import java.time.Duration;
import java.util.List;

import io.github.asyncmiddleware.internal.boundary.MiddlewareHttpHandlerFactory;
import io.github.asyncmiddleware.internal.chain.MisuseGuard;
import io.github.asyncmiddleware.internal.guard.DeadlineWheel;
import io.github.asyncmiddleware.internal.guard.FailureReporter;
import io.github.asyncmiddleware.internal.guard.MisuseReporter;
import io.github.asyncmiddleware.internal.guard.SlowRequestReporter;
import io.github.asyncmiddleware.internal.record.HeadDecorator;
import io.github.asyncmiddleware.internal.record.StepObserver;
import io.github.asyncmiddleware.internal.record.Ticker;
import io.github.asyncmiddleware.internal.run.Guards;
import io.github.asyncmiddleware.internal.sample.RequestListener;
import io.github.asyncmiddleware.internal.sample.RequestTraces;
import io.github.asyncmiddleware.internal.watch.ActiveRequests;
import io.github.asyncmiddleware.internal.watch.RequestWatch;
import io.github.asyncmiddleware.metrics.ServerTiming;
import io.github.asyncmiddleware.metrics.ServerTimingPolicy;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.BeanFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.actuate.autoconfigure.web.server.ManagementPortType;
import org.springframework.boot.actuate.endpoint.web.PathMappedEndpoints;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication.Type;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.task.SimpleAsyncTaskExecutorBuilder;
import org.springframework.boot.task.ThreadPoolTaskExecutorBuilder;
import org.springframework.boot.webflux.autoconfigure.HttpHandlerAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Lazy;
import org.springframework.core.env.Environment;
import org.springframework.util.StringUtils;
import org.springframework.util.function.SingletonSupplier;
import org.springframework.web.reactive.result.method.annotation.RequestMappingHandlerMapping;
import org.springframework.web.server.WebFilter;
import org.springframework.web.util.pattern.PathPatternParser;

/**
 * Auto-configuration for asynchronous middleware in WebFlux applications.
 */
@AutoConfiguration(before = HttpHandlerAutoConfiguration.class)
@ConditionalOnClass({ WebFilter.class, RequestMappingHandlerMapping.class })
@ConditionalOnWebApplication(type = Type.REACTIVE)
@EnableConfigurationProperties(AsyncMiddlewareProperties.class)
public final class AsyncMiddlewareAutoConfiguration {

	private static final String HANDLER_MAPPING = "requestMappingHandlerMapping";

	@Bean
	static MiddlewareDefinitions asyncMiddlewareDefinitions() {
		return new MiddlewareDefinitions();
	}

	// Not lazy even where everything else is: mistakes have to show at start-up
	@Bean
	@Lazy(false)
	MiddlewareChain asyncMiddlewareChain(ConfigurableApplicationContext context, MiddlewareDefinitions definitions,
			MiddlewareCodes codes, AsyncMiddlewareProperties properties,
			ObjectProvider<ManagementRequests> management) {
		return new MiddlewareChain(context, definitions, codes, properties.isEnabled(),
				properties.getForeignFilters() == AsyncMiddlewareProperties.ForeignFilters.MEASURED,
				() -> pathPatternParser(context), management.getIfAvailable(() -> ManagementRequests.NONE));
	}

	@Bean
	MiddlewareCodes asyncMiddlewareCodes(ConfigurableApplicationContext context,
			ObjectProvider<BlockingWork> blockingWork, FailureReporter failures) {
		return new MiddlewareCodes(context, blockingWork, failures);
	}

	@Bean
	@Lazy
	BlockingWork asyncMiddlewareBlockingWork(Environment environment, AsyncMiddlewareProperties properties,
			ObjectProvider<SimpleAsyncTaskExecutorBuilder> virtual,
			ObjectProvider<ThreadPoolTaskExecutorBuilder> pool) {
		return BlockingWork.of(environment, properties.getBlocking(), virtual, pool);
	}

	/**
	 * There can be other mappings; this one has what the application configures for its
	 * controllers.
	 */
	private static PathPatternParser pathPatternParser(BeanFactory beanFactory) {
		return beanFactory.containsBean(HANDLER_MAPPING)
				? beanFactory.getBean(HANDLER_MAPPING, RequestMappingHandlerMapping.class).getPathPatternParser()
				: PathPatternParser.defaultInstance;
	}

	/**
	 * What the times of the middlewares are read from, and the pauses of the log.
	 */
	@Bean
	Ticker asyncMiddlewareTicker() {
		return Ticker.SYSTEM;
	}

	@Bean
	FailureReporter asyncMiddlewareFailureReporter(Ticker ticker) {
		return new FailureReporter(ticker);
	}

	@Bean
	DeadlineWheel asyncMiddlewareDeadlines() {
		return new DeadlineWheel();
	}

	@Bean
	ActiveRequests asyncMiddlewareActiveRequests() {
		return new ActiveRequests();
	}

	@Bean
	WatchLifecycle asyncMiddlewareWatch(MiddlewareChain chain, AsyncMiddlewareProperties properties,
			ObjectProvider<RequestListener> listeners, ActiveRequests active, Ticker ticker) {
		AsyncMiddlewareProperties.BlockingWatch blocking = properties.getBlockingWatch();
		RequestWatch watch = RequestWatch.create(chain.middlewares(), chain.measuresForeign(),
				listeners.orderedStream().toList(), blocking.isEnabled() ? blocking.getThreshold() : null,
				properties.getStuckAfter().isZero() ? null : properties.getStuckAfter(), active, ticker);
		chain.tellOfMeasured(watch::onMeasured);
		return new WatchLifecycle(watch);
	}

	@Bean
	@Nullable SlowRequestReporter asyncMiddlewareSlowRequestReporter(AsyncMiddlewareProperties properties,
			ObjectProvider<RequestTraces> traces) {
		Duration threshold = properties.getSlowRequests().getLogThreshold();
		return (threshold != null) ? new SlowRequestReporter(threshold,
				SingletonSupplier.of(() -> traces.getIfAvailable(() -> RequestTraces.NONE))) : null;
	}

	@Bean
	Guards asyncMiddlewareGuards(AsyncMiddlewareProperties properties, ObjectProvider<RequestListener> listeners,
			FailureReporter failures, DeadlineWheel deadlines, WatchLifecycle watch, Ticker ticker,
			ObjectProvider<StepObserver> observer) {
		return new Guards(misuseGuard(properties, listeners.orderedStream().toList(), ticker), failures, deadlines,
				watch.activities(), observer.getIfAvailable());
	}

	@Bean(HandlerDecorators.OURS)
	MiddlewareHttpHandlerFactory asyncMiddlewareHttpHandlerFactory(MiddlewareChain chain,
			AsyncMiddlewareProperties properties, ObjectProvider<RequestListener> listeners, Guards guards,
			Ticker ticker, ObjectProvider<ServerTimingPolicy> serverTimingPolicy, Environment environment,
			ConfigurableApplicationContext context) {
		List<RequestListener> all = listeners.orderedStream().toList();
		all.forEach((listener) -> chain.tellOfMeasured(listener::onMeasured));
		MiddlewareHttpHandlerFactory factory = new MiddlewareHttpHandlerFactory(chain, all, guards, ticker,
				headDecorator(properties, serverTimingToken(properties, environment),
						serverTimingPolicy.getIfAvailable(), chain));
		context.addApplicationListener(new BeforeRegistriesClose(context, factory::close));
		return factory;
	}

	private static MisuseGuard misuseGuard(AsyncMiddlewareProperties properties, List<RequestListener> listeners,
			Ticker ticker) {
		return switch (properties.getMisuse()) {
			case FAIL -> new MisuseReporter(true, listeners, ticker);
			case WARN -> new MisuseReporter(false, listeners, ticker);
			case OFF -> MisuseGuard.OFF;
		};
	}

	/**
	 * A placeholder that is left would be a secret that the documentation tells: binding
	 * keeps those without a value as they are.
	 */
	private static @Nullable String serverTimingToken(AsyncMiddlewareProperties properties, Environment environment) {
		String token = properties.getServerTimingToken();
		try {
			return StringUtils.hasText(token) ? environment.resolveRequiredPlaceholders(token) : null;
		}
		catch (IllegalArgumentException ex) {
			throw new InvalidMiddlewareException(
					"The property 'async-middleware.server-timing-token' has a placeholder for which there is no value.",
					"Set what the placeholder stands for, or leave the property out.");
		}
	}

	private static HeadDecorator headDecorator(AsyncMiddlewareProperties properties, @Nullable String token,
			@Nullable ServerTimingPolicy policy, MiddlewareChain chain) {
		if (policy != null || token != null) {
			ServerTimingPolicy.Detail detail = ServerTimingPolicy.Detail.valueOf(properties.getServerTiming().name());
			return ServerTiming.decided((policy != null) ? policy : (exchange) -> detail, token, chain.middlewares());
		}
		return switch (properties.getServerTiming()) {
			case OFF -> HeadDecorator.NONE;
			case TOTAL -> ServerTiming.total();
			case DETAILED -> ServerTiming.detailed(chain.middlewares());
		};
	}

	/**
	 * Leaves the management endpoints out. Whether it does is decided when the
	 * application runs: a condition would be that of the build where it is processed
	 * ahead of time.
	 */
	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass({ PathMappedEndpoints.class, ManagementPortType.class })
	static class SkipManagementConfiguration {

		@Bean
		ManagementRequests asyncMiddlewareManagementRequests(AsyncMiddlewareProperties properties,
				ObjectProvider<PathMappedEndpoints> endpoints, Environment environment) {
			return properties.isSkipManagement()
					? new EndpointManagementRequests(endpoints::getIfAvailable, environment) : ManagementRequests.NONE;
		}

	}

}
