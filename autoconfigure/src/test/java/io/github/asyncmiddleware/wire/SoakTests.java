package io.github.asyncmiddleware.wire;

import java.nio.file.Files;
import java.nio.file.Path;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that nothing is lost, counted twice, let in, cut or kept, whatever middlewares,
 * clients, handlers and registries do. {@code .ci/soak} runs it for longer; a single
 * request is sent again with {@code -Dsoak.requests=1 -Dsoak.seed=...}.
 */
class SoakTests {

	private static final int REQUESTS = Integer.getInteger("soak.requests", 20_000);

	static final long SEED = Long.getLong("soak.seed", 1_795_677_692_035_000_000L);

	@Test
	void everyRequestIsAccountedFor() throws Exception {
		Soak soak = Soak.run(Server.REACTOR_NETTY, SEED, REQUESTS);
		Files.writeString(Path.of("target", "soak.txt"), soak.table());
		Files.write(Path.of("target", "soak-notes.txt"), soak.notes());
		for (String figure : Soak.ZERO) {
			assertThat(soak.get(figure)).as("%s, in%n%s%n%s", figure, soak.table(), soak.notes()).isZero();
		}
		// A line a minute for each middleware and kind, whatever the number of requests
		assertThat(soak.get("log lines of ours")).as(soak.table()).isLessThan(1_000);
		assertThat(soak.get("kinds of fault")).as(soak.table()).isGreaterThanOrEqualTo((REQUESTS < 1_000) ? 0 : 40);
		// A kilobyte that is kept of each request would be more, with 20,000
		assertThat(soak.get("heap at the end, KiB")).as(soak.table())
			.isLessThan(soak.get("heap after a fifth, KiB") * 3 / 2);
	}

}
