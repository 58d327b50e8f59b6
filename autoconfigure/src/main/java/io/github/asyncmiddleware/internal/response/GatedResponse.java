package io.github.asyncmiddleware.internal.response;

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
 * A response that a foreign filter has decorated, as those see it that are further in
 * than a middleware which awaits it. The decorator sees a write when that has let it go.
 */
class GatedResponse extends ServerHttpResponseDecorator implements Gated {

	private final ResponseCommit commit;

	private GatedResponse(ServerHttpResponse response, CommitListener request) {
		super(response);
		this.commit = new ResponseCommit(response, request, null);
	}

	/**
	 * Put a gate in front of a response.
	 * @param response the response
	 * @param request the request
	 * @return a response that writes to the given one, with zero-copy if that has it
	 */
	static GatedResponse of(ServerHttpResponse response, CommitListener request) {
		return (response instanceof ZeroCopyHttpOutputMessage zeroCopy) ? new ZeroCopy(response, zeroCopy, request)
				: new GatedResponse(response, request);
	}

	@Override
	public ResponseCommit commit() {
		return this.commit;
	}

	@Override
	public Mono<Void> writeWith(Publisher<? extends DataBuffer> body) {
		return ResponseWrite.of(this.commit, body, (single) -> single.flatMap(
				(buffer) -> super.writeWith(Mono.just(buffer).doOnDiscard(DataBuffer.class, DataBufferUtils::release))),
				(stream) -> new ChannelSendOperator<>(stream, super::writeWith));
	}

	@Override
	public Mono<Void> writeAndFlushWith(Publisher<? extends Publisher<? extends DataBuffer>> body) {
		return ResponseWrite.ofGroups(this.commit, body,
				(groups) -> new ChannelSendOperator<>(groups, super::writeAndFlushWith));
	}

	@Override
	public Mono<Void> setComplete() {
		return ResponseWrite.withoutHolding(this.commit, super::setComplete, false);
	}

	/**
	 * The response of a server that can send files by itself.
	 */
	private static final class ZeroCopy extends GatedResponse implements ZeroCopyHttpOutputMessage {

		private final ZeroCopyHttpOutputMessage message;

		ZeroCopy(ServerHttpResponse response, ZeroCopyHttpOutputMessage message, CommitListener request) {
			super(response, request);
			this.message = message;
		}

		@Override
		public Mono<Void> writeWith(Path file, long position, long count) {
			return ResponseWrite.withoutHolding(commit(), () -> this.message.writeWith(file, position, count), false);
		}

	}

}
