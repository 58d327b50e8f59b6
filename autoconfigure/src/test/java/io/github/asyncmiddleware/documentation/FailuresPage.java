package io.github.asyncmiddleware.documentation;

import java.util.Set;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.OnFailure;
import io.github.asyncmiddleware.OnRequest;
import io.github.asyncmiddleware.OnResponse;
import reactor.core.publisher.Mono;

import org.springframework.http.HttpHeaders;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;

/**
 * The code of {@code docs/failures.md}.
 */
class FailuresPage {

	interface FlagService {

		Mono<Set<String>> flags();

	}

	interface Keys {

		Mono<Void> lookup(ServerWebExchange exchange);

	}

	interface Regions {

		Region current();

	}

	record Region(String name) {

	}

	@AsyncMiddleware(onFailure = OnFailure.SKIP)
	class FeatureFlags {

		private final FlagService service;

		FeatureFlags(FlagService service) {
			this.service = service;
		}

		@OnRequest
		Mono<Void> load(ServerWebExchange exchange) {
			return this.service.flags().doOnNext((flags) -> exchange.getAttributes().put("flags", flags)).then();
		}

	}

	@AsyncMiddleware(timeout = "200ms")
	class Auth implements WebFilter {

		private final Keys keys;

		Auth(Keys keys) {
			this.keys = keys;
		}

		@Override
		public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
			return this.keys.lookup(exchange).then(chain.filter(exchange));
		}

	}

	@AsyncMiddleware
	class Stamp {

		private final Regions regions;

		Stamp(Regions regions) {
			this.regions = regions;
		}

		@OnResponse
		void stamp(HttpHeaders headers) {
			headers.set("X-Region", this.regions.current().name());
		}

	}

}
