package io.github.asyncmiddleware.metrics;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

import io.github.asyncmiddleware.internal.chain.Middleware;
import io.github.asyncmiddleware.internal.record.HeadDecorator;
import io.github.asyncmiddleware.internal.record.RequestRecord;
import io.github.asyncmiddleware.internal.record.StepRecord;
import org.jspecify.annotations.Nullable;

import org.springframework.http.HttpStatus;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.util.Assert;
import org.springframework.web.server.ServerWebExchange;

/**
 * Tells clients in the header {@code Server-Timing} what a response took, which browsers
 * show in their network tab. The auto-configuration puts it in place; applications have
 * no need to.
 * <p>
 * Values of that header that are there already stay, and this is one more. The times are
 * those of {@link AsyncMiddlewareMeters}, as far as they have come when the text is made:
 * what follows until the head is sent is only in the meters, as time of the application.
 * <p>
 * Not added where no middleware was entered, for a connection that is handed to another
 * protocol, and to a 304: a cache would put it in the place of that of the response it
 * has.
 */
public abstract sealed class ServerTiming implements HeadDecorator {

	private static final String HEADER = "Server-Timing";

	private ServerTiming() {
	}

	/**
	 * Tell the time to first byte of the first middleware, as {@code total}.
	 * @return the decorator that adds the header
	 */
	public static HeadDecorator total() {
		return new Total();
	}

	/**
	 * Tell the own time of each middleware, outermost first, the time of the application
	 * as {@code app}, and the {@code total} that they add up to.
	 * @param middlewares the middlewares there are; names of foreign filters that are
	 * measured are found when they first occur
	 * @return the decorator that adds the header
	 */
	public static HeadDecorator detailed(List<Middleware> middlewares) {
		Assert.notNull(middlewares, "'middlewares' must not be null");
		return new Detailed(new ServerTimingNames(middlewares));
	}

	/**
	 * Let each request decide.
	 * @param policy decides where there is no token
	 * @param token the secret with which a request asks for the details, or {@code null}
	 * if none can
	 * @param middlewares the middlewares there are
	 * @return the decorator that adds the header
	 */
	public static HeadDecorator decided(ServerTimingPolicy policy, @Nullable String token,
			List<Middleware> middlewares) {
		Assert.notNull(policy, "'policy' must not be null");
		Assert.notNull(middlewares, "'middlewares' must not be null");
		return new Decided(policy, (token != null) ? new ServerTimingToken(token) : null,
				new Detailed(new ServerTimingNames(middlewares)));
	}

	@Override
	public final void beforeHead(RequestRecord request, int status, ServerHttpResponse response) {
		if (request.last() != null && status >= HttpStatus.OK.value() && status != HttpStatus.NOT_MODIFIED.value()) {
			String text = text(request, response);
			if (text != null) {
				response.getHeaders().add(HEADER, text);
			}
		}
	}

	/**
	 * The value of the header.
	 * @param request the request, in which some middleware was entered
	 * @param response the response, whose other headers can be changed
	 * @return the value, or {@code null} for none
	 */
	@Nullable String text(RequestRecord request, ServerHttpResponse response) {
		return text(request, request.ttfbSoFar());
	}

	/**
	 * The value of the header.
	 * @param request the request, in which some middleware was entered
	 * @param total the time to first byte so far, in nanoseconds
	 */
	abstract String text(RequestRecord request, long total);

	/**
	 * Tells the sum.
	 */
	private static final class Total extends ServerTiming {

		@Override
		String text(RequestRecord request, long total) {
			return ServerTimingText.total(total);
		}

	}

	/**
	 * Tells what the sum is made of.
	 */
	private static final class Detailed extends ServerTiming {

		private final ServerTimingNames names;

		Detailed(ServerTimingNames names) {
			this.names = names;
		}

		@Override
		String text(RequestRecord request, long total) {
			// Walked once, as another thread may enter one more meanwhile
			List<StepRecord> steps = new ArrayList<>();
			for (StepRecord step = request.last(); step != null; step = step.previous()) {
				steps.add(step);
			}
			Collections.reverse(steps);
			String[] names = new String[steps.size()];
			long[] own = new long[steps.size()];
			for (int i = 0; i < own.length; i++) {
				names[i] = this.names.of(steps.get(i).middleware());
				own[i] = steps.get(i).own();
			}
			return ServerTimingText.detailed(names, own, total);
		}

	}

	/**
	 * Tells what is decided for the request.
	 */
	private static final class Decided extends ServerTiming {

		private static final String NO_STORE = "no-store";

		private final ServerTimingPolicy policy;

		private final @Nullable ServerTimingToken token;

		private final Total total = new Total();

		private final Detailed detailed;

		Decided(ServerTimingPolicy policy, @Nullable ServerTimingToken token, Detailed detailed) {
			this.policy = policy;
			this.token = token;
			this.detailed = detailed;
		}

		@Override
		@Nullable String text(RequestRecord request, ServerHttpResponse response) {
			ServerWebExchange exchange = request.exchange();
			if (this.token != null && this.token.isIn(request.request().getHeaders())) {
				String text = text(request, request.ttfbSoFar());
				// What the team sees is not what a cache may tell others
				response.getHeaders().setCacheControl(NO_STORE);
				return text;
			}
			ServerTimingPolicy.Detail detail = (exchange != null) ? this.policy.detail(exchange)
					: ServerTimingPolicy.Detail.OFF;
			return switch (detail) {
				case OFF -> null;
				case TOTAL -> this.total.text(request, request.ttfbSoFar());
				case DETAILED -> text(request, request.ttfbSoFar());
			};
		}

		@Override
		String text(RequestRecord request, long total) {
			return this.detailed.text(request, total);
		}

	}

}
