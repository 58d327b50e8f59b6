package io.github.asyncmiddleware.sample.upstream;

import java.time.Duration;
import java.util.Map;

import org.springframework.boot.context.properties.ConfigurationProperties;

/**
 * How the services are played.
 *
 * @param port the port they listen on, 0 for any free one
 * @param delay how long each of them takes to answer
 */
@ConfigurationProperties("sample.upstream")
record UpstreamProperties(int port, Map<String, Duration> delay) {

}
