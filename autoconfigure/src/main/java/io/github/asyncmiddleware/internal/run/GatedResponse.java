package io.github.asyncmiddleware.internal.run;

import java.nio.file.Path;

import org.reactivestreams.Publisher;
import reactor.core.publisher.Mono;

import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferUtils;
import org.springframework.http.ZeroCopyHttpOutputMessage;
import org.springframework.http.server.reactive.ChannelSendOperator;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.http.server.reactive.ServerHttpResponseDecorator;

/**
 * A response with a gate, for those that somebody else has decorated or that are not
 * observed.
 */
class GatedResponse extends ServerHttpResponseDecorator implements ResponseGate.Gated {

	private final ResponseGate gate;

	private GatedResponse(ServerHttpResponse response) {
		super(response);
		this.gate = new ResponseGate(response, ObservedResponse.timelineOf(response));
	}

	/**
	 * Put a gate in front of a response.
	 * @param response the response
	 * @return a response that writes to the given one, with zero-copy if that has it
	 */
	static GatedResponse of(ServerHttpResponse response) {
		return (response instanceof ZeroCopyHttpOutputMessage zeroCopy) ? new ZeroCopy(response, zeroCopy)
				: new GatedResponse(response);
	}

	@Override
	public ResponseGate gate() {
		return this.gate;
	}

	/**
	 * Whoever has decorated the response is to see a write when it comes through the
	 * gate, not before.
	 */
	@Override
	public Mono<Void> writeWith(Publisher<? extends DataBuffer> body) {
		if (body instanceof Mono<? extends DataBuffer> single) {
			return HeldBody.single(single, this.gate::pass)
				.flatMap((buffer) -> super.writeWith(
						Mono.just(buffer).doOnDiscard(DataBuffer.class, DataBufferUtils::release)));
		}
		return new ChannelSendOperator<>(HeldBody.<DataBuffer>stream(body, this.gate::pass), super::writeWith);
	}

	@Override
	public Mono<Void> writeAndFlushWith(Publisher<? extends Publisher<? extends DataBuffer>> body) {
		return new ChannelSendOperator<>(HeldBody.<Publisher<? extends DataBuffer>>stream(body, this.gate::pass),
				super::writeAndFlushWith);
	}

	@Override
	public Mono<Void> setComplete() {
		return this.gate.pass().then(Mono.defer(super::setComplete));
	}

	/**
	 * The response of a server that can send files by itself.
	 */
	private static final class ZeroCopy extends GatedResponse implements ZeroCopyHttpOutputMessage {

		private final ZeroCopyHttpOutputMessage message;

		ZeroCopy(ServerHttpResponse response, ZeroCopyHttpOutputMessage message) {
			super(response);
			this.message = message;
		}

		@Override
		public Mono<Void> writeWith(Path file, long position, long count) {
			return gate().pass().then(Mono.defer(() -> this.message.writeWith(file, position, count)));
		}

	}

}
