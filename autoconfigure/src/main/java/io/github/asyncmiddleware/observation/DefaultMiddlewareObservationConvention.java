package io.github.asyncmiddleware.observation;

import java.time.Duration;

import io.github.asyncmiddleware.observation.MiddlewareObservationDocumentation.HighCardinalityKeyNames;
import io.github.asyncmiddleware.observation.MiddlewareObservationDocumentation.LowCardinalityKeyNames;
import io.micrometer.common.KeyValue;
import io.micrometer.common.KeyValues;

/**
 * Default {@link MiddlewareObservationConvention}.
 */
public class DefaultMiddlewareObservationConvention implements MiddlewareObservationConvention {

	private static final String NAME = "async.middleware.observation";

	private static final KeyValue RESULT_NONE = KeyValue.of(LowCardinalityKeyNames.RESULT, KeyValue.NONE_VALUE);

	private static final KeyValue OWN_NONE = KeyValue.of(HighCardinalityKeyNames.OWN, KeyValue.NONE_VALUE);

	@Override
	public String getName() {
		return NAME;
	}

	@Override
	public String getContextualName(MiddlewareObservationContext context) {
		return (context.isForeign() ? "filter " : "middleware ") + context.getMiddleware();
	}

	@Override
	public KeyValues getLowCardinalityKeyValues(MiddlewareObservationContext context) {
		return KeyValues.of(middleware(context), result(context));
	}

	@Override
	public KeyValues getHighCardinalityKeyValues(MiddlewareObservationContext context) {
		return KeyValues.of(own(context));
	}

	/**
	 * The key value with the name of the middleware.
	 * @param context what is known
	 * @return the key value
	 */
	protected KeyValue middleware(MiddlewareObservationContext context) {
		return KeyValue.of(LowCardinalityKeyNames.MIDDLEWARE, context.getMiddleware());
	}

	/**
	 * The key value with the result.
	 * @param context what is known
	 * @return the key value
	 */
	protected KeyValue result(MiddlewareObservationContext context) {
		String result = context.getResult();
		return (result != null) ? KeyValue.of(LowCardinalityKeyNames.RESULT, result) : RESULT_NONE;
	}

	/**
	 * The key value with the own time.
	 * @param context what is known
	 * @return the key value
	 */
	protected KeyValue own(MiddlewareObservationContext context) {
		Duration own = context.getOwn();
		return (own != null) ? KeyValue.of(HighCardinalityKeyNames.OWN, milliseconds(own.toNanos())) : OWN_NONE;
	}

	private static String milliseconds(long nanoseconds) {
		long microseconds = nanoseconds / 1000;
		String fraction = Long.toString(1000 + microseconds % 1000);
		return microseconds / 1000 + "." + fraction.substring(1);
	}

}
