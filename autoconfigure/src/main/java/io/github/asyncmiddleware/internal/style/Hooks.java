package io.github.asyncmiddleware.internal.style;

import java.util.function.Supplier;

import io.github.asyncmiddleware.internal.chain.FailureLog;
import io.github.asyncmiddleware.internal.chain.MiddlewareCode;
import io.github.asyncmiddleware.internal.chain.RunsOn;
import org.jspecify.annotations.Nullable;

import org.springframework.util.Assert;

/**
 * Makes middlewares out of beans with hook methods.
 */
public final class Hooks {

	private final HookCompiler compiler;

	private final Answers answers;

	private final Supplier<Offloader> offloader;

	private final RunsOn offloaded;

	private final FailureLog failures;

	private final ThreadLocals threadLocals = ThreadLocals.detect();

	/**
	 * Create an instance.
	 * @param compiler finds and compiles the methods
	 * @param answers writes what they answer
	 * @param offloader runs blocking ones; asked for if there is one
	 * @param offloaded what kind of threads those run on
	 * @param failures is told of failures where no engine runs a middleware
	 */
	public Hooks(HookCompiler compiler, Answers answers, Supplier<Offloader> offloader, RunsOn offloaded,
			FailureLog failures) {
		this.compiler = compiler;
		this.answers = answers;
		this.offloader = offloader;
		this.offloaded = offloaded;
		this.failures = failures;
	}

	/**
	 * Make a middleware.
	 * @param beanName the name of the bean
	 * @param bean the bean or its proxy
	 * @param userClass the class that the user wrote
	 * @param concurrent whether it can be at work at the same time as others
	 * @param maxConcurrent how many of its blocking methods may run at a time
	 * @return the middleware
	 * @throws InvalidHookException if a method cannot work
	 */
	public MiddlewareCode code(String beanName, Object bean, Class<?> userClass, boolean concurrent,
			int maxConcurrent) {
		HookMethod onRequest = this.compiler.onRequest(beanName, bean, userClass);
		HookMethod onResponse = this.compiler.onResponse(beanName, bean, userClass);
		Assert.state(onRequest != null || onResponse != null,
				() -> "The middleware '%s' (%s) has no hook method".formatted(beanName, userClass.getName()));
		if (concurrent && onRequest != null && onRequest.replacesRequest()) {
			throw new InvalidHookException(
					"The middleware '%s' (%s) is concurrent, but %s replaces the request, so it has to wait for its turn."
						.formatted(beanName, userClass.getName(), onRequest),
					"Remove 'concurrent', or let the method set attributes of the exchange and return nothing.");
		}
		Limit limit = (isBlocking(onRequest) || isBlocking(onResponse)) ? this.offloader.get().limit(maxConcurrent)
				: null;
		HooksFilter filter = new HooksFilter(
				(onRequest != null) ? new HookRun(onRequest, isBlocking(onRequest) ? limit : null, this.threadLocals)
						: null,
				(onResponse != null)
						? new ResponseHookRun(onResponse, isBlocking(onResponse) ? limit : null, this.threadLocals,
								"middleware '%s' (%s)".formatted(beanName, userClass.getName()), this.failures)
						: null,
				this.answers);
		return filter.toCode(concurrent, this.offloaded);
	}

	private static boolean isBlocking(@Nullable HookMethod method) {
		return method != null && method.blocking();
	}

}
