package io.github.asyncmiddleware;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

import org.springframework.aot.hint.annotation.Reflective;

/**
 * Makes a method of a bean that is annotated with {@link AsyncMiddleware} run right
 * before the head of the response goes to the server. A bean has at most one such method.
 * <p>
 * It sees the status that the client gets, whatever has made the response: the handler,
 * an exception handler, a filter behind the middleware, or the middleware itself. Headers
 * and cookies can still be changed, and so can the status. It runs for each request in
 * which the code of the middleware was started: not where the middleware never got a
 * thread, was lost in its group before it began, or had an argument refused before the
 * call. Inner middlewares come before outer ones, behind all other actions before the
 * commit.
 * <p>
 * <strong>Arguments</strong> are those of {@link OnRequest}, and {@code HttpStatusCode}
 * for the status; {@code HttpHeaders} without an annotation are those of the response.
 * <p>
 * <strong>It returns</strong> nothing, at once or in a {@code Mono<Void>}, a
 * {@code CompletionStage<Void>} or another asynchronous type, for which the head waits. A
 * method that fails is counted and logged; the response goes out without what it would
 * have done.
 *
 * @see OnRequest
 */
@Target({ ElementType.METHOD, ElementType.ANNOTATION_TYPE })
@Retention(RetentionPolicy.RUNTIME)
@Documented
@Reflective(HookReflectiveProcessor.class)
public @interface OnResponse {

	/**
	 * Whether a method without an asynchronous return type may block, and so must not run
	 * on an event loop. Has no meaning for a method with an asynchronous return type.
	 * @return {@code true} to run the method on another thread
	 */
	boolean blocking() default false;

}
