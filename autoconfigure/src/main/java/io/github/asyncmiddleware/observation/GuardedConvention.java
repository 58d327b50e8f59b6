package io.github.asyncmiddleware.observation;

import java.util.function.Consumer;
import java.util.function.Function;

import io.micrometer.common.KeyValues;
import io.micrometer.observation.Observation;
import org.jspecify.annotations.Nullable;

/**
 * A convention that says what another one says, and what the default one says where that
 * throws. An observation asks for key values before it tells its handlers that it has
 * stopped, so one that throws would never end.
 */
final class GuardedConvention implements MiddlewareObservationConvention {

	private final MiddlewareObservationConvention convention;

	private final MiddlewareObservationConvention fallback;

	private final Consumer<Throwable> failed;

	/**
	 * Create a convention.
	 * @param convention what is asked first
	 * @param fallback what is asked where that throws
	 * @param failed is told what it throws
	 */
	GuardedConvention(MiddlewareObservationConvention convention, MiddlewareObservationConvention fallback,
			Consumer<Throwable> failed) {
		this.convention = convention;
		this.fallback = fallback;
		this.failed = failed;
	}

	@Override
	public @Nullable String getName() {
		return ask((convention) -> convention.getName());
	}

	@Override
	public @Nullable String getContextualName(MiddlewareObservationContext context) {
		return ask((convention) -> convention.getContextualName(context));
	}

	@Override
	public KeyValues getLowCardinalityKeyValues(MiddlewareObservationContext context) {
		return ask((convention) -> notNull(convention.getLowCardinalityKeyValues(context)));
	}

	@Override
	public KeyValues getHighCardinalityKeyValues(MiddlewareObservationContext context) {
		return ask((convention) -> notNull(convention.getHighCardinalityKeyValues(context)));
	}

	@Override
	public boolean supportsContext(Observation.Context context) {
		return ask((convention) -> convention.supportsContext(context));
	}

	private static KeyValues notNull(@Nullable KeyValues values) {
		if (values == null) {
			throw new IllegalStateException("A convention returned null in place of key values");
		}
		return values;
	}

	private <T extends @Nullable Object> T ask(Function<MiddlewareObservationConvention, T> question) {
		try {
			return question.apply(this.convention);
		}
		catch (VirtualMachineError ex) {
			throw ex;
		}
		catch (Throwable ex) {
			this.failed.accept(ex);
			return question.apply(this.fallback);
		}
	}

}
