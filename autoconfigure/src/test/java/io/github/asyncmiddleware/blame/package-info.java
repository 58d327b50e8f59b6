/**
 * Who is blamed for what, seen from outside.
 */
package io.github.asyncmiddleware.blame;
