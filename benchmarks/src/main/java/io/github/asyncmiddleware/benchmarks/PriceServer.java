package io.github.asyncmiddleware.benchmarks;

import java.util.Arrays;
import java.util.List;

import io.github.asyncmiddleware.benchmarks.PriceVariant.Registries;
import io.github.asyncmiddleware.benchmarks.server.HelloApplication;
import io.micrometer.core.instrument.Clock;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.logging.LoggingMeterRegistry;
import io.micrometer.core.instrument.logging.LoggingRegistryConfig;
import io.micrometer.core.instrument.simple.SimpleConfig;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.observation.ObservationRegistry;

import org.springframework.beans.factory.BeanFactory;
import org.springframework.context.ConfigurableApplicationContext;
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
		HelloApplication.announce(runChecked(PriceVariant.valueOf(args[0]), Integer.parseInt(args[1]),
				Arrays.copyOfRange(args, 2, args.length)));
	}

	/**
	 * Run an application, and make sure that it is what the variant says. What is
	 * overridden is not looked at.
	 * @param variant what it is
	 * @param count how many middlewares it has
	 * @param overrides properties as {@code --name=value}
	 * @return the application, which serves
	 */
	static ConfigurableApplicationContext runChecked(PriceVariant variant, int count, String... overrides) {
		List<Class<?>> types = DistinctFilters.types(variant.template(), count);
		ConfigurableApplicationContext application = run(variant, types, overrides);
		try {
			PriceCheck check = new PriceCheck(application, variant);
			check.hasMiddlewares(types);
			if (overrides.length == 0) {
				check.isMeasured(count);
			}
			return application;
		}
		catch (RuntimeException ex) {
			application.close();
			throw ex;
		}
	}

	/**
	 * Run an application.
	 * @param variant what it is
	 * @param types the classes of its middlewares
	 * @param overrides properties as {@code --name=value}
	 * @return the application, which serves
	 */
	static ConfigurableApplicationContext run(PriceVariant variant, List<Class<?>> types, String... overrides) {
		return HelloApplication.builder()
			.initializers((context) -> register((GenericApplicationContext) context, variant.registries(), types))
			.properties("management.prometheus.metrics.export.enabled=" + (variant.registries() != Registries.SIMPLE))
			.properties(variant.properties().toArray(String[]::new))
			.run(overrides);
	}

	private static void register(GenericApplicationContext context, Registries registries, List<Class<?>> types) {
		if (registries == Registries.COMPOSITE) {
			context.registerBean(SimpleMeterRegistry.class,
					() -> new SimpleMeterRegistry(SimpleConfig.DEFAULT, context.getBean(Clock.class)));
			context.registerBean(LoggingMeterRegistry.class, () -> stepRegistry(context.getBean(Clock.class)));
		}
		types.forEach((type) -> register(context, type));
	}

	private static <T> void register(GenericApplicationContext context, Class<T> type) {
		context.registerBean(type.getSimpleName(), type,
				() -> DistinctFilters.create(type, type.getSimpleName(), instruments(context)));
	}

	/**
	 * Keeps values for a minute and publishes them nowhere.
	 */
	private static LoggingMeterRegistry stepRegistry(Clock clock) {
		return new LoggingMeterRegistry(LoggingRegistryConfig.DEFAULT, clock, (line) -> {
		});
	}

	private static Instruments instruments(BeanFactory beans) {
		return new Instruments(beans.getBean(MeterRegistry.class), beans.getBean(ObservationRegistry.class));
	}

}
