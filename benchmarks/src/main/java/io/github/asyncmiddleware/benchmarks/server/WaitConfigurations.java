package io.github.asyncmiddleware.benchmarks.server;

import io.github.asyncmiddleware.AsyncMiddleware;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.annotation.Order;

/**
 * The three middlewares, or filters, of each {@link WaitVariant}.
 */
final class WaitConfigurations {

	private WaitConfigurations() {
	}

	/**
	 * Filters that are no middlewares.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Bare {

		@Bean
		@Order(1)
		AsyncFilter first() {
			return new AsyncFilter();
		}

		@Bean
		@Order(2)
		AsyncFilter second() {
			return new AsyncFilter();
		}

		@Bean
		@Order(3)
		AsyncFilter third() {
			return new AsyncFilter();
		}

	}

	/**
	 * Filters that are no middlewares and block.
	 */
	@Configuration(proxyBeanMethods = false)
	static class EventLoop {

		@Bean
		@Order(1)
		BlockingFilter first() {
			return new BlockingFilter();
		}

		@Bean
		@Order(2)
		BlockingFilter second() {
			return new BlockingFilter();
		}

		@Bean
		@Order(3)
		BlockingFilter third() {
			return new BlockingFilter();
		}

	}

	/**
	 * Filters.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Native {

		@Bean
		@AsyncMiddleware(order = 1)
		AsyncFilter first() {
			return new AsyncFilter();
		}

		@Bean
		@AsyncMiddleware(order = 2)
		AsyncFilter second() {
			return new AsyncFilter();
		}

		@Bean
		@AsyncMiddleware(order = 3)
		AsyncFilter third() {
			return new AsyncFilter();
		}

	}

	/**
	 * Hooks, one after the other.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Sequential {

		@Bean
		@AsyncMiddleware(order = 1)
		AsyncHook first() {
			return new AsyncHook();
		}

		@Bean
		@AsyncMiddleware(order = 2)
		AsyncHook second() {
			return new AsyncHook();
		}

		@Bean
		@AsyncMiddleware(order = 3)
		AsyncHook third() {
			return new AsyncHook();
		}

	}

	/**
	 * Hooks at the same time.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Concurrent {

		@Bean
		@AsyncMiddleware(order = 1, concurrent = true)
		AsyncHook first() {
			return new AsyncHook();
		}

		@Bean
		@AsyncMiddleware(order = 2, concurrent = true)
		AsyncHook second() {
			return new AsyncHook();
		}

		@Bean
		@AsyncMiddleware(order = 3, concurrent = true)
		AsyncHook third() {
			return new AsyncHook();
		}

	}

	/**
	 * Hooks that block.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Blocking {

		@Bean
		@AsyncMiddleware(order = 1)
		BlockingHook first() {
			return new BlockingHook();
		}

		@Bean
		@AsyncMiddleware(order = 2)
		BlockingHook second() {
			return new BlockingHook();
		}

		@Bean
		@AsyncMiddleware(order = 3)
		BlockingHook third() {
			return new BlockingHook();
		}

	}

}
