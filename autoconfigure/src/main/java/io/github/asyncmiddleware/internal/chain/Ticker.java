package io.github.asyncmiddleware.internal.chain;

/**
 * The clock of the engine: monotonic nanoseconds from an arbitrary origin.
 */
@FunctionalInterface
public interface Ticker {

	/**
	 * The clock of the running virtual machine.
	 */
	Ticker SYSTEM = System::nanoTime;

	/**
	 * Read the clock.
	 * @return nanoseconds, only good for taking differences
	 */
	long read();

}
