package io.github.asyncmiddleware.autoconfigure;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/**
 * Tells the user what is wrong with a middleware and what to do about it.
 */
class InvalidMiddlewareFailureAnalyzer extends AbstractFailureAnalyzer<InvalidMiddlewareException> {

	@Override
	protected @Nullable FailureAnalysis analyze(Throwable rootFailure, InvalidMiddlewareException cause) {
		return new FailureAnalysis(cause.getMessage(), cause.getAction(), cause);
	}

}
