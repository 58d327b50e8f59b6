package io.github.asyncmiddleware.sample.upstream;

/**
 * What a product costs.
 *
 * @param amount the amount
 * @param currency the currency
 */
public record Price(double amount, String currency) {

}
