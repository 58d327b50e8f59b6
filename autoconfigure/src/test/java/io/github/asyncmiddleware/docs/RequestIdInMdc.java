package io.github.asyncmiddleware.docs;

import io.micrometer.context.ContextRegistry;
import org.slf4j.MDC;

import org.springframework.context.annotation.Configuration;

/**
 * Carries the request id to the MDC.
 */
@Configuration(proxyBeanMethods = false)
class RequestIdInMdc {

	RequestIdInMdc() {
		ContextRegistry.getInstance()
			.registerThreadLocalAccessor("requestId", () -> MDC.get("requestId"), (id) -> MDC.put("requestId", id),
					() -> MDC.remove("requestId"));
	}

}
