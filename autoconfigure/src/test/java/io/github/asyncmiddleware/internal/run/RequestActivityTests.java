package io.github.asyncmiddleware.internal.run;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

import io.github.asyncmiddleware.internal.chain.Deadlines;
import io.github.asyncmiddleware.internal.record.RequestReporter;
import io.github.asyncmiddleware.internal.record.Ticker;
import io.github.asyncmiddleware.internal.watch.ThreadActivities;
import io.github.asyncmiddleware.internal.watch.ThreadActivity;
import org.junit.jupiter.api.Test;
import org.mockito.Mockito;

import org.springframework.mock.http.server.reactive.MockServerHttpRequest;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link RequestActivity}.
 */
class RequestActivityTests {

	@Test
	void aThreadWritesItsOwnMarkAlthoughAnotherOneIsInTheSameRequest() throws Exception {
		ThreadActivities activities = new ThreadActivities();
		RequestReporter reporter = Mockito.mock();
		Mockito.when(reporter.ticker()).thenReturn(Ticker.STOPPED);
		RequestRun run = RequestRun.begin(reporter, activities, Deadlines.NONE, MockServerHttpRequest.get("/").build());
		ThreadActivity mine = activities.beginning();
		run.here(mine);
		assertThat(run.here()).isSameAs(mine);
		ThreadActivity other = CompletableFuture.supplyAsync(() -> {
			ThreadActivity its = activities.beginning();
			run.here(its);
			return its;
		}).get(10, TimeUnit.SECONDS);
		assertThat(other).isNotSameAs(mine);
		assertThat(run.here()).isSameAs(mine);
	}

}
