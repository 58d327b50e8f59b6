package io.github.asyncmiddleware.internal.run;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

import io.github.asyncmiddleware.testsupport.TestChain;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;

import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.mock.http.server.reactive.MockServerHttpResponse;
import org.springframework.web.server.WebHandler;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for a client that leaves at the very moment in which a middleware, by itself and
 * on another thread than the one that it was entered on, starts the rest of the chain.
 */
class GivenUpRestTests {

	private final AtomicReference<Mono<Void>> rest = new AtomicReference<>();

	private final AtomicReference<Disposable> request = new AtomicReference<>();

	private final AtomicInteger cancelled = new AtomicInteger();

	private final Mono<Void> work = Mono.<Void>never().doOnCancel(this.cancelled::incrementAndGet);

	@Test
	void theHandlerIsCancelledThatIsBeingCalled() {
		start((exchange) -> {
			leave();
			return this.work;
		});
		assertThat(this.cancelled).hasValue(1);
	}

	@Test
	void theHandlerIsCancelledThatIsBeingSubscribedTo() {
		start((exchange) -> Mono.defer(() -> {
			leave();
			return this.work;
		}));
		assertThat(this.cancelled).hasValue(1);
	}

	@Test
	void theHandlerIsCancelledThatIsAtWork() {
		start((exchange) -> this.work);
		leave();
		assertThat(this.cancelled).hasValue(1);
	}

	private void start(WebHandler handler) {
		this.request.set(new TestChain().middleware("forgets", (exchange, next) -> {
			this.rest.set(next.filter(exchange));
			return Mono.never();
		}).build(handler).handle(MockServerHttpRequest.get("/").build(), new MockServerHttpResponse()).subscribe());
		this.rest.get().subscribe();
	}

	private void leave() {
		this.request.get().dispose();
	}

}
