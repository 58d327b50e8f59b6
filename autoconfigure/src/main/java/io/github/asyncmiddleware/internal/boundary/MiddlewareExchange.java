package io.github.asyncmiddleware.internal.boundary;

import java.time.Instant;

import io.github.asyncmiddleware.internal.run.HookedSession;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

import org.springframework.context.ApplicationContext;
import org.springframework.http.codec.ServerCodecConfigurer;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.http.server.reactive.ServerHttpRequestDecorator;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebSession;
import org.springframework.web.server.adapter.DefaultServerWebExchange;
import org.springframework.web.server.i18n.LocaleContextResolver;
import org.springframework.web.server.session.WebSessionManager;

/**
 * The exchange as the first filter sees it. In contrast to the one that it extends, it
 * can forget that a response was found to be not modified, when that response is
 * discarded, and can save a session that response hooks have changed.
 */
final class MiddlewareExchange extends DefaultServerWebExchange implements HookedSession {

	private final WebSessionManager sessionManager;

	private final ServerCodecConfigurer codecConfigurer;

	private final LocaleContextResolver localeContextResolver;

	/** Judges the response that follows one that was discarded. */
	private volatile @Nullable ServerWebExchange next;

	/** Made for the first that asks for the session. Guarded by this exchange. */
	private @Nullable Mono<WebSession> session;

	/** How the session is saved. Set before {@link #session} is given away. */
	private volatile @Nullable SessionExchange sessionExchange;

	private volatile boolean hooked;

	private volatile boolean usedByHook;

	MiddlewareExchange(ServerHttpRequest request, ServerHttpResponse response, WebSessionManager sessionManager,
			ServerCodecConfigurer codecConfigurer, LocaleContextResolver localeContextResolver,
			@Nullable ApplicationContext applicationContext) {
		super(request, response, sessionManager, codecConfigurer, localeContextResolver, applicationContext);
		this.sessionManager = sessionManager;
		this.codecConfigurer = codecConfigurer;
		this.localeContextResolver = localeContextResolver;
	}

	/**
	 * The response so far is discarded.
	 */
	void forgetNotModified() {
		if (isNotModified()) {
			// A decorator, so that the attributes of the request stay those of this
			// exchange. Without an application context, which has no say in what it
			// judges: the constructor that takes one is public from Spring Framework
			// 7.0.6 on
			this.next = new DefaultServerWebExchange(new ServerHttpRequestDecorator(getRequest()), getResponse(),
					this.sessionManager, this.codecConfigurer, this.localeContextResolver);
		}
	}

	@Override
	public Mono<WebSession> getSession() {
		if (this.hooked) {
			this.usedByHook = true;
		}
		synchronized (this) {
			Mono<WebSession> session = this.session;
			if (session == null) {
				SessionExchange exchange = new SessionExchange(this);
				this.sessionExchange = exchange;
				session = this.sessionManager.getSession(exchange).cache();
				this.session = session;
			}
			return session;
		}
	}

	@Override
	public void beginHooks() {
		this.hooked = true;
	}

	@Override
	public @Nullable Mono<Void> save() {
		SessionExchange exchange = this.usedByHook ? this.sessionExchange : null;
		this.usedByHook = false;
		return (exchange != null) ? exchange.save() : null;
	}

	@Override
	public boolean isNotModified() {
		ServerWebExchange next = this.next;
		return (next != null) ? next.isNotModified() : super.isNotModified();
	}

	@Override
	public boolean checkNotModified(@Nullable String etag, Instant lastModified) {
		ServerWebExchange next = this.next;
		return (next != null) ? next.checkNotModified(etag, lastModified) : super.checkNotModified(etag, lastModified);
	}

}
