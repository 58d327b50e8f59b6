package io.github.asyncmiddleware.autoconfigure.discovery;

import java.util.function.UnaryOperator;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.LiveResponse;
import io.github.asyncmiddleware.OnRequest;
import io.github.asyncmiddleware.OnResponse;
import io.github.asyncmiddleware.autoconfigure.library.AnnotatedTwice;
import io.github.asyncmiddleware.autoconfigure.library.FinalMiddleware;
import org.aopalliance.intercept.MethodInterceptor;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

import org.springframework.aop.framework.ProxyFactory;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.security.autoconfigure.actuate.web.reactive.ReactiveManagementWebSecurityAutoConfiguration;
import org.springframework.boot.security.autoconfigure.web.reactive.ReactiveWebSecurityAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.web.reactive.function.server.HandlerFilterFunction;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;

/**
 * An application with a middleware of every kind that can be a bean. Each of them leaves
 * its name on the response; advice leaves a mark of its own.
 */
@SpringBootApplication(
		exclude = { ReactiveWebSecurityAutoConfiguration.class, ReactiveManagementWebSecurityAutoConfiguration.class })
class DiscoveryApplication {

	static final String RAN = "X-Ran";

	static final String ADVISED = "X-Advised";

	static final String SEEN = "X-Seen";

	@Bean
	@AsyncMiddleware(order = 20)
	ConcreteMiddleware concrete() {
		return new ConcreteMiddleware();
	}

	@Bean
	@AsyncMiddleware(order = 30)
	WebFilter lambda() {
		return (exchange, chain) -> pass("lambda", exchange, chain);
	}

	@Bean
	FinalMiddleware finalClass() {
		return new FinalMiddleware();
	}

	@Bean
	@AsyncMiddleware(order = 50)
	WebFilter jdkProxied() {
		return new ConcreteMiddleware("jdkProxied");
	}

	@Bean
	@AsyncMiddleware(order = 60)
	ConcreteMiddleware cglibProxied() {
		return new ConcreteMiddleware("cglibProxied");
	}

	@Bean
	@AsyncMiddleware(order = 70, method = "GET")
	AnnotatedTwice annotatedTwice() {
		return new AnnotatedTwice();
	}

	@Bean
	@AsyncMiddleware(order = 80)
	HandlerFilterFunction<LiveResponse, ServerResponse> awaits() {
		return (request, next) -> {
			request.exchange().getResponse().getHeaders().add(RAN, "awaits");
			return next.handle(request).map((response) -> {
				response.headers().add(SEEN, "awaits " + response.statusCode().value());
				return response;
			});
		};
	}

	@Bean
	@AsyncMiddleware(order = 90)
	Hooks hooks() {
		return new Hooks();
	}

	@Bean
	@AsyncMiddleware(order = 100)
	WebFilter advisedLambda() {
		return (exchange, chain) -> pass("advisedLambda", exchange, chain);
	}

	@Bean
	@AsyncMiddleware(order = 110)
	RequestCheck hookLambda() {
		return (response) -> response.getHeaders().add(RAN, "hookLambda");
	}

	@Bean
	@AsyncMiddleware(order = 120)
	RequestCheck advisedHookLambda() {
		return (response) -> response.getHeaders().add(RAN, "advisedHookLambda");
	}

	/**
	 * As Spring has it: there is no such filter.
	 */
	@Bean
	@AsyncMiddleware(order = 130)
	@Nullable WebFilter absent() {
		return null;
	}

	@Bean
	@AsyncMiddleware(order = 140)
	@Nullable Hooks absentHooks() {
		return null;
	}

	@Bean
	WebFilter foreign() {
		return (exchange, chain) -> pass("foreign", exchange, chain);
	}

	@Bean
	static BeanPostProcessor advice() {
		return new Advice();
	}

	static Mono<Void> pass(String name, ServerWebExchange exchange, WebFilterChain chain) {
		exchange.getResponse().getHeaders().add(RAN, name);
		return chain.filter(exchange);
	}

	static class ConcreteMiddleware implements WebFilter {

		private final String name;

		ConcreteMiddleware() {
			this("concrete");
		}

		ConcreteMiddleware(String name) {
			this.name = name;
		}

		@Override
		public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
			return pass(this.name, exchange, chain);
		}

	}

	/**
	 * An interface of the application, for lambdas.
	 */
	@FunctionalInterface
	interface RequestCheck {

		@OnRequest(blocking = false)
		void check(ServerHttpResponse response);

	}

	static class Hooks {

		@OnRequest
		void run(ServerHttpResponse response) {
			response.getHeaders().add(RAN, "hooks");
		}

		@OnResponse
		void see(ServerHttpResponse response, HttpStatusCode status) {
			response.getHeaders().add(SEEN, "hooks " + status.value());
		}

	}

	/**
	 * Does to some of the beans what {@code @Async}, {@code @Transactional} and the like
	 * do.
	 */
	static class Advice implements BeanPostProcessor {

		@Override
		public Object postProcessAfterInitialization(Object bean, String beanName) {
			return switch (beanName) {
				case "jdkProxied", "advisedLambda" -> proxy(bean, beanName, (factory) -> {
					factory.setInterfaces(WebFilter.class);
					return factory;
				});
				case "advisedHookLambda" -> proxy(bean, beanName, (factory) -> {
					factory.setInterfaces(RequestCheck.class);
					return factory;
				});
				case "cglibProxied" -> proxy(bean, beanName, (factory) -> {
					factory.setProxyTargetClass(true);
					return factory;
				});
				default -> bean;
			};
		}

		private static Object proxy(Object bean, String beanName, UnaryOperator<ProxyFactory> kind) {
			ProxyFactory factory = new ProxyFactory();
			factory.setTarget(bean);
			factory.addAdvice((MethodInterceptor) (invocation) -> {
				Object first = (invocation.getArguments().length > 0) ? invocation.getArguments()[0] : null;
				if (first instanceof ServerWebExchange exchange) {
					exchange.getResponse().getHeaders().add(ADVISED, beanName);
				}
				else if (first instanceof ServerHttpResponse response) {
					response.getHeaders().add(ADVISED, beanName);
				}
				return invocation.proceed();
			});
			return kind.apply(factory).getProxy();
		}

	}

}
