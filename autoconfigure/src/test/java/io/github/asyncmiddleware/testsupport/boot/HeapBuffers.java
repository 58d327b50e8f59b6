package io.github.asyncmiddleware.testsupport.boot;

import java.nio.file.Path;

import reactor.core.publisher.Mono;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.io.buffer.DataBufferFactory;
import org.springframework.core.io.buffer.DefaultDataBufferFactory;
import org.springframework.http.ZeroCopyHttpOutputMessage;
import org.springframework.http.server.reactive.HttpHandlerDecoratorFactory;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.http.server.reactive.ServerHttpResponseDecorator;

/**
 * Has bodies made of buffers that need no release, for tests in which Spring and Reactor
 * Netty lose some by themselves: where a client leaves, or a filter writes twice.
 */
@Configuration(proxyBeanMethods = false)
public class HeapBuffers {

	@Bean
	HttpHandlerDecoratorFactory heapBufferHandler() {
		return (handler) -> (request, response) -> handler.handle(request,
				(response instanceof ZeroCopyHttpOutputMessage) ? new ZeroCopy(response) : new Response(response));
	}

	private static class Response extends ServerHttpResponseDecorator {

		Response(ServerHttpResponse response) {
			super(response);
		}

		@Override
		public DataBufferFactory bufferFactory() {
			return DefaultDataBufferFactory.sharedInstance;
		}

	}

	private static final class ZeroCopy extends Response implements ZeroCopyHttpOutputMessage {

		ZeroCopy(ServerHttpResponse response) {
			super(response);
		}

		@Override
		public Mono<Void> writeWith(Path file, long position, long count) {
			return ((ZeroCopyHttpOutputMessage) getDelegate()).writeWith(file, position, count);
		}

	}

}
