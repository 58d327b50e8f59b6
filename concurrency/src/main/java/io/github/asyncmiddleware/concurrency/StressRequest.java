package io.github.asyncmiddleware.concurrency;

import java.util.concurrent.atomic.AtomicInteger;

import io.github.asyncmiddleware.internal.chain.Deadlines;
import io.github.asyncmiddleware.internal.record.RequestRecord;
import io.github.asyncmiddleware.internal.record.RequestReporter;
import io.github.asyncmiddleware.internal.record.RequestResult;
import io.github.asyncmiddleware.internal.record.Ticker;
import io.github.asyncmiddleware.internal.response.AttemptExchange;
import io.github.asyncmiddleware.internal.response.ResponseFace;
import io.github.asyncmiddleware.internal.run.RequestRun;
import io.github.asyncmiddleware.internal.watch.ThreadActivities;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Hooks;

import org.springframework.http.codec.ServerCodecConfigurer;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.adapter.DefaultServerWebExchange;
import org.springframework.web.server.i18n.AcceptHeaderLocaleContextResolver;
import org.springframework.web.server.i18n.LocaleContextResolver;
import org.springframework.web.server.session.DefaultWebSessionManager;
import org.springframework.web.server.session.WebSessionManager;

/**
 * One request as the engine runs it, without a server: the real objects, and what was
 * recorded of it.
 */
public final class StressRequest implements RequestReporter {

	private static final ServerHttpRequest REQUEST = MockServerHttpRequest.get("/").build();

	private static final WebSessionManager SESSIONS = new DefaultWebSessionManager();

	private static final ServerCodecConfigurer CODECS = ServerCodecConfigurer.create();

	private static final LocaleContextResolver LOCALES = new AcceptHeaderLocaleContextResolver();

	static {
		Hooks.onErrorDropped((ex) -> {
		});
	}

	private final RequestRun run;

	private final RecordingResponse response = new RecordingResponse();

	private final ResponseFace face;

	private final ServerWebExchange exchange;

	private final AtomicInteger reports = new AtomicInteger();

	private final AtomicInteger heads = new AtomicInteger();

	private volatile @Nullable RequestResult result;

	/**
	 * Create a request in which no middleware has a deadline.
	 */
	public StressRequest() {
		this(Deadlines.NONE);
	}

	/**
	 * Create a request.
	 * @param clock the clock of deadlines
	 */
	public StressRequest(Deadlines clock) {
		this(clock, REQUEST);
	}

	private StressRequest(Deadlines clock, ServerHttpRequest request) {
		this.run = RequestRun.begin(this, ThreadActivities.NONE, clock, request);
		this.face = (ResponseFace) this.run.observe(this.response);
		this.exchange = new DefaultServerWebExchange(request, this.face, SESSIONS, CODECS, LOCALES);
		this.run.exchange(this.exchange);
	}

	/**
	 * Create a request that asks for a WebSocket.
	 * @return the request
	 */
	public static StressRequest forSocket() {
		return new StressRequest(Deadlines.NONE,
				MockServerHttpRequest.get("/")
					.header("Connection", "Upgrade")
					.header("Upgrade", "websocket")
					.header("Sec-WebSocket-Version", "13")
					.build());
	}

	/**
	 * The request.
	 * @return the request
	 */
	public RequestRun run() {
		return this.run;
	}

	/**
	 * What the server has.
	 * @return the response of the server
	 */
	public RecordingResponse response() {
		return this.response;
	}

	/**
	 * The response as the filters see it.
	 * @return the first face
	 */
	public ResponseFace face() {
		return this.face;
	}

	/**
	 * The exchange as the first filter sees it.
	 * @return the exchange
	 */
	public ServerWebExchange exchange() {
		return this.exchange;
	}

	/**
	 * A part of the chain begins to answer.
	 * @return its exchange
	 */
	public AttemptExchange begin() {
		return AttemptExchange.begin(this.exchange, this.run);
	}

	/**
	 * How often the end was reported.
	 * @return the number
	 */
	public int reports() {
		return this.reports.get();
	}

	/**
	 * What was recorded of the request.
	 * @return how it has ended, and how often heads and ends were reported if not once
	 */
	public String record() {
		int heads = this.heads.get();
		int reports = this.reports.get();
		return ((heads == 0) ? "no head" : (heads == 1) ? "head" : heads + " heads")
				+ ((reports == 0) ? " and no end" : " and " + ((reports > 1) ? reports + " times " : "") + this.result);
	}

	@Override
	public Ticker ticker() {
		return Ticker.STOPPED;
	}

	@Override
	public void beforeHead(RequestRecord request, int status, ServerHttpResponse response) {
	}

	@Override
	public void onHead(RequestRecord request) {
		this.heads.incrementAndGet();
	}

	@Override
	public void onEnd(RequestRecord request, RequestResult result, boolean withHead) {
		if (withHead) {
			this.heads.incrementAndGet();
		}
		this.result = result;
		this.reports.incrementAndGet();
	}

}
