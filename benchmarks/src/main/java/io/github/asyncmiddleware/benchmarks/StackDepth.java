package io.github.asyncmiddleware.benchmarks;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;

import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

import org.springframework.http.server.reactive.HttpHandler;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebHandler;

/**
 * Finds the smallest thread stack on which a long chain still works, for the chain of
 * Spring and for ours, and prints a table.
 * <p>
 * Run with {@code -Xint} for the worst case: the first request of an application, whose
 * frames are those of the interpreter.
 */
public final class StackDepth {

	private static final int KB = 1024;

	private static final int LARGEST = 64 * KB * KB;

	private StackDepth() {
	}

	/**
	 * Print the table.
	 * @param args the number of filters, 1000 if none is given
	 */
	public static void main(String[] args) {
		int count = (args.length > 0) ? Integer.parseInt(args[0]) : 1000;
		System.out.println("Smallest stack in KB for " + count + " filters\n");
		System.out.println("| filter | ending | Spring | fused, metrics off | fused, clock |");
		System.out.println("|---|---|---:|---:|---:|");
		for (Filters filters : Filters.values()) {
			for (Ending ending : Ending.values()) {
				List<String> row = new ArrayList<>(List.of(filters.name(), ending.name()));
				for (Chain chain : Chain.values()) {
					row.add(smallest(chain.build(filters.create(count), ending.handler), ending));
				}
				System.out.println("| " + String.join(" | ", row) + " |");
			}
		}
	}

	private static String smallest(HttpHandler handler, Ending ending) {
		int fails = 64 * KB;
		int works = LARGEST;
		Throwable failure = run(handler, ending, works);
		if (failure != null) {
			return "> " + LARGEST / KB + " (" + failure + ")";
		}
		while (works - fails > 16 * KB && works > fails * 1.03) {
			int size = (works + fails) / 2 / KB * KB;
			if (run(handler, ending, size) == null) {
				works = size;
			}
			else {
				fails = size;
			}
		}
		return String.valueOf(works / KB);
	}

	/**
	 * Run one request on a thread of its own. The thread lives on until all have run: the
	 * C library gives the stack of a thread that has ended to the next one, even if it is
	 * larger than that asks for.
	 * @return what went wrong, or {@code null}
	 */
	private static @Nullable Throwable run(HttpHandler handler, Ending ending, long stackSize) {
		CompletableFuture<@Nullable Throwable> outcome = new CompletableFuture<>();
		Thread thread = new Thread(null, () -> {
			outcome.complete(failureOf(() -> ending.run(handler)));
			LockSupport.park(outcome);
		}, "small-stack", stackSize);
		thread.setDaemon(true);
		thread.start();
		return outcome.join();
	}

	private static @Nullable Throwable failureOf(Runnable request) {
		try {
			request.run();
			return null;
		}
		catch (Throwable ex) {
			return ex;
		}
	}

	/**
	 * What the filters do.
	 */
	enum Filters {

		PASS(BareFilter0000.class), DO_FINALLY(DoFinallyFilter0000.class), DEFER(DeferFilter0000.class);

		private final Class<? extends WebFilter> template;

		Filters(Class<? extends WebFilter> template) {
			this.template = template;
		}

		List<WebFilter> create(int count) {
			return DistinctFilters.of(this.template, count, Instruments.NONE);
		}

	}

	/**
	 * Who runs the filters.
	 */
	enum Chain {

		SPRING {
			@Override
			HttpHandler build(List<WebFilter> filters, WebHandler handler) {
				return Chains.ofSpring(filters, handler);
			}
		},

		OFF {
			@Override
			HttpHandler build(List<WebFilter> filters, WebHandler handler) {
				return Chains.fused(Chains.middlewares(filters), handler, List.of());
			}
		},

		CLOCK {
			@Override
			HttpHandler build(List<WebFilter> filters, WebHandler handler) {
				return Chains.fused(Chains.middlewares(filters), handler, List.of(new NoopListener()));
			}
		};

		abstract HttpHandler build(List<WebFilter> filters, WebHandler handler);

	}

	/**
	 * How a request ends.
	 */
	enum Ending {

		OK(Chains::hello) {
			@Override
			void check(LeanSubscriber subscriber, LeanResponse response) {
				expect(subscriber.isComplete() && response.getStatusCode() == null);
			}
		},

		ERROR(Ending::fail) {
			@Override
			void check(LeanSubscriber subscriber, LeanResponse response) {
				expect(subscriber.isComplete() && response.getStatusCode() != null
						&& response.getStatusCode().value() == 500);
			}
		},

		CANCEL((exchange) -> Mono.never()) {
			@Override
			void check(LeanSubscriber subscriber, LeanResponse response) {
				expect(!subscriber.isComplete() && subscriber.error() == null);
				subscriber.cancel();
			}
		};

		final WebHandler handler;

		Ending(WebHandler handler) {
			this.handler = handler;
		}

		void run(HttpHandler handler) {
			LeanResponse response = new LeanResponse();
			LeanSubscriber subscriber = new LeanSubscriber();
			handler.handle(new LeanRequest(), response).subscribe(subscriber);
			check(subscriber, response);
		}

		abstract void check(LeanSubscriber subscriber, LeanResponse response);

		private static Mono<Void> fail(ServerWebExchange exchange) {
			return Mono.error(new IllegalStateException("boom"));
		}

		private static void expect(boolean condition) {
			if (!condition) {
				throw new IllegalStateException("The request did not end as expected");
			}
		}

	}

}
