package io.github.asyncmiddleware;

import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.Method;
import java.lang.reflect.Parameter;
import java.lang.reflect.ParameterizedType;
import java.util.concurrent.CompletionStage;

import org.reactivestreams.Publisher;

import org.springframework.aot.hint.BindingReflectionHintsRegistrar;
import org.springframework.aot.hint.ExecutableMode;
import org.springframework.aot.hint.ReflectionHints;
import org.springframework.aot.hint.annotation.ReflectiveProcessor;
import org.springframework.core.MethodParameter;
import org.springframework.core.ReactiveAdapterRegistry;
import org.springframework.core.ResolvableType;
import org.springframework.http.HttpEntity;
import org.springframework.http.ProblemDetail;

/**
 * Registers hook methods for native images: they are called by reflection, and what they
 * answer with is written like the result of a controller method.
 */
class HookReflectiveProcessor implements ReflectiveProcessor {

	private static final String CONTINUATION = "kotlin.coroutines.Continuation";

	private final BindingReflectionHintsRegistrar bindings = new BindingReflectionHintsRegistrar();

	@Override
	public void registerReflectionHints(ReflectionHints hints, AnnotatedElement element) {
		if (element instanceof Method method) {
			hints.registerMethod(method, ExecutableMode.INVOKE);
			registerBody(hints, withoutWrapper(returned(method)));
		}
	}

	/**
	 * The declared return type; of a {@code suspend} function that of its continuation.
	 */
	private static ResolvableType returned(Method method) {
		Parameter[] parameters = method.getParameters();
		int last = parameters.length - 1;
		return (last >= 0 && CONTINUATION.equals(parameters[last].getType().getName()))
				? ResolvableType.forMethodParameter(new MethodParameter(method, last)).getGeneric()
				: ResolvableType.forMethodReturnType(method);
	}

	private static ResolvableType withoutWrapper(ResolvableType type) {
		Class<?> wrapper = type.toClass();
		boolean asynchronous = Publisher.class.isAssignableFrom(wrapper)
				|| CompletionStage.class.isAssignableFrom(wrapper)
				|| ReactiveAdapterRegistry.getSharedInstance().getAdapter(wrapper) != null;
		return asynchronous ? type.getGeneric() : type;
	}

	private void registerBody(ReflectionHints hints, ResolvableType answer) {
		if (HttpEntity.class.isAssignableFrom(answer.toClass())) {
			ResolvableType body = answer.hasGenerics() ? answer.getGeneric() : answer.as(HttpEntity.class).getGeneric();
			Class<?> resolved = body.resolve();
			if (resolved != null) {
				this.bindings.registerReflectionHints(hints,
						(body.getType() instanceof ParameterizedType) ? body.getType() : resolved);
			}
		}
		else if (ProblemDetail.class.isAssignableFrom(answer.toClass())) {
			this.bindings.registerReflectionHints(hints, answer.toClass());
		}
	}

}
