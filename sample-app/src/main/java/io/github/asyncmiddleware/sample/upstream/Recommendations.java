package io.github.asyncmiddleware.sample.upstream;

import java.util.List;

/**
 * What else might be of interest.
 *
 * @param products the numbers of the products
 */
public record Recommendations(List<Integer> products) {

}
