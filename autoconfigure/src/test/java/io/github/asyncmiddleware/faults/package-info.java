/**
 * What clients get, and what is recorded, when something goes wrong: whole applications
 * on real sockets, through the public API alone.
 */
package io.github.asyncmiddleware.faults;
