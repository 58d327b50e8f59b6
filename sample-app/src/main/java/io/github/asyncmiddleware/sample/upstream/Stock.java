package io.github.asyncmiddleware.sample.upstream;

/**
 * How many pieces of a product there are.
 *
 * @param available the number of pieces
 */
public record Stock(int available) {

}
