/**
 * Tests of what {@code docs/monitoring} has for a fleet, with a real Prometheus.
 */
package io.github.asyncmiddleware.monitoring;
