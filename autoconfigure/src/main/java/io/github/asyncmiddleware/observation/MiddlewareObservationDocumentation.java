package io.github.asyncmiddleware.observation;

import io.micrometer.common.docs.KeyName;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationConvention;
import io.micrometer.observation.docs.ObservationDocumentation;

/**
 * The observations of Async Middleware: the reference of their names, key values and
 * meaning.
 */
public enum MiddlewareObservationDocumentation implements ObservationDocumentation {

	/**
	 * The part of one middleware in one request, from the moment it is entered until the
	 * request ends. Its parent is the observation of the server, whichever middlewares
	 * are around it.
	 */
	MIDDLEWARE {

		@Override
		public Class<? extends ObservationConvention<? extends Observation.Context>> getDefaultConvention() {
			return DefaultMiddlewareObservationConvention.class;
		}

		@Override
		public KeyName[] getLowCardinalityKeyNames() {
			return LowCardinalityKeyNames.values();
		}

		@Override
		public KeyName[] getHighCardinalityKeyNames() {
			return HighCardinalityKeyNames.values();
		}

	};

	/**
	 * Key values whose number is known at start-up, which are tags of meters too.
	 */
	public enum LowCardinalityKeyNames implements KeyName {

		/**
		 * Name of the middleware, which is the name of its bean.
		 */
		MIDDLEWARE {

			@Override
			public String asString() {
				return "middleware";
			}

		},

		/**
		 * How the part of the middleware ended, one of the values of the tag of the same
		 * name of {@code async.middleware.own}; {@code none} as long as that is not
		 * known.
		 */
		RESULT {

			@Override
			public String asString() {
				return "result";
			}

		}

	}

	/**
	 * Key values of spans.
	 */
	public enum HighCardinalityKeyNames implements KeyName {

		/**
		 * Time that the middleware spent itself, in milliseconds with three decimals;
		 * {@code none} as long as that is not known.
		 */
		OWN {

			@Override
			public String asString() {
				return "own";
			}

		}

	}

}
