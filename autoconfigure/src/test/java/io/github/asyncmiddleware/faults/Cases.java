package io.github.asyncmiddleware.faults;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

import io.github.asyncmiddleware.testsupport.boot.Protocol;
import org.junit.jupiter.params.provider.Arguments;

/**
 * Tables of cases: everything with everything.
 */
final class Cases {

	static final List<String> METHODS = List.of("GET", "HEAD");

	private Cases() {
	}

	/**
	 * All combinations of one of each list.
	 */
	static Stream<Arguments> of(List<?>... lists) {
		List<List<Object>> combinations = List.of(List.of());
		for (List<?> list : lists) {
			List<List<Object>> longer = new ArrayList<>();
			for (List<Object> combination : combinations) {
				for (Object next : list) {
					List<Object> all = new ArrayList<>(combination);
					all.add(next);
					longer.add(all);
				}
			}
			combinations = longer;
		}
		return combinations.stream().map((combination) -> Arguments.of(combination.toArray()));
	}

	static List<Protocol> protocols() {
		return List.of(Protocol.values());
	}

}
