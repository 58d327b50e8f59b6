package io.github.asyncmiddleware.wire;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.LiveResponse;
import io.github.asyncmiddleware.OnRequest;
import io.github.asyncmiddleware.OnResponse;
import io.github.asyncmiddleware.testsupport.PassingFilter;
import reactor.core.publisher.Mono;

import org.springframework.beans.factory.support.BeanDefinitionRegistry;
import org.springframework.beans.factory.support.RootBeanDefinition;
import org.springframework.context.EnvironmentAware;
import org.springframework.context.annotation.ImportBeanDefinitionRegistrar;
import org.springframework.core.env.Environment;
import org.springframework.core.type.AnnotationMetadata;
import org.springframework.web.reactive.function.server.HandlerFilterFunction;
import org.springframework.web.reactive.function.server.HandlerFunction;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;

/**
 * Registers middlewares that change nothing: {@code wire.count} of the style
 * {@code wire.style}.
 */
class PassThroughs implements ImportBeanDefinitionRegistrar, EnvironmentAware {

	private Environment environment;

	@Override
	public void setEnvironment(Environment environment) {
		this.environment = environment;
	}

	@Override
	public void registerBeanDefinitions(AnnotationMetadata importing, BeanDefinitionRegistry registry) {
		int count = this.environment.getProperty("wire.count", Integer.class, 0);
		Style style = this.environment.getProperty("wire.style", Style.class, Style.NATIVE);
		for (int i = 0; i < count; i++) {
			registry.registerBeanDefinition("passThrough" + i, new RootBeanDefinition(style.type));
		}
	}

	/**
	 * Which kind of middleware.
	 */
	enum Style {

		/** A filter. */
		NATIVE(Native.class),

		/** Awaits the response. */
		AWAIT(Await.class),

		/** Methods that run where the request is. */
		HOOKS(Hooks.class),

		/** Methods that run off the event loop. */
		BLOCKING(Blocking.class);

		private final Class<?> type;

		Style(Class<?> type) {
			this.type = type;
		}

	}

	@AsyncMiddleware
	static class Native extends PassingFilter {

	}

	@AsyncMiddleware
	static class Await implements HandlerFilterFunction<LiveResponse, ServerResponse> {

		@Override
		public Mono<ServerResponse> filter(ServerRequest request, HandlerFunction<LiveResponse> next) {
			return next.handle(request).cast(ServerResponse.class);
		}

	}

	@AsyncMiddleware
	static class Hooks {

		@OnRequest(blocking = false)
		void before() {
		}

		@OnResponse
		void after() {
		}

	}

	@AsyncMiddleware
	static class Blocking {

		@OnRequest
		void before() {
		}

		@OnResponse(blocking = true)
		void after() {
		}

	}

}
