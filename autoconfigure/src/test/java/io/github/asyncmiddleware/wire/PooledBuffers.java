package io.github.asyncmiddleware.wire;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import reactor.core.publisher.Flux;

import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferFactory;
import org.springframework.core.io.buffer.NettyDataBuffer;
import org.springframework.core.io.buffer.NettyDataBufferFactory;
import org.springframework.http.server.reactive.HttpHandler;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.http.server.reactive.ServerHttpRequestDecorator;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.http.server.reactive.ServerHttpResponseDecorator;

/**
 * Every pooled buffer that an application was given for the bodies of its responses, or
 * has taken from the bodies of its requests. What is not released can be counted at once,
 * without waiting for a garbage collection, and each buffer counts, where Netty tells of
 * one place only once.
 */
final class PooledBuffers {

	private static final Queue<ByteBuf> LOST = new ConcurrentLinkedQueue<>();

	private final Queue<ByteBuf> buffers = new ConcurrentLinkedQueue<>();

	/**
	 * Follow the buffers of a handler, from outside of everything else.
	 */
	HttpHandler follow(HttpHandler handler) {
		return (request, response) -> handler.handle(new Request(request), new Response(response));
	}

	/**
	 * How many are not released.
	 */
	long unreleased() {
		return this.buffers.stream().filter((buffer) -> buffer.refCnt() > 0).count();
	}

	/**
	 * How many there were.
	 */
	int size() {
		return this.buffers.size();
	}

	/**
	 * Begin again. What was lost is kept, or Netty would tell of it when it is collected,
	 * and the build would take it for ours.
	 */
	void clear() {
		this.buffers.removeIf((buffer) -> buffer.refCnt() == 0 || LOST.add(buffer));
	}

	private <B extends DataBuffer> B remember(B buffer) {
		if (buffer instanceof NettyDataBuffer netty) {
			this.buffers.add(netty.getNativeBuffer());
		}
		return buffer;
	}

	private final class Request extends ServerHttpRequestDecorator {

		Request(ServerHttpRequest request) {
			super(request);
		}

		@Override
		public Flux<DataBuffer> getBody() {
			return super.getBody().doOnNext(PooledBuffers.this::remember);
		}

	}

	private final class Response extends ServerHttpResponseDecorator {

		private final DataBufferFactory factory = new Factory(PooledByteBufAllocator.DEFAULT);

		Response(ServerHttpResponse response) {
			super(response);
		}

		@Override
		public DataBufferFactory bufferFactory() {
			return this.factory;
		}

	}

	private final class Factory extends NettyDataBufferFactory {

		Factory(ByteBufAllocator allocator) {
			super(allocator);
		}

		@Override
		public NettyDataBuffer allocateBuffer(int capacity) {
			return remember(super.allocateBuffer(capacity));
		}

	}

}
