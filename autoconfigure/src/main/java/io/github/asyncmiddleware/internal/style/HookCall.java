package io.github.asyncmiddleware.internal.style;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodHandles.Lookup;
import java.lang.invoke.MethodType;
import java.lang.reflect.Method;
import java.util.List;

import org.jspecify.annotations.Nullable;

import org.springframework.core.KotlinDetector;
import org.springframework.util.ReflectionUtils;
import org.springframework.validation.method.MethodValidator;
import org.springframework.web.server.ServerWebExchange;

/**
 * Composes the call of a hook method at start-up: one method handle that takes the
 * exchange and the values of the deferred arguments, and does nothing but get the other
 * arguments and call the method.
 */
final class HookCall {

	private static final MethodType TYPE = MethodType.methodType(Object.class, ServerWebExchange.class, Object[].class);

	private static final MethodHandle IMMEDIATE;

	private static final MethodHandle DEFERRED = MethodHandles.arrayElementGetter(Object[].class);

	private static final MethodHandle WITHOUT_UNIT;

	static {
		try {
			Lookup lookup = MethodHandles.lookup();
			IMMEDIATE = lookup.findVirtual(Argument.Immediate.class, "of",
					MethodType.methodType(Object.class, ServerWebExchange.class));
			WITHOUT_UNIT = lookup.findStatic(HookReturn.class, "withoutUnit",
					MethodType.methodType(Object.class, Object.class));
		}
		catch (ReflectiveOperationException ex) {
			throw new ExceptionInInitializerError(ex);
		}
	}

	private HookCall() {
	}

	/**
	 * Compose a call.
	 * @param bean the bean or its proxy
	 * @param method the method, which the bean has
	 * @param arguments where its arguments come from
	 * @param result what its return type says
	 * @param validator checks the arguments, or {@code null} if nothing does
	 * @return a handle of the type {@code (ServerWebExchange, Object[])Object}
	 * @throws IllegalAccessException if the method cannot be made accessible
	 */
	static MethodHandle compose(Object bean, Method method, List<Argument> arguments, HookReturn result,
			@Nullable MethodValidator validator) throws IllegalAccessException {
		MethodHandle target = target(bean, method, arguments.size());
		MethodHandle check = (validator != null) ? ArgumentValidation.of(validator, bean, method) : null;
		if (check != null) {
			MethodHandle spread = target.asSpreader(Object[].class, arguments.size());
			target = MethodHandles.filterArguments(spread, 1, check).asCollector(Object[].class, arguments.size());
		}
		MethodHandle[] sources = new MethodHandle[arguments.size()];
		int[] inputs = new int[arguments.size() + 1];
		int deferred = 0;
		for (int index = 0; index < sources.length; index++) {
			MethodHandle source;
			if (arguments.get(index) instanceof Argument.Immediate immediate) {
				source = IMMEDIATE.bindTo(immediate);
			}
			else {
				source = MethodHandles.insertArguments(DEFERRED, 1, deferred++);
				inputs[index + 1] = 1;
			}
			sources[index] = source.asType(source.type().changeReturnType(target.type().parameterType(index + 1)));
		}
		target = MethodHandles.filterArguments(target, 1, sources);
		target = target.asType(target.type().changeReturnType(Object.class));
		target = MethodHandles.permuteArguments(target, TYPE, inputs);
		return (!result.isAsynchronous() && result.canBeUnit()) ? MethodHandles.filterReturnValue(target, WITHOUT_UNIT)
				: target;
	}

	/**
	 * A handle that takes the exchange and the arguments.
	 */
	private static MethodHandle target(Object bean, Method method, int arguments) throws IllegalAccessException {
		if (KotlinDetector.isSuspendingFunction(method)) {
			return SuspendingFunction.of(bean, method).asCollector(Object[].class, arguments);
		}
		boolean kotlin = KotlinDetector.isKotlinReflectPresent()
				&& KotlinDetector.isKotlinType(method.getDeclaringClass());
		MethodHandle target = kotlin ? KotlinFunction.of(bean, method) : null;
		if (target != null) {
			target = target.asCollector(Object[].class, arguments);
		}
		else {
			ReflectionUtils.makeAccessible(method);
			target = MethodHandles.lookup().unreflect(method).asFixedArity().bindTo(bean);
		}
		return MethodHandles.dropArguments(target, 0, ServerWebExchange.class);
	}

}
