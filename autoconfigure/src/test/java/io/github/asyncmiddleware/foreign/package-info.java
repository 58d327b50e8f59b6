/**
 * Tests for foreign filters that are measured, with applications that Spring Boot runs.
 */
package io.github.asyncmiddleware.foreign;
