package io.github.asyncmiddleware.test;

import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;

import org.assertj.core.api.AbstractAssert;
import org.assertj.core.api.AbstractStringAssert;
import org.assertj.core.api.AbstractThrowableAssert;
import org.assertj.core.api.Assertions;

import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatusCode;
import org.springframework.test.http.HttpHeadersAssert;

/**
 * Assertions about what came of one request: about the response, and about the only
 * middleware. Where there are several, {@code assertThat(result.middleware(...))} asserts
 * about one of them.
 */
public final class MiddlewareTestResultAssert extends AbstractAssert<MiddlewareTestResultAssert, MiddlewareTestResult> {

	MiddlewareTestResultAssert(MiddlewareTestResult actual) {
		super(actual, MiddlewareTestResultAssert.class);
	}

	/**
	 * The middleware has handed over to the rest of the chain.
	 * @return this assertion
	 * @see MiddlewarePartAssert#passed()
	 */
	public MiddlewareTestResultAssert passed() {
		return middleware(MiddlewarePartAssert::passed);
	}

	/**
	 * The response is the middleware's own: it has not handed over to the rest of the
	 * chain.
	 * @return this assertion
	 * @see MiddlewarePartAssert#answered()
	 */
	public MiddlewareTestResultAssert answered() {
		return middleware(MiddlewarePartAssert::answered);
	}

	/**
	 * The middleware has failed, and the request has failed with it.
	 * @return this assertion
	 * @see MiddlewarePartAssert#failed()
	 */
	public MiddlewareTestResultAssert failed() {
		return middleware(MiddlewarePartAssert::failed);
	}

	/**
	 * The middleware has failed with an error of that type, whether the request went on
	 * without it or not.
	 * @param type the type of the error
	 * @return this assertion
	 * @see MiddlewarePartAssert#failedWith(Class)
	 */
	public MiddlewareTestResultAssert failedWith(Class<? extends Throwable> type) {
		return middleware((part) -> part.failedWith(type));
	}

	/**
	 * The middleware has failed, has run out of time or was shed, and the request, or the
	 * head of the response, went on without it.
	 * @return this assertion
	 * @see MiddlewarePartAssert#skipped()
	 */
	public MiddlewareTestResultAssert skipped() {
		return middleware(MiddlewarePartAssert::skipped);
	}

	/**
	 * The middleware has used up its time, whether the request went on without it or not.
	 * @return this assertion
	 * @see MiddlewarePartAssert#timedOut()
	 */
	public MiddlewareTestResultAssert timedOut() {
		return middleware(MiddlewarePartAssert::timedOut);
	}

	/**
	 * The middleware could not run because too much was blocked, whether the request went
	 * on without it or not.
	 * @return this assertion
	 * @see MiddlewarePartAssert#wasShed()
	 */
	public MiddlewareTestResultAssert wasShed() {
		return middleware(MiddlewarePartAssert::wasShed);
	}

	/**
	 * The request has ended while the middleware was still at work.
	 * @return this assertion
	 * @see MiddlewarePartAssert#wasCancelled()
	 */
	public MiddlewareTestResultAssert wasCancelled() {
		return middleware(MiddlewarePartAssert::wasCancelled);
	}

	/**
	 * The middleware did not run, since the request is out of its scope.
	 * @return this assertion
	 * @see MiddlewarePartAssert#didNotRun()
	 */
	public MiddlewareTestResultAssert didNotRun() {
		return middleware(MiddlewarePartAssert::didNotRun);
	}

	/**
	 * The part of the middleware has ended so.
	 * @param result the result, as the meter {@code async.middleware.own} has it:
	 * {@code passed}, {@code failed_open} and so on
	 * @return this assertion
	 */
	public MiddlewareTestResultAssert hasResult(String result) {
		return middleware((part) -> part.hasResult(result));
	}

	/**
	 * The middleware has spent that much time itself, on the clock of the tester.
	 * @param ownTime the time
	 * @return this assertion
	 */
	public MiddlewareTestResultAssert hasOwnTime(Duration ownTime) {
		return middleware((part) -> part.hasOwnTime(ownTime));
	}

	private MiddlewareTestResultAssert middleware(Consumer<MiddlewarePartAssert> assertion) {
		assertion.accept(this.actual.middleware().assertThat());
		return this;
	}

	/**
	 * These middlewares ran, in this order, and no others.
	 * @param names the names of the middlewares
	 * @return this assertion
	 */
	public MiddlewareTestResultAssert ran(String... names) {
		Assertions.assertThat(this.actual.ran()).as("the middlewares that ran").containsExactly(names);
		return this;
	}

	/**
	 * A middleware has broken a rule of a filter. Only for a tester with
	 * {@link MiddlewareTester#withMisuseAllowed() misuse allowed}, since the exchange
	 * fails otherwise.
	 * @param kind the kind of misuse, such as {@code unawaited_next}
	 * @return this assertion
	 */
	public MiddlewareTestResultAssert hasMisuse(String kind) {
		Assertions.assertThat(this.actual.getMisuse()).as("the kinds of misuse").contains(kind);
		return this;
	}

	/**
	 * The handler behind the middlewares was called once.
	 * @return this assertion
	 */
	public MiddlewareTestResultAssert reachedHandler() {
		return reachedHandler(1);
	}

	/**
	 * The handler behind the middlewares was called that often, such as twice where a
	 * middleware has tried again.
	 * @param times how often
	 * @return this assertion
	 */
	public MiddlewareTestResultAssert reachedHandler(int times) {
		if (this.actual.getHandlerCalls() != times) {
			throw MiddlewarePartAssert.causedBy(this.actual.getFailure(),
					failureWithActualExpected(this.actual.getHandlerCalls(), times,
							"Expected the handler to be called %d times, but it was called %d times%s", times,
							this.actual.getHandlerCalls(), cause()));
		}
		return this;
	}

	/**
	 * The handler behind the middlewares was not called.
	 * @return this assertion
	 */
	public MiddlewareTestResultAssert didNotReachHandler() {
		return reachedHandler(0);
	}

	/**
	 * The response has that status.
	 * @param status the status code
	 * @return this assertion
	 */
	public MiddlewareTestResultAssert hasStatus(int status) {
		MiddlewareTestResult response = response();
		if (response.getStatus().value() != status) {
			throw MiddlewarePartAssert.causedBy(this.actual.getFailure(),
					failureWithActualExpected(response.getStatus().value(), status,
							"Expected the status to be %d, but it is %d%s", status, response.getStatus().value(),
							cause()));
		}
		return this;
	}

	/**
	 * The response has that status.
	 * @param status the status
	 * @return this assertion
	 */
	public MiddlewareTestResultAssert hasStatus(HttpStatusCode status) {
		return hasStatus(status.value());
	}

	/**
	 * The response has the status 200.
	 * @return this assertion
	 */
	public MiddlewareTestResultAssert hasStatusOk() {
		return hasStatus(200);
	}

	/**
	 * The response has a header with exactly these values.
	 * @param name the name of the header
	 * @param values the values; none if they do not matter
	 * @return this assertion
	 */
	public MiddlewareTestResultAssert hasHeader(String name, String... values) {
		if (values.length == 0) {
			headers().containsHeader(name);
		}
		else {
			headers().hasExactlyValues(name, List.of(values));
		}
		return this;
	}

	/**
	 * The response does not have a header.
	 * @param name the name of the header
	 * @return this assertion
	 */
	public MiddlewareTestResultAssert doesNotHaveHeader(String name) {
		headers().doesNotContainHeader(name);
		return this;
	}

	/**
	 * Assert about the headers of the response.
	 * @return the assertions
	 */
	public HttpHeadersAssert headers() {
		return new HttpHeadersAssert(response().getHeaders()).as("the headers of the response");
	}

	/**
	 * The response sets a cookie, be it as a cookie or as a header.
	 * @param name the name of the cookie
	 * @param value its value, or one of them if there are several for different paths
	 * @return this assertion
	 */
	public MiddlewareTestResultAssert hasCookie(String name, String value) {
		String pair = name + "=" + value;
		// Cookies have become headers by the time the head is sent
		List<String> cookies = response().getHeaders().getOrEmpty(HttpHeaders.SET_COOKIE);
		if (cookies.stream().noneMatch((cookie) -> cookie.equals(pair) || cookie.startsWith(pair + ";"))) {
			throw failure("Expected the response to set the cookie %s, but the cookies are %s", pair, cookies);
		}
		return this;
	}

	/**
	 * The response has that body, and it was not cut.
	 * @param body the body, as text
	 * @return this assertion
	 */
	public MiddlewareTestResultAssert hasBody(String body) {
		body().isEqualTo(body);
		return this;
	}

	/**
	 * The response has no body.
	 * @return this assertion
	 */
	public MiddlewareTestResultAssert hasNoBody() {
		return hasBody("");
	}

	/**
	 * Assert about the body of the response as text. Fails if it was cut, since a client
	 * gets an error then, and if it has another length than the header
	 * {@code Content-Length} says, since a client waits for the rest or takes it for the
	 * next response.
	 * @return the assertions
	 */
	public AbstractStringAssert<?> body() {
		MiddlewareTestResult response = response();
		if (response.isCut()) {
			throw MiddlewarePartAssert.causedBy(response.getFailure(), failure(
					"Expected a whole body, but it was cut after %d bytes%s", response.getBody().length, cause()));
		}
		long length = response.declaredLength();
		if (length != -1 && length != response.getBody().length) {
			throw failure("Expected a body of %d bytes, as Content-Length says, but %d bytes were written", length,
					response.getBody().length);
		}
		return Assertions.assertThat(response.getBodyAsString()).as("the body of the response");
	}

	/**
	 * Assert about the error that the request has ended with, whether exception handlers
	 * have rendered it or not.
	 * @return the assertions
	 */
	public AbstractThrowableAssert<?, ? extends Throwable> failure() {
		return Assertions.assertThat(this.actual.getFailure()).as("the failure of the request");
	}

	/**
	 * What was set on a response that was never sent is nothing that a client gets.
	 */
	private MiddlewareTestResult response() {
		if (!this.actual.hasResponse()) {
			throw MiddlewarePartAssert.causedBy(this.actual.getFailure(),
					failure("Expected a response, but no response was sent: %s%s", this.actual.ending(), cause()));
		}
		return this.actual;
	}

	private String cause() {
		Throwable failure = this.actual.getFailure();
		return (failure != null) ? ": " + failure : "";
	}

}
