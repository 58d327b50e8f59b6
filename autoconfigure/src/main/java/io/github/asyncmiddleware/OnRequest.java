package io.github.asyncmiddleware;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

import org.springframework.aot.hint.annotation.Reflective;

/**
 * Makes a method of a bean that is annotated with {@link AsyncMiddleware} run before the
 * rest of the chain. A bean has at most one such method.
 * <p>
 * <strong>Arguments</strong> are those that a controller method can have before a handler
 * is known: {@code ServerWebExchange}, {@code ServerHttpRequest},
 * {@code ServerHttpResponse}, {@code HttpHeaders}, {@code HttpMethod}, {@code Principal},
 * {@code WebSession}, {@code Locale}, and whatever is annotated with
 * {@code @RequestHeader}, {@code @CookieValue}, {@code @RequestParam},
 * {@code @RequestAttribute}, {@code @SessionAttribute} or {@code @Value}.
 * <p>
 * <strong>What it returns</strong> decides how the request goes on:
 * <ul>
 * <li>nothing: on to the rest of the chain; or, if the method has set a status on the
 * response, an answer with that status</li>
 * <li>{@code ServerHttpRequest} or {@code ServerWebExchange}: on with that one</li>
 * <li>{@code ServerResponse}, {@code ResponseEntity}, {@code ProblemDetail} or another
 * {@code ErrorResponse}: that is the answer, and the rest of the chain does not run</li>
 * </ul>
 * {@code null} is the same as nothing. Each of them can also come inside a {@code Mono},
 * a {@code CompletionStage} or any other type that the {@code ReactiveAdapterRegistry}
 * knows; so can the return value of a Kotlin {@code suspend} function. A method that
 * throws, or returns an error, fails the request as any filter would.
 * <p>
 * <strong>Where it runs</strong>: a method with an asynchronous return type runs where
 * the request is, usually on an event loop, and must not block. Any other method is taken
 * to block and runs on another thread, unless it says that it does not.
 *
 * @see OnResponse
 */
@Target({ ElementType.METHOD, ElementType.ANNOTATION_TYPE })
@Retention(RetentionPolicy.RUNTIME)
@Documented
@Reflective(HookReflectiveProcessor.class)
public @interface OnRequest {

	/**
	 * Whether a method without an asynchronous return type may block, and so must not run
	 * on an event loop. Has no meaning for a method with an asynchronous return type.
	 * @return {@code false} to run the method where the request is
	 */
	boolean blocking() default true;

}
