package io.github.asyncmiddleware.internal.style;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Method;
import java.util.Arrays;

import org.jspecify.annotations.Nullable;

import org.springframework.util.ClassUtils;
import org.springframework.validation.method.MethodValidator;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.support.WebBindingInitializer;
import org.springframework.web.method.HandlerMethod;
import org.springframework.web.method.annotation.HandlerMethodValidator;

/**
 * Checks the arguments of a hook method against the constraints of Bean Validation that
 * stand on its parameters, as Spring does for the methods of controllers: what violates
 * one is a 400.
 */
final class ArgumentValidation {

	private static final MethodHandle CHECK;

	static {
		try {
			CHECK = MethodHandles.lookup()
				.findVirtual(ArgumentValidation.class, "check", MethodType.methodType(Object[].class, Object[].class));
		}
		catch (ReflectiveOperationException ex) {
			throw new ExceptionInInitializerError(ex);
		}
	}

	private final MethodValidator validator;

	private final HandlerMethod method;

	private final Class<?>[] groups;

	private ArgumentValidation(MethodValidator validator, HandlerMethod method) {
		this.validator = validator;
		this.method = method;
		this.groups = groups(validator, method);
	}

	/**
	 * From the validator, since a {@link HandlerMethod} knows them from Spring Framework
	 * 7.0.4 on.
	 */
	@SuppressWarnings("removal")
	private static Class<?>[] groups(MethodValidator validator, HandlerMethod method) {
		return validator.determineValidationGroups(method.getBean(), method.getMethod());
	}

	/**
	 * The validator of the application.
	 * @param initializer has it
	 * @return the validator, or {@code null} if there is none
	 */
	static @Nullable MethodValidator validator(@Nullable WebBindingInitializer initializer) {
		return ClassUtils.isPresent("jakarta.validation.Validator", HandlerMethod.class.getClassLoader())
				? HandlerMethodValidator.from(initializer, null, (parameter) -> false,
						(parameter) -> parameter.hasParameterAnnotation(RequestParam.class))
				: null;
	}

	/**
	 * A handle that checks the arguments of a method.
	 * @param validator the validator
	 * @param bean the bean or its proxy
	 * @param method the method, which the bean has
	 * @return a handle that takes and returns the arguments, or {@code null} if there is
	 * nothing to check
	 */
	static @Nullable MethodHandle of(MethodValidator validator, Object bean, Method method) {
		HandlerMethod candidate = new HandlerMethod(bean, method).createWithValidateFlags();
		return candidate.shouldValidateArguments() ? CHECK.bindTo(new ArgumentValidation(validator, candidate)) : null;
	}

	private @Nullable Object[] check(@Nullable Object[] arguments) {
		// A suspend function has one parameter more than it has arguments
		int count = this.method.getMethodParameters().length;
		this.validator.applyArgumentValidation(this.method.getBean(), this.method.getMethod(),
				this.method.getMethodParameters(), Arrays.copyOf(arguments, count), this.groups);
		return arguments;
	}

}
