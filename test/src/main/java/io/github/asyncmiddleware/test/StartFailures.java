package io.github.asyncmiddleware.test;

import java.util.List;

import org.springframework.beans.factory.BeanFactory;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.diagnostics.FailureAnalyzer;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.env.Environment;
import org.springframework.core.io.support.SpringFactoriesLoader;
import org.springframework.core.io.support.SpringFactoriesLoader.ArgumentResolver;
import org.springframework.core.io.support.SpringFactoriesLoader.FailureHandler;

/**
 * Asks those who explain why an application does not start.
 */
final class StartFailures {

	private static final FailureHandler IGNORE = (type, name, failure) -> {
	};

	private StartFailures() {
	}

	/**
	 * Explain a failure.
	 * @param failure the failure
	 * @param context the context that has not started
	 * @return the explanation, or the failure if there is none
	 */
	static RuntimeException analyze(RuntimeException failure, ConfigurableApplicationContext context) {
		for (FailureAnalyzer analyzer : analyzers(context)) {
			FailureAnalysis analysis = analyzer.analyze(failure);
			if (analysis != null) {
				return new MiddlewareStartException(String.valueOf(analysis.getDescription()),
						String.valueOf(analysis.getAction()), failure);
			}
		}
		return failure;
	}

	private static List<FailureAnalyzer> analyzers(ConfigurableApplicationContext context) {
		return SpringFactoriesLoader.forDefaultResourceLocation(StartFailures.class.getClassLoader())
			.load(FailureAnalyzer.class, ArgumentResolver.of(BeanFactory.class, context.getBeanFactory())
				.and(Environment.class, context.getEnvironment()), IGNORE);
	}

}
