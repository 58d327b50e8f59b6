package io.github.asyncmiddleware.internal.boundary;

import java.lang.reflect.Method;

import org.springframework.util.ReflectionUtils;
import org.springframework.web.server.adapter.HttpWebHandlerAdapter;

/**
 * The setting of a handler that says whether HTML is escaped by default. It came with
 * Spring Framework 7.0.6, and is therefore looked up, when a handler is built.
 */
final class HtmlEscape {

	private HtmlEscape() {
	}

	/**
	 * Carry the setting of one handler to another, if handlers have it.
	 * @param from has the setting
	 * @param to gets it
	 */
	static void copy(HttpWebHandlerAdapter from, HttpWebHandlerAdapter to) {
		try {
			// By constant names, so that a native image has the methods
			Method get = HttpWebHandlerAdapter.class.getMethod("getDefaultHtmlEscape");
			Method set = HttpWebHandlerAdapter.class.getMethod("setDefaultHtmlEscape", Boolean.class);
			Object value = ReflectionUtils.invokeMethod(get, from);
			if (value != null) {
				ReflectionUtils.invokeMethod(set, to, value);
			}
		}
		catch (NoSuchMethodException ex) {
			// There is nothing to copy
		}
	}

}
