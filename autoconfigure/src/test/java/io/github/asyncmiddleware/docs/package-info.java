/**
 * The code that the pages under {@code docs} show, as an application.
 */
package io.github.asyncmiddleware.docs;
