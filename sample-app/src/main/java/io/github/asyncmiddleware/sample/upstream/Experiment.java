package io.github.asyncmiddleware.sample.upstream;

/**
 * What a visitor is shown in an experiment.
 *
 * @param variant the name of the variant
 */
public record Experiment(String variant) {

}
