/**
 * Whole applications on a server, and clients that misbehave: what tests need that know
 * nothing of the inside.
 */
package io.github.asyncmiddleware.testsupport.boot;
