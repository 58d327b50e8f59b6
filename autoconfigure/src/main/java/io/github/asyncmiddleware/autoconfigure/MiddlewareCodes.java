package io.github.asyncmiddleware.autoconfigure;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

import io.github.asyncmiddleware.internal.chain.FailureLog;
import io.github.asyncmiddleware.internal.chain.MiddlewareCode;
import io.github.asyncmiddleware.internal.style.Answers;
import io.github.asyncmiddleware.internal.style.AwaitFilter;
import io.github.asyncmiddleware.internal.style.HookCompiler;
import io.github.asyncmiddleware.internal.style.Hooks;
import io.github.asyncmiddleware.internal.style.HooksFilter;
import io.github.asyncmiddleware.internal.style.InvalidHookException;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.ReactiveAdapterRegistry;
import org.springframework.http.codec.HttpMessageReader;
import org.springframework.http.codec.HttpMessageWriter;
import org.springframework.http.codec.ServerCodecConfigurer;
import org.springframework.util.function.SingletonSupplier;
import org.springframework.web.bind.support.WebBindingInitializer;
import org.springframework.web.reactive.config.WebFluxConfigurer;
import org.springframework.web.reactive.function.server.HandlerFilterFunction;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.reactive.result.method.HandlerMethodArgumentResolver;
import org.springframework.web.reactive.result.method.annotation.ArgumentResolverConfigurer;
import org.springframework.web.reactive.result.method.annotation.RequestMappingHandlerAdapter;
import org.springframework.web.reactive.result.method.annotation.ResponseEntityResultHandler;
import org.springframework.web.reactive.result.view.ViewResolver;
import org.springframework.web.server.WebFilter;

/**
 * Makes what the engine runs out of the beans, with the codecs, resolvers and threads of
 * the application.
 */
class MiddlewareCodes {

	private static final Log logger = LogFactory.getLog(MiddlewareCodes.class);

	private final ConfigurableApplicationContext context;

	private final SingletonSupplier<List<HttpMessageReader<?>>> readers;

	private final SingletonSupplier<ServerResponse.Context> responseContext;

	private final SingletonSupplier<Hooks> hooks;

	/**
	 * Create an instance.
	 * @param context the context with the beans
	 * @param blockingWork runs what blocks; made if there is something that does
	 * @param failures is told of failures where no engine runs a middleware
	 */
	MiddlewareCodes(ConfigurableApplicationContext context, ObjectProvider<BlockingWork> blockingWork,
			FailureLog failures) {
		this.context = context;
		SingletonSupplier<ServerCodecConfigurer> codecs = SingletonSupplier
			.of(() -> provider(ServerCodecConfigurer.class).getIfAvailable(ServerCodecConfigurer::create));
		this.readers = SingletonSupplier.of(() -> List.copyOf(codecs.obtain().getReaders()));
		this.responseContext = SingletonSupplier.of(() -> new ResponseContext(List.copyOf(codecs.obtain().getWriters()),
				provider(ViewResolver.class).orderedStream().toList()));
		this.hooks = SingletonSupplier.of(() -> new Hooks(compiler(),
				new Answers(this.responseContext::obtain,
						() -> provider(ResponseEntityResultHandler.class).getIfAvailable()),
				() -> blockingWork.getObject().offloader(), BlockingWork.runsOn(context.getEnvironment()), failures));
	}

	private HookCompiler compiler() {
		RequestMappingHandlerAdapter adapter = provider(RequestMappingHandlerAdapter.class).getIfAvailable();
		ReactiveAdapterRegistry adapters = (adapter != null) ? adapter.getReactiveAdapterRegistry() : null;
		WebBindingInitializer initializer = (adapter != null) ? adapter.getWebBindingInitializer() : null;
		return new HookCompiler(this.context.getBeanFactory(),
				(adapters != null) ? adapters : ReactiveAdapterRegistry.getSharedInstance(), customResolvers(),
				initializer);
	}

	/**
	 * What the application, or Spring Security, has added for the methods of controllers.
	 */
	private List<HandlerMethodArgumentResolver> customResolvers() {
		CustomResolvers resolvers = new CustomResolvers();
		provider(WebFluxConfigurer.class).orderedStream()
			.forEach((configurer) -> configurer.configureArgumentResolvers(resolvers));
		return resolvers.all;
	}

	private <T> ObjectProvider<T> provider(Class<T> type) {
		return this.context.getBeanProvider(type);
	}

	/**
	 * The code of a middleware.
	 * @param definition its definition
	 * @param bean its bean
	 * @param type the class that the user wrote
	 * @return the code
	 * @throws InvalidMiddlewareException if it cannot work
	 */
	MiddlewareCode codeOf(MiddlewareDefinition definition, Object bean, Class<?> type) {
		MiddlewareCode code = makeCode(definition, bean, type);
		if (definition.maxConcurrent() != null && !isOffloaded(code)) {
			logger.warn(
					"The property '%s.max-concurrent' has no effect: the %s never blocks a thread of its own. Remove it, or bound the work where it is done."
						.formatted(AsyncMiddlewareProperties.of(definition.name()), definition.describe()));
		}
		return code;
	}

	/**
	 * Whether some part of a middleware blocks a thread of its own.
	 */
	static boolean isOffloaded(MiddlewareCode code) {
		return code.filter() instanceof HooksFilter filter && filter.isOffloaded();
	}

	private MiddlewareCode makeCode(MiddlewareDefinition definition, Object bean, Class<?> type) {
		return switch (definition.style()) {
			case NATIVE -> MiddlewareCode.of((WebFilter) bean);
			case AWAIT ->
				new AwaitFilter((HandlerFilterFunction<?, ?>) bean, this.readers::obtain, this.responseContext::obtain)
					.toCode();
			case HOOKS -> hooksOf(definition, bean, type);
			case FOREIGN -> throw new IllegalStateException("A definition is never that of a foreign filter");
		};
	}

	private MiddlewareCode hooksOf(MiddlewareDefinition definition, Object bean, Class<?> type) {
		Integer maxConcurrent = definition.maxConcurrent();
		try {
			return this.hooks.obtain()
				.code(definition.name(), bean, UserClasses.withHooks(bean, type), definition.concurrent(),
						(maxConcurrent != null) ? maxConcurrent : Integer.MAX_VALUE);
		}
		catch (InvalidHookException ex) {
			throw new InvalidMiddlewareException(String.valueOf(ex.getMessage()), ex.getAction());
		}
	}

	/**
	 * Writes responses as a {@code RouterFunction} of the application would.
	 *
	 * @param messageWriters the writers
	 * @param viewResolvers the resolvers of views
	 */
	private record ResponseContext(List<HttpMessageWriter<?>> messageWriters,
			List<ViewResolver> viewResolvers) implements ServerResponse.Context {

	}

	/**
	 * Collects resolvers, which the one of Spring keeps to itself.
	 */
	private static final class CustomResolvers extends ArgumentResolverConfigurer {

		private final List<HandlerMethodArgumentResolver> all = new ArrayList<>();

		@Override
		public void addCustomResolver(HandlerMethodArgumentResolver... resolvers) {
			this.all.addAll(Arrays.asList(resolvers));
		}

	}

}
