package io.github.asyncmiddleware.internal.style;

/**
 * Turns what the code of a middleware has thrown into an error signal, where the stack of
 * the caller is another one than that of the request.
 * <p>
 * Reactor does not let a {@link LinkageError} or {@link VirtualMachineError} through: its
 * operators throw it again, on a thread where no server is there to close the connection.
 * It is signalled as the cause of an exception instead, and thrown nowhere.
 */
final class Thrown {

	private Thrown() {
	}

	/**
	 * The error to signal.
	 * @param ex what was thrown
	 * @return the same, or an exception with that as its cause
	 */
	static Throwable toSignal(Throwable ex) {
		return (ex instanceof LinkageError || ex instanceof VirtualMachineError)
				? new IllegalStateException("The code of a middleware failed: " + ex, ex) : ex;
	}

}
