package io.github.asyncmiddleware.internal.watch;

import java.util.List;
import java.util.Set;

/**
 * Recognises a thread that loads a class, links a call to one, or waits for another
 * thread to do so. That happens once, and is nothing that code does wrong.
 */
final class ClassLoadingFrames {

	private static final Set<String> TYPES = Set.of("java.lang.ClassLoader", "java.lang.invoke.MethodHandleNatives",
			"jdk.internal.loader.BuiltinClassLoader");

	/** What is on a stack above them, in an executable jar of Spring Boot, too. */
	private static final List<String> LOADERS = List.of("java.", "jdk.", "sun.", "org.springframework.boot.loader.");

	private ClassLoadingFrames() {
	}

	/**
	 * Whether the code of a stack waits for a class.
	 * @param stack a stack, innermost call first
	 * @return {@code true} if nothing but Java itself and its loaders are above that
	 */
	static boolean areOnTop(StackTraceElement[] stack) {
		for (StackTraceElement frame : stack) {
			String name = frame.getClassName();
			if (TYPES.contains(name)) {
				return true;
			}
			if (LOADERS.stream().noneMatch(name::startsWith)) {
				return false;
			}
		}
		return false;
	}

}
