package io.github.asyncmiddleware.internal.style;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Method;

import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;

import org.springframework.core.CoroutinesUtils;
import org.springframework.core.KotlinDetector;
import org.springframework.util.ClassUtils;
import org.springframework.web.server.ServerWebExchange;

/**
 * Calls Kotlin suspend functions. Links to nothing of Kotlin, which is on the class path
 * only where there are such functions.
 */
final class SuspendingFunction {

	/** Where the {@code CoWebFilter} of Spring keeps the coroutine context. */
	private static final String CONTEXT_ATTRIBUTE = "org.springframework.web.server.CoWebFilter.context";

	private static final MethodHandle CALL;

	private static final MethodHandle INVOKE;

	private static final MethodHandle INVOKE_IN_CONTEXT;

	static {
		try {
			Class<?> context = ClassUtils.resolveClassName("kotlin.coroutines.CoroutineContext",
					CoroutinesUtils.class.getClassLoader());
			MethodType type = MethodType.methodType(Publisher.class, Method.class, Object.class, Object[].class);
			String name = "invokeSuspendingFunction";
			MethodHandle inContext = MethodHandles.lookup()
				.findStatic(CoroutinesUtils.class, name, type.insertParameterTypes(0, context));
			CALL = MethodHandles.lookup()
				.findVirtual(SuspendingFunction.class, "call",
						MethodType.methodType(Object.class, ServerWebExchange.class, Object[].class));
			INVOKE = MethodHandles.lookup().findStatic(CoroutinesUtils.class, name, type).asFixedArity();
			INVOKE_IN_CONTEXT = inContext.asFixedArity().asType(type.insertParameterTypes(0, Object.class));
		}
		catch (ReflectiveOperationException ex) {
			throw new ExceptionInInitializerError(ex);
		}
	}

	private final Object bean;

	private final Method method;

	private SuspendingFunction(Object bean, Method method) {
		this.bean = bean;
		this.method = method;
	}

	/**
	 * Whether what calls them is on the class path.
	 */
	static boolean canBeCalled() {
		return KotlinDetector.isKotlinReflectPresent()
				&& ClassUtils.isPresent("kotlinx.coroutines.reactor.MonoKt", CoroutinesUtils.class.getClassLoader());
	}

	/**
	 * A handle that calls a function.
	 * @param bean the bean that has it
	 * @param method the function
	 * @return a handle that takes the exchange and the arguments, and returns a publisher
	 */
	static MethodHandle of(Object bean, Method method) {
		return CALL.bindTo(new SuspendingFunction(bean, method));
	}

	private Object call(ServerWebExchange exchange, @Nullable Object[] arguments) throws Throwable {
		Object context = exchange.getAttribute(CONTEXT_ATTRIBUTE);
		return (context != null)
				? (Publisher<?>) INVOKE_IN_CONTEXT.invokeExact(context, this.method, this.bean, arguments)
				: (Publisher<?>) INVOKE.invokeExact(this.method, this.bean, arguments);
	}

}
