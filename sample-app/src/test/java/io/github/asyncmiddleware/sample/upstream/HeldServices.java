package io.github.asyncmiddleware.sample.upstream;

import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

import reactor.core.publisher.Mono;

import org.springframework.boot.test.context.TestComponent;
import org.springframework.context.annotation.Primary;

/**
 * Lets services answer no sooner than so many requests wait for them.
 */
@Primary
@TestComponent
public class HeldServices extends UpstreamDelay {

	private final Map<String, Gate> gates = new ConcurrentHashMap<>();

	HeldServices(UpstreamProperties properties) {
		super(properties);
	}

	/**
	 * Hold the next requests until all of them are here.
	 * @param requests how many requests
	 * @param services which services they are for, counted together
	 * @return the gate they wait at, to open it earlier
	 */
	public Gate holdUntil(int requests, String... services) {
		Gate gate = new Gate(requests);
		List.of(services).forEach((service) -> this.gates.put(service, gate));
		return gate;
	}

	/**
	 * Hold all requests until the gate is opened.
	 * @param service which service they are for
	 * @return the gate
	 */
	public Gate hold(String service) {
		return holdUntil(Integer.MAX_VALUE, service);
	}

	/**
	 * Hold nothing any more.
	 */
	public void release() {
		this.gates.values().forEach(Gate::open);
		this.gates.clear();
	}

	@Override
	public Mono<Void> of(String service) {
		Gate gate = this.gates.get(service);
		return (gate != null) ? gate.pass() : super.of(service);
	}

	/**
	 * Where requests wait for one another.
	 */
	public static final class Gate {

		private final int requests;

		private final AtomicInteger waiting = new AtomicInteger();

		private final CompletableFuture<Void> opened = new CompletableFuture<>();

		private Gate(int requests) {
			this.requests = requests;
		}

		/**
		 * How many requests have come to the gate.
		 * @return the number
		 */
		public int waiting() {
			return this.waiting.get();
		}

		/**
		 * Let all requests pass.
		 */
		public void open() {
			this.opened.complete(null);
		}

		private Mono<Void> pass() {
			if (this.waiting.incrementAndGet() >= this.requests) {
				open();
			}
			return Mono.fromFuture(this.opened, true);
		}

	}

}
