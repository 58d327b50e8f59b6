package io.github.asyncmiddleware.benchmarks;

import java.util.Arrays;
import java.util.List;

import io.github.asyncmiddleware.benchmarks.server.HelloApplication;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.observation.ObservationRegistry;

import org.springframework.beans.factory.BeanFactory;
import org.springframework.context.ApplicationContextInitializer;
import org.springframework.context.support.GenericApplicationContext;

/**
 * Serves {@code GET /hello} behind a number of middlewares that pass on, each of a class
 * of its own, until it is stopped.
 */
public final class PriceServer {

	private PriceServer() {
	}

	/**
	 * Start.
	 * @param args the name of a {@link PriceVariant}, the number of middlewares, and
	 * properties to override with as {@code --name=value}
	 */
	public static void main(String[] args) {
		PriceVariant variant = PriceVariant.valueOf(args[0]);
		int count = Integer.parseInt(args[1]);
		HelloApplication.announce(HelloApplication.builder()
			.initializers(register(DistinctFilters.types(variant.template(), count)))
			.properties(PriceVariant.PROMETHEUS + "=false")
			.properties(variant.properties())
			.run(Arrays.copyOfRange(args, 2, args.length)));
	}

	private static ApplicationContextInitializer<GenericApplicationContext> register(List<Class<?>> types) {
		return (context) -> types.forEach((type) -> register(context, type));
	}

	private static <T> void register(GenericApplicationContext context, Class<T> type) {
		context.registerBean(type.getSimpleName(), type,
				() -> DistinctFilters.create(type, type.getSimpleName(), instruments(context)));
	}

	private static Instruments instruments(BeanFactory beans) {
		return new Instruments(beans.getBean(MeterRegistry.class), beans.getBean(ObservationRegistry.class));
	}

}
