package io.github.asyncmiddleware.test;

import java.util.HashSet;
import java.util.Set;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.OnRequest;
import org.junit.jupiter.api.Test;
import reactor.blockhound.BlockHound;

import org.springframework.mock.http.server.reactive.MockServerHttpRequest;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link EventLoopIntegration}, in a process of its own, since BlockHound
 * changes the classes of the virtual machine.
 */
class EventLoopIntegrationTests {

	@Test
	void letsTheEventLoopWait() throws Exception {
		assertThat(OtherProcess.run(WithBlockHound.class, "-XX:+IgnoreUnrecognizedVMOptions",
				"-XX:+AllowRedefinitionToAddDeleteMethods"))
			.contains("threads: 1\n")
			.contains("[blocked_event_loop] The middleware 'napping' (")
			.contains("WithBlockHound$Napping.nap(");
	}

	/**
	 * A test run with BlockHound.
	 */
	public static final class WithBlockHound {

		private WithBlockHound() {
		}

		public static void main(String[] arguments) throws InterruptedException {
			BlockHound.install();
			MiddlewareTester.of().exchange(MockServerHttpRequest.get("/"));
			Set<String> threads = new HashSet<>();
			for (int i = 0; i < 300; i++) {
				Thread.getAllStackTraces().keySet().forEach((thread) -> threads.add(thread.getName()));
				Thread.sleep(1);
			}
			threads.removeIf((name) -> !name.startsWith("test-event-loop-"));
			System.out.println("threads: " + threads.size());
			try {
				MiddlewareTester.of(new Napping()).exchange(MockServerHttpRequest.get("/"));
			}
			catch (AssertionError ex) {
				System.out.println(ex.getMessage());
			}
		}

		@AsyncMiddleware("napping")
		static class Napping {

			@OnRequest(blocking = false)
			void nap() throws InterruptedException {
				Thread.sleep(1);
			}

		}

	}

}
