package io.github.asyncmiddleware.autoconfigure;

import java.io.IOException;
import java.lang.annotation.Annotation;
import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

import io.github.asyncmiddleware.AsyncMiddleware;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.core.annotation.MergedAnnotation;
import org.springframework.core.annotation.MergedAnnotations;
import org.springframework.core.type.AnnotatedTypeMetadata;
import org.springframework.core.type.AnnotationMetadata;
import org.springframework.core.type.classreading.SimpleMetadataReaderFactory;
import org.springframework.util.ClassUtils;

/**
 * Finds {@code @AsyncMiddleware}, also where a class in its {@code before} or
 * {@code after} is absent. Spring takes no notice of such an annotation at all; Java
 * refuses to tell that one attribute.
 */
final class MiddlewareAnnotations {

	private MiddlewareAnnotations() {
	}

	/**
	 * Whether a bean is annotated, on its class or on its bean method.
	 * @param beanFactory has the bean itself
	 * @param beanName the name of the bean
	 * @return whether it is
	 */
	static boolean isOn(ConfigurableListableBeanFactory beanFactory, String beanName) {
		if (beanFactory.findAnnotationOnBean(beanName, AsyncMiddleware.class, false) != null) {
			return true;
		}
		Class<?> type = beanFactory.getType(beanName, false);
		Method method = BeanFactoryHierarchy.factoryMethodOf(beanName, beanFactory);
		return (type != null && isOfTheApplication(type) && of(type).isPresent())
				|| (method != null && isOfTheApplication(method.getDeclaringClass()) && of(method).isPresent());
	}

	private static boolean isOfTheApplication(Class<?> type) {
		return !HiddenMiddlewares.isPartOfThePlatform(type);
	}

	/**
	 * The annotation of a class, or of what it extends or implements.
	 */
	static MergedAnnotation<AsyncMiddleware> of(Class<?> type) {
		return hierarchy(type).map(MiddlewareAnnotations::declaredOn)
			.filter(MergedAnnotation::isPresent)
			.min(Comparator.comparingInt(MergedAnnotation::getDistance))
			.orElseGet(MergedAnnotation::missing);
	}

	/**
	 * The annotation of a bean method.
	 */
	static MergedAnnotation<AsyncMiddleware> of(Method method) {
		return declaredOn(method);
	}

	private static Stream<Class<?>> hierarchy(@Nullable Class<?> type) {
		if (type == null) {
			return Stream.empty();
		}
		Stream<Class<?>> interfaces = Arrays.stream(type.getInterfaces()).flatMap(MiddlewareAnnotations::hierarchy);
		return Stream.concat(Stream.concat(Stream.of(type), interfaces), hierarchy(type.getSuperclass()));
	}

	private static MergedAnnotation<AsyncMiddleware> declaredOn(AnnotatedElement element) {
		Annotation[] annotations = annotationsOf(element);
		MergedAnnotation<AsyncMiddleware> annotation = MergedAnnotations.from(element, annotations)
			.get(AsyncMiddleware.class);
		if (!annotation.isPresent()) {
			checkAnnotations(element, annotations);
		}
		return annotation;
	}

	/**
	 * As Spring does, take what cannot be read for absent, such as an annotation with an
	 * attribute of an absent type.
	 */
	private static Annotation[] annotationsOf(AnnotatedElement element) {
		try {
			return element.getDeclaredAnnotations();
		}
		catch (LinkageError | RuntimeException ex) {
			return new Annotation[0];
		}
	}

	/**
	 * What annotates an annotation cannot be read without Spring, which knows its
	 * aliases.
	 */
	private static void checkAnnotations(AnnotatedElement element, Annotation[] annotations) {
		for (Annotation annotation : annotations) {
			Class<?> type = annotation.annotationType();
			if (Arrays.stream(annotationsOf(type)).anyMatch(AsyncMiddleware.class::isInstance)) {
				throw new InvalidMiddlewareException(
						"The @AsyncMiddleware on the annotation %s cannot be read for %s, since a class in its 'before' or 'after' is absent."
							.formatted(type.getName(), describe(element)),
						"Name that class on the middleware itself, or in a property for it.");
			}
		}
	}

	private static String describe(AnnotatedElement element) {
		return (element instanceof Method method)
				? "the bean method " + method.getDeclaringClass().getName() + "." + method.getName() + "()"
				: ((Class<?>) element).getName();
	}

	/**
	 * The classes in an attribute, without those that are absent.
	 * @param annotation the annotation
	 * @param attribute the name of the attribute
	 * @return the classes
	 */
	static List<Class<?>> classes(MergedAnnotation<AsyncMiddleware> annotation, String attribute) {
		try {
			return List.of(annotation.getClassArray(attribute));
		}
		catch (TypeNotPresentException ex) {
			return (annotation.getSource() instanceof AnnotatedElement element) ? presentClasses(element, attribute)
					: List.of();
		}
	}

	/**
	 * Java tells none of the classes if one is absent, so their names are taken from the
	 * class file. In a native image there is none, and all of them are left out.
	 */
	private static List<Class<?>> presentClasses(AnnotatedElement element, String attribute) {
		Class<?> type = (element instanceof Method method) ? method.getDeclaringClass() : (Class<?>) element;
		ClassLoader classLoader = type.getClassLoader();
		try {
			AnnotationMetadata metadata = new SimpleMetadataReaderFactory(classLoader).getMetadataReader(type.getName())
				.getAnnotationMetadata();
			return annotated(metadata, element)
				.map((annotated) -> annotated.getAnnotations().get(AsyncMiddleware.class).getStringArray(attribute))
				.flatMap(Arrays::stream)
				.filter((name) -> ClassUtils.isPresent(name, classLoader))
				.<Class<?>>map((name) -> ClassUtils.resolveClassName(name, classLoader))
				.toList();
		}
		catch (IOException ex) {
			return List.of();
		}
	}

	private static Stream<? extends AnnotatedTypeMetadata> annotated(AnnotationMetadata metadata,
			AnnotatedElement element) {
		return (element instanceof Method method) ? metadata.getAnnotatedMethods(AsyncMiddleware.class.getName())
			.stream()
			.filter((candidate) -> candidate.getMethodName().equals(method.getName()))
			.limit(1) : Stream.of(metadata);
	}

}
