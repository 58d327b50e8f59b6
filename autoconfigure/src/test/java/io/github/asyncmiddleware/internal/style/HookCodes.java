package io.github.asyncmiddleware.internal.style;

import java.util.List;
import java.util.function.Supplier;

import io.github.asyncmiddleware.internal.chain.FailureLog;
import io.github.asyncmiddleware.internal.chain.MiddlewareCode;
import io.github.asyncmiddleware.internal.chain.RunsOn;

import org.springframework.beans.factory.support.DefaultListableBeanFactory;
import org.springframework.core.ReactiveAdapterRegistry;

/**
 * The code of middlewares that are written as hooks, compiled without a context.
 */
final class HookCodes {

	private HookCodes() {
	}

	/**
	 * Compile the hooks of a bean of which none blocks.
	 */
	static MiddlewareCode inPlace(Object bean, boolean concurrent) {
		return of(bean, concurrent, () -> {
			throw new IllegalStateException("Nothing blocks");
		});
	}

	/**
	 * Compile the hooks of a bean.
	 * @param offloader runs those that block
	 */
	static MiddlewareCode of(Object bean, boolean concurrent, Supplier<Offloader> offloader) {
		HookCompiler compiler = new HookCompiler(new DefaultListableBeanFactory(),
				ReactiveAdapterRegistry.getSharedInstance(), List.of(), null);
		return new Hooks(compiler, HooksFilterTests.answers(), offloader, RunsOn.POOL, FailureLog.NONE).code("hook",
				bean, bean.getClass(), concurrent, Integer.MAX_VALUE);
	}

}
