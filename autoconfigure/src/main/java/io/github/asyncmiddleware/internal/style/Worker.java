package io.github.asyncmiddleware.internal.style;

/**
 * The right of a worker to occupy its thread: one permit, given back once.
 * <p>
 * After its work a worker may offer the right, for as long as it emits, to whoever wants
 * to work next on the same thread. Only ever touched by that thread.
 */
final class Hop {

	private final Offloader offloader;

	private boolean held = true;

	Hop(Offloader offloader) {
		this.offloader = offloader;
	}

	/**
	 * Offer it to the next {@link OffloadedCall} that is subscribed to on this thread.
	 */
	void offer() {
		this.offloader.offered().put(Thread.currentThread(), this);
	}

	/**
	 * Offer it no longer.
	 */
	void take() {
		this.offloader.offered().remove(Thread.currentThread(), this);
	}

	/**
	 * Give the permit back, unless that was done already.
	 */
	void end() {
		take();
		if (this.held) {
			this.held = false;
			this.offloader.giveBack();
		}
	}

}
