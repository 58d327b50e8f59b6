/**
 * A real browser for tests, spoken to over the DevTools protocol of Chromium.
 */
@NullMarked
package io.github.asyncmiddleware.sample.browser;

import org.jspecify.annotations.NullMarked;
