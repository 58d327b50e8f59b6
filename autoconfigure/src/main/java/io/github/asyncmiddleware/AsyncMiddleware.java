package io.github.asyncmiddleware;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

import org.springframework.core.annotation.AliasFor;
import org.springframework.stereotype.Component;

/**
 * Makes a bean a middleware: it takes its place in the filter chain of a WebFlux
 * application, and its share of the time to first byte is measured.
 * <p>
 * The bean is written in one of three styles: as a
 * {@link org.springframework.web.server.WebFilter WebFilter}; as a
 * {@link org.springframework.web.reactive.function.server.HandlerFilterFunction
 * HandlerFilterFunction} from {@link LiveResponse} to {@code ServerResponse}, which
 * awaits the response; or with methods that are annotated with {@link OnRequest} and
 * {@link OnResponse}.
 * <p>
 * Goes on a class, where it is also a component, or on a {@code @Bean} method; on both,
 * the method's counts. The bean has to be a singleton. The name of the middleware is the
 * name of its bean: the same in metrics, properties, the {@code asyncmiddleware} endpoint
 * and logs.
 * <p>
 * Every attribute can be overridden as {@code async-middleware.middleware.<name>.*}. A
 * mistake in an attribute or in a property fails the start of the application with a text
 * that says what to change.
 *
 * @see MiddlewareOrder
 */
@Target({ ElementType.TYPE, ElementType.METHOD })
@Retention(RetentionPolicy.RUNTIME)
@Documented
@Component
public @interface AsyncMiddleware {

	/**
	 * The name of the bean, for a class that is found by component scanning. On a
	 * {@code @Bean} method the name of the method's bean counts and this attribute is
	 * ignored.
	 * @return the bean name, or empty for the name that Spring would give it
	 */
	@AliasFor(annotation = Component.class)
	String value() default "";

	/**
	 * The position among all {@code WebFilter}s of the application, lowest first. Zero
	 * means unspecified: {@code @Order} or {@link org.springframework.core.Ordered
	 * Ordered} on the bean counts if there is one, else the middleware runs at 0, which
	 * is after Spring Security. Middlewares of the same order run in the order of their
	 * names.
	 * @return the order, see {@link MiddlewareOrder} for named ones
	 */
	int order() default 0;

	/**
	 * The filters that this middleware has to precede, ours or foreign, by the class of
	 * their beans. A middleware of unspecified order is moved directly in front of them;
	 * with an order of its own that contradicts, the application does not start. Equal
	 * orders contradict nothing. Classes of filters that are absent are ignored.
	 * @return the classes of the filters that come later
	 */
	Class<?>[] before() default {};

	/**
	 * The filters that this middleware has to follow, ours or foreign, by the class of
	 * their beans. A middleware of unspecified order is moved directly behind them; with
	 * an order of its own that contradicts, the application does not start. Equal orders
	 * contradict nothing. Classes of filters that are absent are ignored.
	 * @return the classes of the filters that come earlier
	 */
	Class<?>[] after() default {};

	/**
	 * The paths this middleware runs for, as
	 * {@link org.springframework.web.util.pattern.PathPattern PathPattern}s against the
	 * path within the application, judged as a {@code @RequestMapping} of that pattern
	 * would be. Placeholders are resolved.
	 * @return the patterns, or none for all paths
	 */
	String[] path() default {};

	/**
	 * The paths this middleware does not run for, written as in {@link #path()}. A path
	 * that is in both is excluded.
	 * @return the patterns, or none to exclude nothing
	 */
	String[] excludePath() default {};

	/**
	 * The HTTP methods this middleware runs for. {@code GET} includes {@code HEAD}, as it
	 * does in mappings.
	 * @return the names of the methods, or none for all
	 */
	String[] method() default {};

	/**
	 * Whether this middleware may be at work at the same time as its neighbours that are
	 * concurrent too, so that the request waits for the slowest of them and not for one
	 * after the other. For beans with an {@link OnRequest} method that returns nothing,
	 * or an answer. It must not touch the response, and can set attributes of the
	 * exchange. If several answer or fail, the earliest in order decides.
	 * @return {@code true} if it need not wait for its turn
	 */
	boolean concurrent() default false;

	/**
	 * The limit of the own time of this middleware in one request: before it hands over
	 * to the rest of the chain, and after it has got the response back, until the head of
	 * that is sent. The time that the rest of the chain takes does not count, nor does
	 * waiting for bytes of the client. What happens to the request after that,
	 * {@link #onFailure()} says. Code that blocks its thread in place is not interrupted.
	 * @return a positive duration such as {@code "200ms"}, {@code "2s"} or
	 * {@code "PT0.2S"}, with placeholders if need be; empty for no limit
	 */
	String timeout() default "";

	/**
	 * What happens to a request when this middleware fails before it has handed over to
	 * the rest of the chain: when it throws or signals an error, breaks the rules of a
	 * filter, takes longer than its {@link #timeout()}, or is shed because too much is
	 * going on.
	 * @return {@link OnFailure#SKIP} if a request can go without it
	 */
	OnFailure onFailure() default OnFailure.FAIL;

}
