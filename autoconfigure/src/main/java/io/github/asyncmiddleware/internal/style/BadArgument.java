package io.github.asyncmiddleware.internal.style;

import java.lang.annotation.Annotation;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Collectors;

import org.reactivestreams.Publisher;

import org.springframework.core.MethodParameter;
import org.springframework.core.ResolvableType;
import org.springframework.http.HttpStatusCode;
import org.springframework.ui.Model;
import org.springframework.util.ClassUtils;
import org.springframework.validation.Errors;
import org.springframework.web.bind.annotation.MatrixVariable;
import org.springframework.web.bind.annotation.ModelAttribute;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestPart;
import org.springframework.web.reactive.BindingContext;
import org.springframework.web.reactive.function.server.HandlerFunction;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.server.WebFilterChain;
import org.springframework.web.server.WebHandler;

/**
 * Why hook methods cannot have a parameter that people expect to work, and what to do
 * instead.
 */
enum BadArgument {

	PATH_VARIABLE(annotatedWith(List.of(PathVariable.class, MatrixVariable.class)),
			"variables of the path are known when a handler is chosen, which is after all middlewares",
			"Take ServerHttpRequest and match its path with a PathPattern, or do it in the handler."),

	BODY(annotatedWith(List.of(RequestBody.class, RequestPart.class, ModelAttribute.class)),
			"the body is for the handler, and can be read once",
			"Do it in the handler, or write a WebFilter that passes a request with a body of its own on."),

	MODEL(ofType(Model.class, Errors.class, BindingContext.class), "a model is made for a handler",
			"Take ServerWebExchange and set an attribute."),

	CHAIN(ofType(WebFilterChain.class, WebHandler.class, HandlerFunction.class),
			"the rest of the chain runs by itself when the method has finished",
			"Return nothing to go on, or an answer such as ResponseEntity. To wrap the rest of the chain, implement"
					+ " WebFilter or HandlerFilterFunction<LiveResponse, ServerResponse> instead of hook methods."),

	FUNCTIONAL_REQUEST(ofType(ServerRequest.class), "it is made for handler functions",
			"Take ServerWebExchange or ServerHttpRequest."),

	FUNCTIONAL_RESPONSE(ofType(ServerResponse.class), "it is made by handler functions",
			"Take ServerHttpResponse. To await the response and decide by it, implement"
					+ " HandlerFilterFunction<LiveResponse, ServerResponse> instead of hook methods."),

	STATUS(ofType(HttpStatusCode.class), "there is none of that type at that time",
			"Take HttpStatusCode in an @OnResponse method; an @OnRequest method runs before there is a status."),

	SERVLET((parameter) -> parameter.getParameterType().getName().startsWith("jakarta.servlet."),
			"this is not a servlet application", "Take ServerHttpRequest, ServerHttpResponse or WebSession."),

	ASYNCHRONOUS(ofType(Publisher.class), "arguments are there when the method is called",
			"Take what comes inside of it.");

	private final Predicate<MethodParameter> predicate;

	private final String reason;

	private final String action;

	BadArgument(Predicate<MethodParameter> predicate, String reason, String action) {
		this.predicate = predicate;
		this.reason = reason;
		this.action = action;
	}

	private static Predicate<MethodParameter> annotatedWith(List<Class<? extends Annotation>> annotations) {
		return (parameter) -> annotations.stream().anyMatch(parameter::hasParameterAnnotation);
	}

	private static Predicate<MethodParameter> ofType(Class<?>... types) {
		return (parameter) -> Arrays.stream(types)
			.anyMatch((type) -> type.isAssignableFrom(parameter.getParameterType()));
	}

	/**
	 * Whether a parameter is annotated as one that only handlers can have.
	 */
	static boolean isForHandlers(MethodParameter parameter) {
		return PATH_VARIABLE.predicate.test(parameter) || BODY.predicate.test(parameter);
	}

	/**
	 * Say what is wrong with a parameter.
	 * @param parameter the parameter, with its name if that is known
	 * @param declaration the method
	 * @return what to throw
	 */
	static InvalidHookException refuse(MethodParameter parameter, HookDeclaration declaration) {
		BadArgument known = Arrays.stream(values())
			.filter((argument) -> argument.predicate.test(parameter))
			.findFirst()
			.orElse(null);
		return new InvalidHookException(
				"Parameter %s (%s) of the %s cannot be resolved%s.".formatted(name(parameter), type(parameter),
						declaration.describe(), (known != null) ? ": " + known.reason : ""),
				(known != null) ? known.action + " " + possible(declaration.kind()) : possible(declaration.kind()));
	}

	private static String name(MethodParameter parameter) {
		String name = parameter.getParameterName();
		return (name != null) ? "'" + name + "'" : String.valueOf(parameter.getParameterIndex());
	}

	private static String type(MethodParameter parameter) {
		List<Annotation> annotations = List.of(parameter.getParameterAnnotations());
		return annotations.stream()
			.map((annotation) -> "@" + ClassUtils.getShortName(annotation.annotationType()) + " ")
			.collect(Collectors.joining()) + ResolvableType.forMethodParameter(parameter);
	}

	private static String possible(HookKind kind) {
		return ("Possible are the types ServerWebExchange, ServerHttpRequest, ServerHttpResponse, %s, HttpMethod, Locale,"
				+ " TimeZone, ZoneId, UriComponentsBuilder, Principal and WebSession, the annotations"
				+ " @RequestHeader, @CookieValue, @RequestParam, @RequestAttribute, @SessionAttribute and"
				+ " @Value, and what a HandlerMethodArgumentResolver of the application resolves.")
			.formatted(kind.ownArguments());
	}

}
