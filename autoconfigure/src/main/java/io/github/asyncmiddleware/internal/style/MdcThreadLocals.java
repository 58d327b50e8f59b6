package io.github.asyncmiddleware.internal.style;

import java.util.Map;

import org.slf4j.MDC;
import reactor.util.context.ContextView;

/**
 * Carries the diagnostic context of SLF4J beside other thread-locals, whether they know
 * it or not. The only class here that may name SLF4J, which is optional.
 * <p>
 * It is restored in place too: as long as it is empty, that is two reads of a
 * thread-local, which is some nanoseconds and makes no copy.
 */
final class MdcThreadLocals implements ThreadLocals {

	private final ThreadLocals others;

	MdcThreadLocals(ThreadLocals others) {
		this.others = others;
	}

	@Override
	public Snapshot capture(ContextView context) {
		Snapshot snapshot = this.others.capture(context);
		Map<String, String> carried = current();
		return () -> {
			Map<String, String> before = current();
			replace(before, carried);
			return setOthers(before, snapshot::set);
		};
	}

	@Override
	public Scope set(ContextView context) {
		return setOthers(current(), () -> this.others.set(context));
	}

	/**
	 * Set other thread-locals until the scope ends, which some of them note in the
	 * diagnostic context.
	 */
	private static Scope setOthers(Map<String, String> before, Snapshot others) {
		try {
			Scope scope = others.set();
			return () -> {
				try {
					scope.close();
				}
				finally {
					restore(before);
				}
			};
		}
		catch (Throwable ex) {
			restore(before);
			throw ex;
		}
	}

	private static void restore(Map<String, String> before) {
		replace(current(), before);
	}

	private static void replace(Map<String, String> current, Map<String, String> next) {
		if (next.equals(current)) {
			return;
		}
		if (next.isEmpty()) {
			MDC.clear();
		}
		else {
			MDC.setContextMap(next);
		}
	}

	private static Map<String, String> current() {
		Map<String, String> map = MDC.getCopyOfContextMap();
		return (map != null) ? map : Map.of();
	}

}
