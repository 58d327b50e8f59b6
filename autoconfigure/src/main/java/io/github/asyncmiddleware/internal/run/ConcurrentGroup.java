package io.github.asyncmiddleware.internal.run;

import java.util.ArrayList;
import java.util.List;

import io.github.asyncmiddleware.internal.chain.Middleware;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;

/**
 * Adjacent middlewares that are at work at the same time before the rest of the chain.
 * <p>
 * The rest runs when all have finished. If some answer or fail, the one earliest in order
 * decides, and waits for those before it; so the outcome does not depend on which was
 * faster.
 */
final class ConcurrentGroup implements WebFilter {

	private final List<Link> members;

	/**
	 * Create a group.
	 * @param members the places of its members, in order
	 */
	ConcurrentGroup(List<Link> members) {
		this.members = members;
	}

	@Nullable Middleware first() {
		return this.members.get(0).middleware;
	}

	@Override
	public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
		Step group = (Step) chain;
		List<Step> steps = new ArrayList<>(this.members.size());
		for (Link link : this.members) {
			if (link.appliesTo(exchange)) {
				steps.add(Step.at(link, group.run(), exchange, group.subscriber()));
			}
		}
		group.run().enteredTogether(steps);
		GroupRun run = new GroupRun(exchange, group);
		boolean passed = true;
		for (Step step : steps) {
			group.run().here().at(step);
			passed &= run.begin(step);
			if (group.run().isOver()) {
				// While it was called, so the others are not
				return Mono.empty();
			}
		}
		group.run().here().at(null);
		return passed ? chain.filter(exchange) : run;
	}

	@Override
	public String toString() {
		return "group of " + this.members.stream().map((link) -> link.middleware).toList();
	}

}
