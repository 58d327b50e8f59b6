package io.github.asyncmiddleware.internal.record;

import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.mock.web.server.MockServerWebExchange;
import org.springframework.web.server.handler.ExceptionHandlingWebHandler;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link RequestEnd}.
 */
class RequestEndTests {

	private static final Throwable FAILURE = new IllegalStateException("fails");

	private static final Throwable DISCONNECT = new IOException("Connection reset by peer");

	private final RequestEnd end = new RequestEnd();

	@ParameterizedTest
	@CsvSource(textBlock = """
			UPGRADE,  ,           true,  UPGRADED
			FATAL,    failure,    true,  FATAL
			FATAL,    failure,    false, FATAL
			CANCEL,   ,           false, GONE_BEFORE_HEAD
			ERROR,    disconnect, false, GONE_BEFORE_HEAD
			ERROR,    failure,    false, FATAL
			COMPLETE, ,           false, FATAL
			CANCEL,   ,           true,  GONE_AFTER_HEAD
			COMPLETE, ,           true,  GONE_AFTER_HEAD
			ERROR,    disconnect, true,  GONE_AFTER_HEAD
			ERROR,    failure,    true,  CUT
			""")
	void withoutAWholeBody(Ending ending, String error, boolean head, RequestResult result) {
		this.end.ended(ending, error(error), 0);
		assertThat(this.end.judge(head, null)).isEqualTo(result);
	}

	/**
	 * Such as a file that the server is to send.
	 */
	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void aBodyThatTheServerMakesCanFailByItself(boolean file) {
		Throwable error = file ? new NoSuchFileException("gone") : new IOException("SSLEngine closed already");
		this.end.writeFailed(error);
		assertThat(this.end.isWriteLost()).isEqualTo(!file);
		this.end.ended(Ending.ERROR, error, 0);
		assertThat(this.end.judge(true, null)).isEqualTo(file ? RequestResult.CUT : RequestResult.GONE_AFTER_HEAD);
	}

	@Test
	void aBodyThatIsCancelledByALostWriteHasNotFailed() {
		this.end.writeFailed(null);
		this.end.bodyFailed(FAILURE);
		assertThat(this.end.isWriteLost()).isTrue();
	}

	@ParameterizedTest
	@CsvSource(textBlock = """
			UPGRADE,  ,           UPGRADED
			FATAL,    failure,    FATAL
			CANCEL,   ,           OK
			COMPLETE, ,           OK
			ERROR,    disconnect, GONE_AFTER_HEAD
			ERROR,    failure,    CUT
			""")
	void withAWholeBody(Ending ending, String error, RequestResult result) {
		this.end.bodyComplete();
		this.end.ended(ending, error(error), 0);
		assertThat(this.end.judge(true, null)).isEqualTo(result);
	}

	@ParameterizedTest
	@EnumSource(value = Ending.class, names = { "COMPLETE", "CANCEL", "ERROR" })
	void aBodyThatHasFailedIsCutUnlessItsClientHasLeft(Ending ending) {
		this.end.bodyFailed(DISCONNECT);
		this.end.ended(ending, null, 0);
		assertThat(this.end.judge(true, null)).isEqualTo(RequestResult.CUT);
		this.end.clientLost();
		assertThat(this.end.judge(true, null)).isEqualTo(RequestResult.GONE_AFTER_HEAD);
	}

	@Test
	void aBodyThatCouldNotBeWrittenTellsThatTheClientHasLeft() {
		this.end.bodyComplete();
		this.end.writeFailed(null);
		this.end.ended(Ending.COMPLETE, null, 0);
		assertThat(this.end.judge(true, null)).isEqualTo(RequestResult.GONE_AFTER_HEAD);
	}

	/**
	 * What is rendered for that reaches no client either.
	 */
	@Test
	void aServerThatHasCancelledCanSayLaterThatItCouldNotWrite() {
		MockServerWebExchange exchange = MockServerWebExchange.from(MockServerHttpRequest.get("/"));
		exchange.getAttributes().put(ExceptionHandlingWebHandler.HANDLED_WEB_EXCEPTION, DISCONNECT);
		this.end.bodyComplete();
		this.end.ended(Ending.CANCEL, null, 0);
		this.end.writeFailed(null);
		assertThat(this.end.judge(true, exchange)).isEqualTo(RequestResult.GONE_AFTER_HEAD);
	}

	@ParameterizedTest
	@CsvSource({ "COMPLETE, GONE_AFTER_HEAD", "CANCEL, GONE_AFTER_HEAD", "ERROR, CUT" })
	void aCancelledBodyIsNotWholeAlthoughTheServerHasAllOfIt(Ending ending, RequestResult result) {
		this.end.bodyComplete();
		this.end.bodyCancelled();
		assertThat(this.end.cut()).hasMessage("The body of the response was cancelled before its end");
		this.end.ended(ending, null, 0);
		assertThat(this.end.judge(true, null)).isEqualTo(result);
	}

	@Test
	void aClientThatIsLostBeforeTheHeadGetsNone() {
		this.end.clientLost();
		this.end.ended(Ending.COMPLETE, null, 0);
		assertThat(this.end.judge(false, null)).isEqualTo(RequestResult.GONE_BEFORE_HEAD);
	}

	@Test
	void whatExceptionHandlersRenderIsAnErrorPage() {
		MockServerWebExchange exchange = MockServerWebExchange.from(MockServerHttpRequest.get("/"));
		this.end.bodyComplete();
		this.end.ended(Ending.COMPLETE, null, 0);
		assertThat(this.end.judge(true, exchange)).isEqualTo(RequestResult.OK);
		exchange.getAttributes().put(ExceptionHandlingWebHandler.HANDLED_WEB_EXCEPTION, FAILURE);
		assertThat(this.end.judge(true, exchange)).isEqualTo(RequestResult.ERROR_PAGE);
		assertThat(RequestEnd.rendered(exchange)).isSameAs(FAILURE);
	}

	@Test
	void theFirstEndCounts() {
		this.end.bodyComplete();
		assertThat(this.end.ended(Ending.COMPLETE, null, 0)).isTrue();
		assertThat(this.end.ended(Ending.FATAL, FAILURE, 0)).isFalse();
		assertThat(this.end.judge(true, null)).isEqualTo(RequestResult.OK);
	}

	@Test
	void whatFailsAfterTheEndDoesNotCount() {
		this.end.bodyComplete();
		this.end.ended(Ending.COMPLETE, null, 0);
		this.end.bodyFailed(FAILURE);
		this.end.bodyCancelled();
		this.end.writeFailed(null);
		assertThat(this.end.cut()).isNull();
		assertThat(this.end.bodyError()).isNull();
		assertThat(this.end.judge(true, null)).isEqualTo(RequestResult.OK);
	}

	@Test
	void aBodyThatFollowsOneThatHasFailedStartsAnew() {
		this.end.bodyFailed(FAILURE);
		assertThat(this.end.bodyError()).isSameAs(FAILURE);
		this.end.bodyBegins();
		assertThat(this.end.bodyError()).isNull();
	}

	@Test
	void tellsWhyABodyIsNotWhole() {
		assertThat(this.end.cut()).isInstanceOf(IllegalStateException.class)
			.hasMessage("The body of the response was cancelled before its end");
		this.end.bodyComplete();
		assertThat(this.end.cut()).isNull();
		this.end.bodyFailed(FAILURE);
		assertThat(this.end.cut()).isSameAs(FAILURE);
	}

	@Test
	void anErrorTellsThatTheClientHasLeftWhereItsBodyBrokeOffToo() {
		assertThat(this.end.isClientLost()).isFalse();
		assertThat(this.end.isClientLost(DISCONNECT)).isFalse();
		this.end.clientLost();
		assertThat(this.end.isClientLost()).isTrue();
		assertThat(this.end.isClientLost(DISCONNECT)).isTrue();
		assertThat(Stream.of(FAILURE, null)).noneMatch(this.end::isClientLost);
	}

	private static Throwable error(String name) {
		return (name != null) ? (name.equals("failure") ? FAILURE : DISCONNECT) : null;
	}

}
