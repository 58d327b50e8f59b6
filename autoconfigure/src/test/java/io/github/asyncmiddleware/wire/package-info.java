/**
 * Tests that talk bytes to whole applications, on each server that Spring Boot starts for
 * WebFlux.
 */
package io.github.asyncmiddleware.wire;
