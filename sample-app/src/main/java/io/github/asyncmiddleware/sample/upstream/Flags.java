package io.github.asyncmiddleware.sample.upstream;

import java.util.List;

/**
 * Which features are on.
 *
 * @param enabled the names of the features
 */
public record Flags(List<String> enabled) {

}
