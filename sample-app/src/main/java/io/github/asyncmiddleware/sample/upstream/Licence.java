package io.github.asyncmiddleware.sample.upstream;

/**
 * What a tenant has paid for.
 *
 * @param plan the name of the plan
 */
public record Licence(String plan) {

}
