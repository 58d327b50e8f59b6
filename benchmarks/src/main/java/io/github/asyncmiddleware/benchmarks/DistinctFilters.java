package io.github.asyncmiddleware.benchmarks;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.invoke.MethodHandles;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

import org.springframework.beans.BeanUtils;
import org.springframework.web.server.WebFilter;

/**
 * Makes filters that behave alike and are each of a class of its own, as the filters of
 * an application are. The JIT compiler would inline a chain of one class into a loop that
 * no application has.
 * <p>
 * The classes are copies of a template whose name ends in a number, which is replaced.
 * They are ordinary classes with names of ordinary length: a hidden class has a longer
 * name, which a chain that calls {@code toString()} pays for, and final fields that the
 * compiler trusts more.
 */
final class DistinctFilters {

	private static final String NUMBER = "0000";

	private DistinctFilters() {
	}

	/**
	 * Create filters.
	 * @param template the class to copy
	 * @param count how many
	 * @param instruments what the filters measure with
	 * @return the filters, each of another class
	 */
	static List<WebFilter> of(Class<? extends WebFilter> template, int count, Instruments instruments) {
		return create(template, count, instruments).stream().<WebFilter>map(WebFilter.class::cast).toList();
	}

	/**
	 * Create middlewares of any style.
	 * @param template the class to copy
	 * @param count how many
	 * @param instruments what they measure with
	 * @return the middlewares, each of another class
	 */
	static List<Object> create(Class<?> template, int count, Instruments instruments) {
		List<Object> beans = new ArrayList<>(count);
		for (Class<?> type : types(template, count)) {
			beans.add(create(type, "filter" + (beans.size() + 1), instruments));
		}
		return beans;
	}

	/**
	 * The classes of middlewares of any style.
	 * @param template the class to copy
	 * @param count how many
	 * @return the classes
	 */
	static List<Class<?>> types(Class<?> template, int count) {
		List<Class<?>> types = new ArrayList<>(count);
		for (int i = 1; i <= count; i++) {
			types.add(copy(template, String.format("%04d", i)));
		}
		return types;
	}

	static <T> T create(Class<T> type, String name, Instruments instruments) {
		return BeanUtils.instantiateClass(BeanUtils.getResolvableConstructor(type), name, instruments);
	}

	private static Class<?> copy(Class<?> template, String number) {
		String name = template.getName();
		try {
			return Class.forName(name.substring(0, name.length() - NUMBER.length()) + number);
		}
		catch (ClassNotFoundException ex) {
			return define(template, number);
		}
	}

	private static Class<?> define(Class<?> template, String number) {
		String resource = template.getSimpleName() + ".class";
		try (InputStream stream = template.getResourceAsStream(resource)) {
			if (stream == null) {
				throw new IllegalStateException("No resource " + resource);
			}
			// A name of the same length leaves the rest of the class file as it is
			String bytes = new String(stream.readAllBytes(), StandardCharsets.ISO_8859_1);
			String renamed = bytes.replace(template.getSimpleName(), template.getSimpleName().replace(NUMBER, number));
			return MethodHandles.lookup().defineClass(renamed.getBytes(StandardCharsets.ISO_8859_1));
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		catch (IllegalAccessException ex) {
			throw new IllegalStateException(ex);
		}
	}

}
