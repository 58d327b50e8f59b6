package io.github.asyncmiddleware.internal.style;

import java.lang.reflect.Method;

import org.springframework.core.KotlinDetector;
import org.springframework.core.annotation.AnnotatedMethod;

/**
 * A hook method as it is written: where it stands, and its parameters and return type
 * with the type variables of its class resolved, and with the annotations that an
 * interface has on them.
 */
final class HookDeclaration extends AnnotatedMethod {

	private final HookKind kind;

	private final String beanName;

	private final Class<?> userClass;

	HookDeclaration(HookKind kind, String beanName, Class<?> userClass, Method method) {
		super(method);
		this.kind = kind;
		this.beanName = beanName;
		this.userClass = userClass;
	}

	HookKind kind() {
		return this.kind;
	}

	boolean isSuspending() {
		return KotlinDetector.isSuspendingFunction(getMethod());
	}

	/**
	 * How many arguments the method has. The {@code Continuation} of a Kotlin suspend
	 * function is none.
	 */
	int argumentCount() {
		return getMethod().getParameterCount() - (isSuspending() ? 1 : 0);
	}

	/**
	 * An exception that begins with where the method stands.
	 * @param problem how the sentence goes on
	 * @param action what to change
	 * @return the exception
	 */
	InvalidHookException invalid(String problem, String action) {
		return new InvalidHookException("The %s %s.".formatted(describe(), problem), action);
	}

	/**
	 * Names the method, without an article.
	 */
	String describe() {
		return "%s method %s of the middleware '%s'".formatted(this.kind, place(getMethod()), this.beanName);
	}

	/**
	 * Where a method is written.
	 * @param method the method
	 * @return its class and its name
	 */
	static String place(Method method) {
		return method.getDeclaringClass().getName() + "." + method.getName() + "()";
	}

	@Override
	protected Class<?> getContainingClass() {
		return this.userClass;
	}

	@Override
	public String toString() {
		return place(getMethod());
	}

}
