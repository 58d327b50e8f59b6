package io.github.asyncmiddleware.sample.upstream;

/**
 * What others say about a product.
 *
 * @param count how many reviews there are
 * @param stars the mean of their stars
 */
public record Reviews(int count, double stars) {

}
