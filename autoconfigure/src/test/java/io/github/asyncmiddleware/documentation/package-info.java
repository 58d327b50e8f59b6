/**
 * The code of the reference pages, compiled.
 */
package io.github.asyncmiddleware.documentation;
