package io.github.asyncmiddleware.autoconfigure;

import java.util.Collection;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

import org.springframework.beans.factory.BeanFactoryUtils;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.webflux.autoconfigure.WebHttpHandlerBuilderCustomizer;
import org.springframework.http.server.reactive.HttpHandler;
import org.springframework.http.server.reactive.HttpHandlerDecoratorFactory;

/**
 * What decorates the handler of the application, in which ours has to be the innermost:
 * only the handler that {@code WebHttpHandlerBuilder} builds shows its filters.
 */
final class HandlerDecorators {

	/** The bean that builds the handler anew with the middlewares. */
	static final String OURS = "asyncMiddlewareHttpHandlerFactory";

	private final ConfigurableListableBeanFactory beanFactory;

	HandlerDecorators(ConfigurableListableBeanFactory beanFactory) {
		this.beanFactory = beanFactory;
	}

	/**
	 * Say why middlewares cannot run, or cannot be left out.
	 * @param handler the handler that has come in place of the one that shows its filters
	 * @param middlewares the names of the middlewares, as messages show them
	 * @return what to fail the start with
	 */
	InvalidMiddlewareException refuse(HttpHandler handler, List<String> middlewares) {
		String problem = "The filter chain with the %s %s cannot be built, since the handler of the application is no longer the one of WebHttpHandlerBuilder but a %s."
			.formatted((middlewares.size() == 1) ? "middleware" : "middlewares", String.join(", ", middlewares),
					nameOf(handler));
		List<String> inner = decoratorsWithinOurs();
		if (!inner.isEmpty()) {
			return new InvalidMiddlewareException(problem
					+ " It was decorated by what comes last among the beans of type HttpHandlerDecoratorFactory: "
					+ String.join(", ", inner) + ".",
					"Let it come before the bean '" + OURS
							+ "', with an order below Ordered.LOWEST_PRECEDENCE: put @Order(0), for example, on its class or @Bean method.");
		}
		return new InvalidMiddlewareException(problem
				+ " No bean of type HttpHandlerDecoratorFactory has done that, but something that configures the builder"
				+ customizers() + ".", "Decorate the handler with a bean of type HttpHandlerDecoratorFactory instead.");
	}

	/**
	 * Refuse a handler that the application has made without asking for the middlewares.
	 * @param beanFactory the beans of the web application
	 * @param middlewares the names of the middlewares
	 * @throws InvalidMiddlewareException if there is one
	 */
	static void checkHandler(ConfigurableListableBeanFactory beanFactory, Collection<String> middlewares) {
		for (String beanName : beanFactory.getBeanNamesForType(HttpHandler.class, false, false)) {
			if (beanFactory.containsSingleton(beanName)) {
				throw new InvalidMiddlewareException(
						"The %s %s would never run, since the bean '%s' (%s) handles the requests, and was not built by a WebHttpHandlerBuilder that has asked for them."
							.formatted((middlewares.size() == 1) ? "middleware" : "middlewares",
									middlewares.stream()
										.map((name) -> "'" + name + "'")
										.collect(Collectors.joining(", ")),
									beanName, nameOf(beanFactory.getBean(beanName))),
						"Build it with WebHttpHandlerBuilder.applicationContext(context).build(), or remove it: Spring Boot makes one.");
			}
		}
	}

	/**
	 * Those behind ours in the order in which the builder asks for them, which is from
	 * the outside in.
	 */
	private List<String> decoratorsWithinOurs() {
		Map<Object, String> names = new IdentityHashMap<>();
		BeanFactoryUtils.beansOfTypeIncludingAncestors(this.beanFactory, HttpHandlerDecoratorFactory.class)
			.forEach((name, factory) -> names.put(factory, name));
		FilterOrders orders = new FilterOrders(this.beanFactory);
		return this.beanFactory.getBeanProvider(HttpHandlerDecoratorFactory.class)
			.orderedStream()
			.dropWhile((factory) -> !OURS.equals(names.get(factory)))
			.skip(1)
			.map((factory) -> "'%s' (%s, order %d)".formatted(names.get(factory), nameOf(factory),
					orders.orderOf(factory, names.get(factory))))
			.toList();
	}

	private String customizers() {
		String[] names = BeanFactoryUtils.beanNamesForTypeIncludingAncestors(this.beanFactory,
				WebHttpHandlerBuilderCustomizer.class);
		return (names.length != 0)
				? List.of(names).stream().collect(Collectors.joining("', '", ", such as the customizers '", "'")) : "";
	}

	private static String nameOf(Object object) {
		String name = object.getClass().getName();
		int lambda = name.indexOf("$$Lambda");
		return (lambda < 0) ? name : "lambda of " + name.substring(0, lambda);
	}

}
