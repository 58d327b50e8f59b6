package io.github.asyncmiddleware.documentation;

import io.github.asyncmiddleware.observation.DefaultMiddlewareObservationConvention;
import io.github.asyncmiddleware.observation.MiddlewareObservationContext;
import io.micrometer.common.KeyValues;

import org.springframework.stereotype.Component;

/**
 * The code of {@code docs/observations.md}.
 */
class ObservationsPage {

	@Component
	class TenantConvention extends DefaultMiddlewareObservationConvention {

		@Override
		public String getContextualName(MiddlewareObservationContext context) {
			return context.getMiddleware();
		}

		@Override
		public KeyValues getHighCardinalityKeyValues(MiddlewareObservationContext context) {
			String tenant = context.getRequest().getHeaders().getFirst("X-Tenant");
			return super.getHighCardinalityKeyValues(context).and("tenant", (tenant != null) ? tenant : "none");
		}

	}

}
