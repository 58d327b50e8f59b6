package io.github.asyncmiddleware.benchmarks;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.IntStream;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.OnFailure;
import io.github.asyncmiddleware.internal.boundary.MiddlewareHttpHandlerFactory;
import io.github.asyncmiddleware.internal.chain.ChainEntry;
import io.github.asyncmiddleware.internal.chain.Deadlines;
import io.github.asyncmiddleware.internal.chain.FailureLog;
import io.github.asyncmiddleware.internal.chain.ForeignFilter;
import io.github.asyncmiddleware.internal.chain.Middleware;
import io.github.asyncmiddleware.internal.chain.MiddlewareCode;
import io.github.asyncmiddleware.internal.chain.MiddlewareScope;
import io.github.asyncmiddleware.internal.chain.MisuseGuard;
import io.github.asyncmiddleware.internal.chain.RunsOn;
import io.github.asyncmiddleware.internal.record.HeadDecorator;
import io.github.asyncmiddleware.internal.record.Ticker;
import io.github.asyncmiddleware.internal.run.Guards;
import io.github.asyncmiddleware.internal.sample.RequestListener;
import io.github.asyncmiddleware.internal.style.Answers;
import io.github.asyncmiddleware.internal.style.AwaitFilter;
import io.github.asyncmiddleware.internal.style.HookCompiler;
import io.github.asyncmiddleware.internal.style.Hooks;
import io.github.asyncmiddleware.internal.watch.ThreadActivities;
import reactor.core.publisher.Mono;

import org.springframework.beans.factory.support.DefaultListableBeanFactory;
import org.springframework.core.ReactiveAdapterRegistry;
import org.springframework.core.io.buffer.DefaultDataBufferFactory;
import org.springframework.http.server.reactive.HttpHandler;
import org.springframework.web.reactive.function.server.HandlerFilterFunction;
import org.springframework.web.reactive.function.server.HandlerStrategies;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebHandler;
import org.springframework.web.server.adapter.WebHttpHandlerBuilder;

/**
 * Builds the handler of a server from filters: as Spring does, or fused.
 */
final class Chains {

	private static final byte[] HELLO = "Hello".getBytes(StandardCharsets.UTF_8);

	private static final HandlerStrategies STRATEGIES = HandlerStrategies.withDefaults();

	private Chains() {
	}

	/**
	 * The handler behind the filters: a few bytes, at once.
	 */
	static Mono<Void> hello(ServerWebExchange exchange) {
		return exchange.getResponse().writeWith(Mono.just(DefaultDataBufferFactory.sharedInstance.wrap(HELLO)));
	}

	static HttpHandler ofSpring(List<WebFilter> filters, WebHandler handler) {
		return WebHttpHandlerBuilder.webHandler(handler).filters((all) -> all.addAll(filters)).build();
	}

	/**
	 * As an application has it by default: misuse fails.
	 */
	static HttpHandler fused(List<? extends ChainEntry> filters, WebHandler handler, List<RequestListener> listeners) {
		return fused(filters, handler, listeners, (middleware, misuse, request) -> true, ThreadActivities.NONE);
	}

	static HttpHandler fused(List<? extends ChainEntry> filters, WebHandler handler, List<RequestListener> listeners,
			MisuseGuard guard, ThreadActivities activities) {
		return fused(filters, handler, listeners, guard, activities, HeadDecorator.NONE);
	}

	static HttpHandler fused(List<? extends ChainEntry> filters, WebHandler handler, List<RequestListener> listeners,
			MisuseGuard guard, ThreadActivities activities, HeadDecorator decorator) {
		List<ChainEntry> chain = List.copyOf(filters);
		return WebHttpHandlerBuilder.webHandler(handler)
			.filters((all) -> filters.forEach((filter) -> all.add(filter.filter())))
			.httpHandlerDecorator(new MiddlewareHttpHandlerFactory((ordered, context) -> chain, listeners,
					new Guards(guard, FailureLog.NONE, Deadlines.NONE, activities), Ticker.SYSTEM, decorator))
			.build();
	}

	/**
	 * Foreign filters that are measured.
	 */
	static List<ForeignFilter> foreign(List<?> beans) {
		return IntStream.range(0, beans.size()).mapToObj((index) -> {
			WebFilter filter = (WebFilter) beans.get(index);
			String name = "filter" + index;
			return new ForeignFilter(name, filter.getClass(), index, filter,
					Middleware.ofForeign(index, name, filter.getClass(), index, filter));
		}).toList();
	}

	/**
	 * Middlewares of any style.
	 */
	static List<Middleware> middlewares(List<?> beans) {
		return IntStream.range(0, beans.size()).mapToObj((index) -> middleware(index, beans.get(index))).toList();
	}

	private static Middleware middleware(int index, Object bean) {
		return new Middleware(index, "filter" + index, bean.getClass(), index, MiddlewareScope.ALL, OnFailure.FAIL,
				null, code("filter" + index, bean));
	}

	private static MiddlewareCode code(String name, Object bean) {
		if (bean instanceof WebFilter filter) {
			return MiddlewareCode.of(filter);
		}
		if (bean instanceof HandlerFilterFunction<?, ?> function) {
			return new AwaitFilter(function, STRATEGIES::messageReaders, Chains::noResponse).toCode();
		}
		HookCompiler compiler = new HookCompiler(new DefaultListableBeanFactory(),
				ReactiveAdapterRegistry.getSharedInstance(), List.of(), null);
		return new Hooks(compiler, new Answers(Chains::noResponse, () -> null), () -> {
			throw new IllegalStateException("Nothing blocks here");
		}, RunsOn.POOL, FailureLog.NONE).code(name, bean, bean.getClass(), isConcurrent(bean.getClass()),
				Integer.MAX_VALUE);
	}

	private static boolean isConcurrent(Class<?> type) {
		AsyncMiddleware annotation = type.getAnnotation(AsyncMiddleware.class);
		return annotation != null && annotation.concurrent();
	}

	private static ServerResponse.Context noResponse() {
		throw new IllegalStateException("Nothing answers here");
	}

}
