package io.github.asyncmiddleware.test.howto;

import java.util.Optional;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.MiddlewareOrder;
import io.github.asyncmiddleware.OnFailure;
import io.github.asyncmiddleware.OnRequest;
import org.jspecify.annotations.Nullable;

import org.springframework.http.HttpStatus;
import org.springframework.http.ProblemDetail;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.server.ServerWebExchange;

/**
 * Looks up the tenant of a request.
 */
@AsyncMiddleware(order = MiddlewareOrder.AFTER_SECURITY, timeout = "1s", onFailure = OnFailure.FAIL)
class Tenant {

	private final TenantRepository repository;

	Tenant(TenantRepository repository) {
		this.repository = repository;
	}

	@OnRequest // may block: runs on another thread
	@Nullable ProblemDetail find(@RequestHeader("X-Tenant") String name, ServerWebExchange exchange) {
		Optional<Long> id = this.repository.findIdByName(name);
		id.ifPresent((found) -> exchange.getAttributes().put("tenant", found));
		return id.isPresent() ? null : ProblemDetail.forStatusAndDetail(HttpStatus.NOT_FOUND, "No such tenant");
	}

}
