package io.github.asyncmiddleware.test.howto;

import io.github.asyncmiddleware.test.MiddlewareTester;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;

import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.NettyDataBufferFactory;
import org.springframework.web.reactive.function.server.ServerResponse;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.springframework.mock.http.server.reactive.MockServerHttpRequest.post;
import static org.springframework.web.reactive.function.server.RouterFunctions.route;

/**
 * Tests for {@link SignedBodies}.
 */
class SignedBodiesTests {

	private final MiddlewareTester tester = MiddlewareTester
		.of(new SignedBodies((signature, body) -> ("sig:" + new String(body, UTF_8)).equals(signature)))
		.withRoutes(route()
			.POST("/webhooks/paid",
					(request) -> request.bodyToMono(String.class)
						.defaultIfEmpty("nothing")
						.flatMap((body) -> ServerResponse.ok().bodyValue("got " + body)))
			.build());

	@Test
	void letsTheHandlerReadTheBodyAgain() {
		assertThat(this.tester.exchange(post("/webhooks/paid").header("X-Signature", "sig:7 EUR").body("7 EUR")))
			.passed()
			.hasStatus(200)
			.hasBody("got 7 EUR");
	}

	@Test
	void refusesABodyThatWasNotSigned() {
		assertThat(this.tester.exchange(post("/webhooks/paid").header("X-Signature", "sig:7 EUR").body("9 EUR")))
			.answered()
			.hasStatus(401)
			.didNotReachHandler();
		assertThat(this.tester.exchange(post("/webhooks/paid").body("7 EUR"))).answered().hasStatus(401);
	}

	@Test
	void judgesARequestWithoutABody() {
		assertThat(this.tester.exchange(post("/webhooks/paid").header("X-Signature", "sig:"))).passed()
			.hasBody("got nothing");
	}

	@Test
	void refusesABodyThatIsTooLarge() {
		assertThat(this.tester.exchange(post("/webhooks/paid").body("x".repeat(65_537)))).hasStatus(413)
			.didNotReachHandler();
	}

	@Test
	void releasesTheBuffersOfTheBody() {
		ByteBuf one = PooledByteBufAllocator.DEFAULT.buffer().writeBytes("7 ".getBytes(UTF_8));
		ByteBuf other = PooledByteBufAllocator.DEFAULT.buffer().writeBytes("EUR".getBytes(UTF_8));
		NettyDataBufferFactory buffers = new NettyDataBufferFactory(PooledByteBufAllocator.DEFAULT);
		Flux<DataBuffer> body = Flux.just(buffers.wrap(one), buffers.wrap(other));
		assertThat(this.tester.exchange(post("/webhooks/paid").header("X-Signature", "sig:7 EUR").body(body)))
			.hasBody("got 7 EUR");
		assertThat(one.refCnt()).isZero();
		assertThat(other.refCnt()).isZero();
	}

}
