package io.github.asyncmiddleware.sample.upstream;

/**
 * Who an API key belongs to.
 *
 * @param tenant the tenant of the customer
 */
public record Customer(String tenant) {

}
