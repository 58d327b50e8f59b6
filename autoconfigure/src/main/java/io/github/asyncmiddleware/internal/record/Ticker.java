package io.github.asyncmiddleware.internal.record;

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
	 * A clock that costs nothing, for where no time is measured.
	 */
	Ticker STOPPED = () -> 0;

	/**
	 * Read the clock.
	 * @return nanoseconds, only good for taking differences
	 */
	long read();

}
