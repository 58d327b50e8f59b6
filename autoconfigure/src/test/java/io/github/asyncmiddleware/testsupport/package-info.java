/**
 * What the tests of several rooms share.
 */
package io.github.asyncmiddleware.testsupport;
