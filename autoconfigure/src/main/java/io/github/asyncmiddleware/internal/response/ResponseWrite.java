package io.github.asyncmiddleware.internal.response;

import java.util.function.Function;
import java.util.function.Supplier;

import org.reactivestreams.Publisher;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferUtils;
import org.springframework.http.HttpHeaders;
import org.springframework.http.server.reactive.ChannelSendOperator;

/**
 * What the write methods of a response return: an answer that begins when it is
 * subscribed to. The one implementation for every face of a response.
 */
abstract class ResponseWrite extends Mono<Void> {

	private final ResponseFace face;

	private ResponseWrite(ResponseFace face) {
		this.face = face;
	}

	@Override
	public final void subscribe(CoreSubscriber<? super Void> actual) {
		write(new ResponseWriter(this.face, actual));
	}

	abstract void write(ResponseWriter writer);

	/**
	 * Write a body.
	 * @param face the face of the response that is written to
	 * @param body the body
	 * @param single how the response writes a body of at most one element
	 * @param stream how it writes any other
	 * @return writes it
	 */
	static Mono<Void> of(ResponseFace face, Publisher<? extends DataBuffer> body,
			Function<Mono<DataBuffer>, Mono<Void>> single, Function<Flux<DataBuffer>, Mono<Void>> stream) {
		return new ResponseWrite(face) {

			@Override
			void write(ResponseWriter writer) {
				writer.writeHolding((body instanceof Mono<? extends DataBuffer> mono)
						? single.apply(HeldBody.single(mono, writer)) : stream.apply(HeldBody.stream(body, writer)));
			}

		};
	}

	/**
	 * Write a body of groups.
	 * @param face the face of the response that is written to
	 * @param body the body
	 * @param groups how the response writes it
	 * @return writes it
	 */
	static Mono<Void> ofGroups(ResponseFace face, Publisher<? extends Publisher<? extends DataBuffer>> body,
			Function<Flux<Publisher<? extends DataBuffer>>, Mono<Void>> groups) {
		return new ResponseWrite(face) {

			@Override
			void write(ResponseWriter writer) {
				writer.writeHolding(groups.apply(HeldBody.groups(body, writer)));
			}

		};
	}

	/**
	 * Write a body to a decorator, which is to see a write when that has been let out,
	 * and not before.
	 * @param face the face of the response that is written to
	 * @param body the body
	 * @param write how the decorator writes it
	 * @return writes it
	 */
	static Mono<Void> decorated(ResponseFace face, Publisher<? extends DataBuffer> body,
			Function<Publisher<? extends DataBuffer>, Mono<Void>> write) {
		return new ResponseWrite(face) {

			@Override
			void write(ResponseWriter writer) {
				writer
					.writeHolding(
							(body instanceof Mono<? extends DataBuffer> mono)
									? HeldBody.single(mono, writer)
										.flatMap((buffer) -> write.apply(Mono.just(buffer)
											.doOnDiscard(DataBuffer.class, DataBufferUtils::release)))
									: new ChannelSendOperator<>(HeldBody.stream(body, writer),
											(stream) -> write.apply(wanted(stream, writer))));
			}

		};
	}

	/**
	 * As above for a body of groups.
	 */
	static Mono<Void> decoratedGroups(ResponseFace face, Publisher<? extends Publisher<? extends DataBuffer>> body,
			Function<Publisher<? extends Publisher<? extends DataBuffer>>, Mono<Void>> write) {
		return new ResponseWrite(face) {

			@Override
			void write(ResponseWriter writer) {
				writer.writeHolding(new ChannelSendOperator<>(HeldBody.groups(body, writer),
						(groups) -> write.apply(wanted(groups, writer))));
			}

		};
	}

	private static <T> Flux<T> wanted(Publisher<? extends T> body, ResponseWriter writer) {
		return Flux.<T>from(body).doOnSubscribe((subscription) -> writer.markWanted());
	}

	/**
	 * Complete a response without a body, or with one that only the server sees.
	 * @param face the face of the response that is written to
	 * @param write writes it, once the head may go
	 * @param unseen whether the server writes a body by itself
	 * @return writes it
	 */
	static Mono<Void> withoutHolding(ResponseFace face, Supplier<Mono<Void>> write, boolean unseen) {
		return new ResponseWrite(face) {

			@Override
			void write(ResponseWriter writer) {
				writer.writeWithoutHolding(write, unseen);
			}

		};
	}

	/**
	 * The answer to a HEAD request, as {@link HttpHeadResponseDecorator} counts it: the
	 * body is released, and the head comes with {@code setComplete}.
	 * @param face the face of the response that is written to
	 * @param body the body
	 * @return reads the body
	 */
	static Mono<Void> drained(ResponseFace face, Publisher<? extends DataBuffer> body) {
		return Mono.defer(() -> {
			int attempt = face.attempt();
			HttpHeaders headers = face.getHeaders();
			if (!(body instanceof Mono<? extends DataBuffer> single)) {
				return Flux.from(body)
					.doOnNext(DataBufferUtils::release)
					.doOnComplete(() -> face.commit().markAnswered(attempt))
					.then();
			}
			return single.doOnSuccess((buffer) -> {
				if (!headers.containsHeader(HttpHeaders.CONTENT_LENGTH)
						&& !headers.containsHeader(HttpHeaders.TRANSFER_ENCODING)) {
					headers.setContentLength((buffer != null) ? buffer.readableByteCount() : 0);
				}
				if (buffer != null) {
					DataBufferUtils.release(buffer);
					face.commit().markAnswered(attempt);
				}
			}).then();
		});
	}

}
