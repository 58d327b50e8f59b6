/**
 * How a request ends, seen from outside: by what the client got and what was recorded.
 */
package io.github.asyncmiddleware.ends;
