package io.github.asyncmiddleware.metrics;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

import io.github.asyncmiddleware.internal.chain.Middleware;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Tags;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * Asks the {@link MiddlewareTags} of an application for the tags of its middlewares, and
 * sees to it that all have the same keys and none hides a tag of ours. A contributor that
 * misbehaves is named in the log once.
 */
final class ContributedTags {

	private static final Log logger = LogFactory.getLog(ContributedTags.class);

	private static final Set<String> RESERVED = Set.of("middleware", "outcome", "result", "kind");

	private static final String MISSING = "none";

	private final List<MiddlewareTags> contributors;

	private final Set<MiddlewareTags> blamed = new HashSet<>();

	/** Fixed by the first middlewares, as a meter has the same keys all the time. */
	private @Nullable Set<String> keys;

	ContributedTags(List<MiddlewareTags> contributors) {
		this.contributors = List.copyOf(contributors);
	}

	/**
	 * The tags of some middlewares. What comes later has the keys of what came first.
	 * @param middlewares the middlewares
	 * @return the tags of each, in the same order
	 */
	List<Tags> of(List<Middleware> middlewares) {
		List<Tags> contributed = middlewares.stream().map(this::of).toList();
		Set<String> keys = (this.keys != null) ? this.keys : keysOf(contributed);
		this.keys = keys;
		Tags missing = missing();
		return contributed.stream()
			.map((tags) -> missing.and(tags.stream().filter((tag) -> keys.contains(tag.getKey())).toList()))
			.toList();
	}

	/**
	 * The tags of the application, which has none where middlewares have.
	 * @return the keys of the middlewares
	 */
	Tags missing() {
		Set<String> keys = (this.keys != null) ? this.keys : Set.of();
		return Tags.of(keys.stream().map((key) -> Tag.of(key, MISSING)).toList());
	}

	private Tags of(Middleware middleware) {
		Tags tags = Tags.empty();
		for (MiddlewareTags contributor : this.contributors) {
			tags = tags.and(ask(contributor, middleware));
		}
		return tags;
	}

	private List<Tag> ask(MiddlewareTags contributor, Middleware middleware) {
		try {
			return withoutReserved(contributor, contributor.tags(middleware.name()));
		}
		catch (VirtualMachineError ex) {
			throw ex;
		}
		catch (Throwable ex) {
			blame(contributor, "failed for " + middleware + ", which is measured without its tags", ex);
			return List.of();
		}
	}

	private List<Tag> withoutReserved(MiddlewareTags contributor, Tags tags) {
		List<Tag> result = new ArrayList<>();
		for (Tag tag : tags) {
			if (RESERVED.contains(tag.getKey())) {
				blame(contributor, "must not set the tag '" + tag.getKey() + "', which is ignored", null);
			}
			else {
				Set<String> keys = this.keys;
				if (keys != null && !keys.contains(tag.getKey())) {
					blame(contributor, "has no tag '" + tag.getKey()
							+ "' for the middlewares, so that of a filter which is measured beside them is ignored",
							null);
				}
				result.add(tag);
			}
		}
		return result;
	}

	private static Set<String> keysOf(List<Tags> contributed) {
		Set<String> keys = new TreeSet<>();
		contributed.forEach((tags) -> tags.forEach((tag) -> keys.add(tag.getKey())));
		return keys;
	}

	private void blame(MiddlewareTags contributor, String message, @Nullable Throwable ex) {
		if (this.blamed.add(contributor)) {
			logger.warn("MiddlewareTags " + contributor.getClass().getName() + " " + message
					+ ". Nothing more is logged about it", ex);
		}
	}

}
