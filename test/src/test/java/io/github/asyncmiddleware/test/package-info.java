@NullMarked
package io.github.asyncmiddleware.test;

import org.jspecify.annotations.NullMarked;
