package io.github.asyncmiddleware.concurrency;

import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicInteger;

import org.springframework.core.io.buffer.DataBufferWrapper;
import org.springframework.core.io.buffer.DefaultDataBufferFactory;
import org.springframework.core.io.buffer.PooledDataBuffer;

/**
 * A buffer that has to be released once, and knows whether it was.
 */
public final class CountedBuffer extends DataBufferWrapper implements PooledDataBuffer {

	private final AtomicInteger releases = new AtomicInteger();

	/**
	 * Create a buffer.
	 * @param text what is in it
	 */
	public CountedBuffer(String text) {
		super(DefaultDataBufferFactory.sharedInstance.wrap(text.getBytes(StandardCharsets.UTF_8)));
	}

	/**
	 * How often it was released.
	 * @return the number, 1 in the end
	 */
	public int releases() {
		return this.releases.get();
	}

	@Override
	public boolean isAllocated() {
		// Releasing it twice is to be seen, too
		return true;
	}

	@Override
	public PooledDataBuffer retain() {
		this.releases.decrementAndGet();
		return this;
	}

	@Override
	public PooledDataBuffer touch(Object hint) {
		return this;
	}

	@Override
	public boolean release() {
		return this.releases.incrementAndGet() == 1;
	}

}
