package io.github.asyncmiddleware.internal.style;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.config.ConfigurableBeanFactory;
import org.springframework.core.DefaultParameterNameDiscoverer;
import org.springframework.core.MethodParameter;
import org.springframework.core.ParameterNameDiscoverer;
import org.springframework.core.ReactiveAdapterRegistry;
import org.springframework.http.HttpMethod;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.web.bind.support.WebBindingInitializer;
import org.springframework.web.reactive.BindingContext;
import org.springframework.web.reactive.result.method.HandlerMethodArgumentResolver;
import org.springframework.web.reactive.result.method.SyncHandlerMethodArgumentResolver;
import org.springframework.web.reactive.result.method.annotation.AbstractNamedValueSyncArgumentResolver;
import org.springframework.web.reactive.result.method.annotation.CookieValueMethodArgumentResolver;
import org.springframework.web.reactive.result.method.annotation.ExpressionValueMethodArgumentResolver;
import org.springframework.web.reactive.result.method.annotation.PrincipalMethodArgumentResolver;
import org.springframework.web.reactive.result.method.annotation.RequestAttributeMethodArgumentResolver;
import org.springframework.web.reactive.result.method.annotation.RequestHeaderMapMethodArgumentResolver;
import org.springframework.web.reactive.result.method.annotation.RequestHeaderMethodArgumentResolver;
import org.springframework.web.reactive.result.method.annotation.RequestParamMapMethodArgumentResolver;
import org.springframework.web.reactive.result.method.annotation.RequestParamMethodArgumentResolver;
import org.springframework.web.reactive.result.method.annotation.ServerWebExchangeMethodArgumentResolver;
import org.springframework.web.reactive.result.method.annotation.SessionAttributeMethodArgumentResolver;
import org.springframework.web.reactive.result.method.annotation.WebSessionMethodArgumentResolver;
import org.springframework.web.server.ServerWebExchange;

/**
 * Finds out at start-up where the arguments of hook methods come from: from the resolvers
 * that controllers have too, in the same order, as far as they need no handler.
 */
final class HookArguments {

	/** Not the instance that Spring shares, which came with Spring Framework 7.0.3. */
	private static final ParameterNameDiscoverer PARAMETER_NAMES = new DefaultParameterNameDiscoverer();

	private final ReactiveAdapterRegistry adapters;

	private final List<HandlerMethodArgumentResolver> resolvers;

	private final @Nullable WebBindingInitializer initializer;

	HookArguments(ConfigurableBeanFactory beanFactory, ReactiveAdapterRegistry adapters,
			List<HandlerMethodArgumentResolver> customResolvers, @Nullable WebBindingInitializer initializer) {
		this.adapters = adapters;
		this.initializer = initializer;
		this.resolvers = new ArrayList<>();
		this.resolvers.add(new RequestParamMethodArgumentResolver(beanFactory, adapters, false));
		this.resolvers.add(new RequestParamMapMethodArgumentResolver(adapters));
		this.resolvers.add(new RequestHeaderMethodArgumentResolver(beanFactory, adapters));
		this.resolvers.add(new RequestHeaderMapMethodArgumentResolver(adapters));
		this.resolvers.add(new CookieValueMethodArgumentResolver(beanFactory, adapters));
		this.resolvers.add(new ExpressionValueMethodArgumentResolver(beanFactory, adapters));
		this.resolvers.add(new SessionAttributeMethodArgumentResolver(beanFactory, adapters));
		this.resolvers.add(new RequestAttributeMethodArgumentResolver(beanFactory, adapters));
		this.resolvers.add(new ServerWebExchangeMethodArgumentResolver(adapters));
		this.resolvers.add(new PrincipalMethodArgumentResolver(adapters));
		this.resolvers.add(new WebSessionMethodArgumentResolver(adapters));
		this.resolvers.addAll(customResolvers);
	}

	/**
	 * Find the arguments of a method.
	 * @param declaration the method
	 * @return an argument for each of its parameters
	 * @throws InvalidHookException if there is none for one of them
	 */
	List<Argument> of(HookDeclaration declaration) {
		return IntStream.range(0, declaration.argumentCount())
			.mapToObj((index) -> of(declaration, declaration.getMethodParameters()[index]))
			.toList();
	}

	private Argument of(HookDeclaration declaration, MethodParameter parameter) {
		parameter.initParameterNameDiscovery(PARAMETER_NAMES);
		Argument argument = BadArgument.isForHandlers(parameter) ? null : find(declaration.kind(), parameter);
		if (argument != null) {
			return argument;
		}
		throw BadArgument.refuse(parameter, declaration);
	}

	private @Nullable Argument find(HookKind kind, MethodParameter parameter) {
		try {
			for (HandlerMethodArgumentResolver resolver : this.resolvers) {
				if (resolver.supportsParameter(parameter)) {
					return argument(resolver, parameter);
				}
			}
		}
		catch (IllegalStateException | IllegalArgumentException ex) {
			return null; // how Spring refuses what is inside of a Mono
		}
		return kind.argument(parameter.getParameterType());
	}

	private Argument argument(HandlerMethodArgumentResolver resolver, MethodParameter parameter) {
		Argument derived = (resolver instanceof ServerWebExchangeMethodArgumentResolver)
				? derived(parameter.getParameterType()) : null;
		if (derived != null) {
			return derived;
		}
		if (resolver instanceof AbstractNamedValueSyncArgumentResolver) {
			return (Argument.Immediate) (exchange) -> Captured
				.from(resolver.resolveArgument(parameter, bindingContext(), exchange));
		}
		if (resolver instanceof SyncHandlerMethodArgumentResolver immediate) {
			return (Argument.Immediate) (exchange) -> immediate.resolveArgumentValue(parameter, bindingContext(),
					exchange);
		}
		return (Argument.Deferred) (exchange) -> resolver.resolveArgument(parameter, bindingContext(), exchange);
	}

	/**
	 * The most common types need neither a resolver nor a binding context.
	 */
	private static Argument.@Nullable Immediate derived(Class<?> type) {
		if (type == ServerWebExchange.class) {
			return (exchange) -> exchange;
		}
		if (type == ServerHttpRequest.class) {
			return ServerWebExchange::getRequest;
		}
		if (type == ServerHttpResponse.class) {
			return ServerWebExchange::getResponse;
		}
		if (type == HttpMethod.class) {
			return (exchange) -> exchange.getRequest().getMethod();
		}
		return (type == Locale.class) ? (exchange) -> exchange.getLocaleContext().getLocale() : null;
	}

	/**
	 * One for each call, because it has a model that must not be shared.
	 */
	private BindingContext bindingContext() {
		return new BindingContext(this.initializer, this.adapters);
	}

}
