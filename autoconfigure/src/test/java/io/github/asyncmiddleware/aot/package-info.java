/**
 * An application that is processed ahead of time, and what is generated for it.
 */
package io.github.asyncmiddleware.aot;
