package io.github.asyncmiddleware.internal.style;

import java.util.List;

import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.SynchronousSink;

import org.springframework.core.KotlinDetector;
import org.springframework.core.MethodParameter;
import org.springframework.core.ReactiveAdapter;
import org.springframework.core.ReactiveAdapterRegistry;
import org.springframework.core.ResolvableType;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.web.server.ServerWebExchange;

/**
 * What the declared return type of a hook method says, and how what the method returns is
 * turned into a {@link Mono}.
 */
final class HookReturn {

	private static final String UNIT = "kotlin.Unit";

	private final HookDeclaration declaration;

	private final MethodParameter parameter;

	private final ResolvableType type;

	private final boolean suspending;

	private final @Nullable ReactiveAdapter adapter;

	private final Class<?> valueType;

	private final boolean canBeUnit;

	HookReturn(HookDeclaration declaration, ReactiveAdapterRegistry adapters) {
		this.declaration = declaration;
		this.parameter = declaration.getReturnType();
		this.type = ResolvableType.forMethodParameter(this.parameter);
		this.suspending = declaration.isSuspending();
		this.adapter = adapters.getAdapter(this.type.toClass());
		this.valueType = valueType(this.type, this.adapter);
		this.canBeUnit = KotlinDetector.isKotlinPresent() && (isAnything() || UNIT.equals(this.valueType.getName()));
	}

	private static Class<?> valueType(ResolvableType type, @Nullable ReactiveAdapter adapter) {
		if (adapter == null) {
			return type.toClass();
		}
		return adapter.isNoValue() ? void.class : type.as(adapter.getReactiveType()).getGeneric().toClass();
	}

	MethodParameter parameter() {
		return this.parameter;
	}

	boolean isAsynchronous() {
		return this.suspending || this.adapter != null;
	}

	/**
	 * Whether the code of the method is called when what it returns is subscribed to.
	 */
	boolean isSuspending() {
		return this.suspending;
	}

	/**
	 * Whether what is returned means something to a kind of hooks.
	 */
	boolean isFor(HookKind kind) {
		return isNothing()
				|| (isAnything() ? kind.canReturnAnything(isAsynchronous()) : kind.canReturn(this.valueType));
	}

	/**
	 * Whether it says that the request can be replaced.
	 */
	boolean isRequest() {
		return ServerHttpRequest.class.isAssignableFrom(this.valueType)
				|| ServerWebExchange.class.isAssignableFrom(this.valueType);
	}

	/**
	 * Whether the {@code Unit} of Kotlin, which means nothing, can be returned.
	 */
	boolean canBeUnit() {
		return this.canBeUnit;
	}

	/**
	 * Replace the {@code Unit} of Kotlin.
	 * @param value a value
	 * @return {@code null} if it is that
	 */
	static @Nullable Object withoutUnit(@Nullable Object value) {
		return (value == null || UNIT.equals(value.getClass().getName())) ? null : value;
	}

	/**
	 * Turn what an asynchronous method has returned into a {@link Mono}.
	 * @param returned what it has returned
	 * @return emits at most one value, or fails; {@code null} for {@code null}
	 */
	@Nullable Mono<?> publisher(@Nullable Object returned) {
		if (returned == null) {
			return null;
		}
		Mono<?> mono = (returned instanceof Mono<?> already) ? already : adapt(returned);
		return this.canBeUnit ? mono.filter((value) -> withoutUnit(value) != null) : mono;
	}

	private Mono<?> adapt(Object returned) {
		if (this.suspending) {
			return atMostOne((Publisher<?>) returned);
		}
		ReactiveAdapter adapter = this.adapter;
		if (adapter == null) {
			throw new IllegalStateException("The return type is not asynchronous");
		}
		Publisher<?> publisher = adapter.toPublisher(returned);
		return adapter.isMultiValue() ? atMostOne(publisher) : Mono.from(publisher);
	}

	private Mono<Object> atMostOne(Publisher<?> publisher) {
		return Flux.<Object>from(publisher).take(2).collectList().handle(this::atMostOne);
	}

	private void atMostOne(List<Object> values, SynchronousSink<Object> sink) {
		if (values.size() == 1) {
			sink.next(values.get(0));
		}
		else if (!values.isEmpty()) {
			sink.error(bad("more than one value, where at most one can be meant"));
		}
	}

	/**
	 * The failure of a request for which the method has returned what it must not.
	 * @param what what that is
	 * @return names the method and its middleware
	 */
	IllegalStateException bad(String what) {
		return new IllegalStateException("The %s returned %s".formatted(this.declaration.describe(), what));
	}

	private boolean isNothing() {
		return this.valueType == void.class || this.valueType == Void.class || UNIT.equals(this.valueType.getName());
	}

	private boolean isAnything() {
		return this.valueType == Object.class;
	}

	/**
	 * How the type is written.
	 */
	@Override
	public String toString() {
		return this.type.toString();
	}

}
