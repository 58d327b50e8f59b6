/**
 * Where a request is found and in which context code runs, seen from outside.
 */
package io.github.asyncmiddleware.context;
