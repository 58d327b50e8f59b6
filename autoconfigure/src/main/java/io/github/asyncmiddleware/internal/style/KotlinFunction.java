package io.github.asyncmiddleware.internal.style;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

import kotlin.jvm.JvmClassMappingKt;
import kotlin.reflect.KClass;
import kotlin.reflect.KFunction;
import kotlin.reflect.KParameter;
import kotlin.reflect.full.KClasses;
import kotlin.reflect.jvm.KCallablesJvm;
import kotlin.reflect.jvm.ReflectJvmMapping;
import org.jspecify.annotations.Nullable;

import org.springframework.core.KotlinDetector;

/**
 * Calls a plain Kotlin function as Kotlin does where its byte code alone does not tell
 * how: a parameter with a default value can be left out, and a value class has a
 * constructor that may refuse its value. As Spring does for the methods of controllers.
 * <p>
 * Is loaded only for such functions; Kotlin may not be on the class path.
 */
final class KotlinFunction {

	private static final MethodHandle CALL;

	static {
		try {
			CALL = MethodHandles.lookup()
				.findVirtual(KotlinFunction.class, "call", MethodType.methodType(Object.class, Object[].class));
		}
		catch (ReflectiveOperationException ex) {
			throw new ExceptionInInitializerError(ex);
		}
	}

	private final Object bean;

	private final KFunction<?> function;

	private KotlinFunction(Object bean, KFunction<?> function) {
		this.bean = bean;
		this.function = function;
	}

	/**
	 * A handle that calls a function of a bean.
	 * @param bean the bean that has it
	 * @param method the function, which is no suspend function
	 * @return a handle that takes the arguments, or {@code null} if the method can be
	 * called as any other
	 */
	static @Nullable MethodHandle of(Object bean, Method method) {
		KFunction<?> function = ReflectJvmMapping.getKotlinFunction(method);
		if (function == null || function.getParameters()
			.stream()
			.noneMatch((parameter) -> parameter.isOptional() || valueClass(parameter) != null)) {
			return null;
		}
		KCallablesJvm.setAccessible(function, true);
		return CALL.bindTo(new KotlinFunction(bean, function));
	}

	private @Nullable Object call(@Nullable Object[] arguments) throws Throwable {
		try {
			return HookReturn.withoutUnit(this.function.callBy(values(arguments)));
		}
		catch (Exception ex) {
			// Which Java does not know that Kotlin throws
			throw (ex instanceof InvocationTargetException && ex.getCause() != null) ? ex.getCause() : ex;
		}
	}

	private Map<KParameter, @Nullable Object> values(@Nullable Object[] arguments) {
		Map<KParameter, @Nullable Object> values = new HashMap<>();
		int index = 0;
		for (KParameter parameter : this.function.getParameters()) {
			if (parameter.getKind() == KParameter.Kind.INSTANCE) {
				values.put(parameter, this.bean);
				continue;
			}
			Object argument = arguments[index++];
			if (argument != null || !parameter.isOptional()) {
				values.put(parameter, boxed(valueClass(parameter), argument, parameter));
			}
		}
		return values;
	}

	private static @Nullable Object boxed(@Nullable KClass<?> valueClass, @Nullable Object argument,
			KParameter parameter) {
		if (valueClass == null || (argument == null && parameter.getType().isMarkedNullable())
				|| JvmClassMappingKt.getJavaClass(valueClass).isInstance(argument)) {
			return argument;
		}
		KFunction<?> constructor = Objects.requireNonNull(KClasses.getPrimaryConstructor(valueClass));
		KParameter inner = List.copyOf(constructor.getParameters()).get(0);
		KCallablesJvm.setAccessible(constructor, true);
		return constructor.call(boxed(valueClass(inner), argument, inner));
	}

	private static @Nullable KClass<?> valueClass(KParameter parameter) {
		return (parameter.getType().getClassifier() instanceof KClass<?> type
				&& KotlinDetector.isInlineClass(JvmClassMappingKt.getJavaClass(type))) ? type : null;
	}

}
