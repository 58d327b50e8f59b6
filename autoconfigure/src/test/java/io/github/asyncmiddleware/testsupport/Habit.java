package io.github.asyncmiddleware.testsupport;

import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

import org.springframework.http.HttpStatus;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.http.server.reactive.ServerHttpResponseDecorator;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;

/**
 * What filters do, legal or not. For {@link #GIVES_UP} there has to be an attribute
 * {@code giveUp} in the exchange, a sink that says when.
 */
public enum Habit implements WebFilter {

	PASSES("PASSED") {
		@Override
		public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
			return chain.filter(exchange);
		}
	},

	WAITS("PASSED") {
		@Override
		public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
			return chain.filter(exchange).then(Mono.fromRunnable(() -> exchange.getAttributes().put("done", 1)));
		}
	},

	MARKS("PASSED") {
		@Override
		public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
			exchange.getAttributes().put("seen", "mark");
			return Mono.defer(() -> chain.filter(exchange.mutate().build()));
		}
	},

	WRAPS_RESPONSE("PASSED") {
		@Override
		public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
			ServerHttpResponse wrapped = new ServerHttpResponseDecorator(exchange.getResponse()) {

				@Override
				public Mono<Void> setComplete() {
					return Mono.error(new IllegalStateException("never called here"));
				}

			};
			wrapped.getHeaders().set("X-Wrapped", "1");
			return chain.filter(exchange.mutate().response(wrapped).build());
		}
	},

	ASSEMBLES_AND_DROPS("PASSED") {
		@Override
		public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
			Mono<Void> dropped = chain.filter(exchange);
			return (dropped != null) ? chain.filter(exchange.mutate().build()) : Mono.empty();
		}
	},

	RUNS_TWICE("PASSED") {
		@Override
		public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
			return chain.filter(exchange).then(chain.filter(exchange));
		}
	},

	REPEATS("PASSED") {
		@Override
		public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
			return chain.filter(exchange).repeat(2).then();
		}
	},

	RETRIES("PASSED") {
		@Override
		public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
			return chain.filter(exchange).retry(1);
		}
	},

	ANSWERS("ANSWERED") {
		@Override
		public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
			exchange.getResponse().setStatusCode(HttpStatus.LOCKED);
			return exchange.getResponse().setComplete();
		}
	},

	DROPS("ANSWERED") {
		@Override
		public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
			return Mono.empty();
		}
	},

	ANSWERS_THEN_RUNS("ANSWERED") {
		@Override
		public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
			return exchange.getResponse().setComplete().then(chain.filter(exchange));
		}
	},

	RUNS_THEN_ANSWERS("PASSED") {
		@Override
		public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
			return chain.filter(exchange).then(Mono.defer(() -> exchange.getResponse().setComplete()));
		}
	},

	DOES_NOT_WAIT("PASSED") {
		@Override
		public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
			chain.filter(exchange).subscribe();
			return Mono.empty();
		}
	},

	THROWS("FAILED") {
		@Override
		public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
			throw new IllegalStateException("thrown");
		}
	},

	THROWS_LINKAGE_ERROR("CANCELLED") {
		@Override
		public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
			throw new NoClassDefFoundError("com/acme/Missing");
		}
	},

	RETURNS_NULL("FAILED") {
		@Override
		public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
			return null;
		}
	},

	FAILS("FAILED") {
		@Override
		public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
			return Mono.error(new IllegalArgumentException("signalled"));
		}
	},

	FAILS_AFTERWARDS("FAILED") {
		@Override
		public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
			return chain.filter(exchange).then(Mono.error(new IllegalArgumentException("afterwards")));
		}
	},

	REPLACES_ERROR("PASSED") {
		@Override
		public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
			return chain.filter(exchange).onErrorMap((ex) -> new IllegalArgumentException("mapped"));
		}
	},

	SWALLOWS_ERROR("PASSED") {
		@Override
		public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
			return chain.filter(exchange).onErrorResume((ex) -> {
				exchange.getResponse().setStatusCode(HttpStatus.ACCEPTED);
				return Mono.empty();
			});
		}
	},

	GIVES_UP("PASSED") {
		@Override
		public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
			return chain.filter(exchange)
				.takeUntilOther(exchange.<Sinks.Empty<Void>>getRequiredAttribute("giveUp").asMono())
				.then(Mono.defer(() -> {
					exchange.getResponse().setStatusCode(HttpStatus.GATEWAY_TIMEOUT);
					return exchange.getResponse().setComplete();
				}));
		}
	};

	private final String result;

	Habit(String result) {
		this.result = result;
	}

	/**
	 * What its part ends with where the filter is measured.
	 * @return the name of the result
	 */
	public String result() {
		return this.result;
	}

}
