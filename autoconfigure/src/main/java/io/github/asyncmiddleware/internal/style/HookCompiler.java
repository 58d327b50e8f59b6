package io.github.asyncmiddleware.internal.style;

import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

import org.jspecify.annotations.Nullable;

import org.springframework.aop.support.AopUtils;
import org.springframework.beans.factory.config.ConfigurableBeanFactory;
import org.springframework.core.BridgeMethodResolver;
import org.springframework.core.MethodIntrospector;
import org.springframework.core.ReactiveAdapterRegistry;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.core.annotation.MergedAnnotations;
import org.springframework.core.annotation.MergedAnnotations.SearchStrategy;
import org.springframework.util.Assert;
import org.springframework.validation.method.MethodValidator;
import org.springframework.web.bind.support.WebBindingInitializer;
import org.springframework.web.reactive.result.method.HandlerMethodArgumentResolver;

/**
 * Finds the hook methods of beans at start-up, refuses those that cannot work, and
 * compiles the others.
 */
public final class HookCompiler {

	private final ReactiveAdapterRegistry adapters;

	private final HookArguments arguments;

	private final @Nullable MethodValidator validator;

	/**
	 * Create a compiler.
	 * @param beanFactory resolves placeholders and expressions in annotations
	 * @param adapters knows the asynchronous types
	 * @param customResolvers the resolvers that the application has added for its
	 * controllers
	 * @param initializer converts and validates as for controllers, or {@code null} for
	 * the conversions of Spring
	 */
	public HookCompiler(ConfigurableBeanFactory beanFactory, ReactiveAdapterRegistry adapters,
			List<HandlerMethodArgumentResolver> customResolvers, @Nullable WebBindingInitializer initializer) {
		Assert.notNull(beanFactory, "'beanFactory' must not be null");
		Assert.notNull(adapters, "'adapters' must not be null");
		Assert.notNull(customResolvers, "'customResolvers' must not be null");
		this.adapters = adapters;
		this.arguments = new HookArguments(beanFactory, adapters, customResolvers, initializer);
		this.validator = ArgumentValidation.validator(initializer);
	}

	/**
	 * Whether a class has a hook method, of its own or inherited.
	 * @param type the class
	 * @return whether it has one
	 */
	public static boolean hasHooks(Class<?> type) {
		return Arrays.stream(HookKind.values()).anyMatch((kind) -> !methods(kind, type).isEmpty());
	}

	/**
	 * Whether a class has a method that runs before the rest of the chain.
	 * @param type the class
	 * @return whether it has one
	 */
	public static boolean hasRequestHook(Class<?> type) {
		return !methods(HookKind.REQUEST, type).isEmpty();
	}

	/**
	 * Compile the method of a bean that runs before the rest of the chain.
	 * @param beanName the name of the bean
	 * @param bean the bean or its proxy
	 * @param userClass the class that the user wrote
	 * @return the method, or {@code null} if there is none
	 * @throws InvalidHookException if it cannot work
	 */
	@Nullable HookMethod onRequest(String beanName, Object bean, Class<?> userClass) {
		return compile(HookKind.REQUEST, beanName, bean, userClass);
	}

	/**
	 * Compile the method of a bean that runs right before the head of the response.
	 * @param beanName the name of the bean
	 * @param bean the bean or its proxy
	 * @param userClass the class that the user wrote
	 * @return the method, or {@code null} if there is none
	 * @throws InvalidHookException if it cannot work
	 */
	@Nullable HookMethod onResponse(String beanName, Object bean, Class<?> userClass) {
		return compile(HookKind.RESPONSE, beanName, bean, userClass);
	}

	private @Nullable HookMethod compile(HookKind kind, String beanName, Object bean, Class<?> userClass) {
		Set<Method> methods = methods(kind, userClass);
		if (methods.size() > 1) {
			throw new InvalidHookException(
					"The middleware '%s' (%s) has more than one %s method: %s.".formatted(beanName, userClass.getName(),
							kind, places(methods)),
					"Keep one of them and let it call the others, or move the others to middlewares of their own.");
		}
		return methods.isEmpty() ? null
				: compile(bean, new HookDeclaration(kind, beanName, userClass, methods.iterator().next()));
	}

	private HookMethod compile(Object bean, HookDeclaration declaration) {
		Method method = invocable(bean, declaration);
		HookReturn result = result(declaration);
		List<Argument> arguments = this.arguments.of(declaration);
		try {
			return new HookMethod(declaration.toString(), result, isBlocking(declaration), arguments,
					HookCall.compose(bean, method, arguments, result, this.validator));
		}
		catch (IllegalAccessException ex) {
			throw new IllegalStateException(ex);
		}
	}

	/**
	 * The method as the bean has it: a proxy has advice that must run too.
	 */
	private static Method invocable(Object bean, HookDeclaration declaration) {
		Method method = declaration.getMethod();
		if (Modifier.isPrivate(method.getModifiers())) {
			throw declaration.invalid("is private", "Remove 'private'; the method does not have to be public.");
		}
		if (Modifier.isStatic(method.getModifiers())) {
			throw declaration.invalid("is static", "Remove 'static', so that it is a method of the bean.");
		}
		if (AopUtils.isCglibProxy(bean) && !isOverridden(method, bean.getClass())) {
			throw declaration.invalid("cannot be called: the bean is a proxy that does not override the method",
					"Remove 'final' from the method (in Kotlin, make it 'open'), and make it protected or public.");
		}
		try {
			return AopUtils.selectInvocableMethod(method, bean.getClass());
		}
		catch (IllegalStateException ex) {
			throw declaration.invalid(
					"cannot be called: the bean is a proxy with interfaces, none of which has the method",
					"Declare the method in an interface of the class, or let Spring make a proxy of the class"
							+ " (proxyTargetClass = true).");
		}
	}

	/**
	 * The fields of a proxy are empty, so a method that it only inherits would not find
	 * what the bean has.
	 */
	private static boolean isOverridden(Method method, Class<?> proxyClass) {
		return Arrays.stream(proxyClass.getDeclaredMethods())
			.anyMatch((candidate) -> candidate.getName().equals(method.getName())
					&& Arrays.equals(candidate.getParameterTypes(), method.getParameterTypes()));
	}

	private HookReturn result(HookDeclaration declaration) {
		if (declaration.isSuspending() && !SuspendingFunction.canBeCalled()) {
			throw declaration.invalid("is a suspend function, which cannot be called with what is on the class path",
					"Add the dependencies org.jetbrains.kotlin:kotlin-reflect and"
							+ " org.jetbrains.kotlinx:kotlinx-coroutines-reactor.");
		}
		HookKind kind = declaration.kind();
		HookReturn result = new HookReturn(declaration, this.adapters);
		if (!result.isFor(kind)) {
			throw declaration.invalid("returns %s, %s".formatted(result, kind.badReturn()), kind.goodReturn());
		}
		if (kind == HookKind.RESPONSE && result.isAsynchronous() && isBlocking(declaration)) {
			throw declaration.invalid(
					"is declared as blocking, but is asynchronous: it runs where the response is, and must not block",
					"Remove 'blocking = true', or make it an ordinary method that returns nothing.");
		}
		return result;
	}

	private static boolean isBlocking(HookDeclaration declaration) {
		return MergedAnnotations.from(declaration.getMethod(), SearchStrategy.TYPE_HIERARCHY)
			.get(declaration.kind().annotation())
			.getBoolean("blocking");
	}

	private static Set<Method> methods(HookKind kind, Class<?> type) {
		return MethodIntrospector
			.selectMethods(type, (Method method) -> AnnotatedElementUtils.hasAnnotation(method, kind.annotation()))
			.stream()
			.map(BridgeMethodResolver::findBridgedMethod)
			.collect(Collectors.toSet());
	}

	private static String places(Set<Method> methods) {
		return methods.stream().map(HookDeclaration::place).sorted().collect(Collectors.joining(", "));
	}

}
