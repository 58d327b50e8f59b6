package io.github.asyncmiddleware.ecosystem;

import java.util.EnumSet;
import java.util.Set;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.autoconfigure.AutoConfigurationImportFilter;
import org.springframework.boot.autoconfigure.AutoConfigurationMetadata;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.context.EnvironmentAware;
import org.springframework.core.env.Environment;

/**
 * Leaves out what libraries configure that the property {@code ecosystem.libraries} does
 * not name, as if they were not on the classpath.
 */
class OtherLibraries implements AutoConfigurationImportFilter, EnvironmentAware {

	static final String PROPERTY = "ecosystem.libraries";

	private final Set<Library> others = EnumSet.allOf(Library.class);

	@Override
	public void setEnvironment(Environment environment) {
		this.others.removeAll(Binder.get(environment)
			.bind(PROPERTY, Bindable.setOf(Library.class))
			.orElseGet(() -> EnumSet.noneOf(Library.class)));
	}

	@Override
	public boolean[] match(@Nullable String[] autoConfigurations, AutoConfigurationMetadata metadata) {
		boolean[] matches = new boolean[autoConfigurations.length];
		for (int i = 0; i < matches.length; i++) {
			String name = autoConfigurations[i];
			matches[i] = name == null || this.others.stream().noneMatch((library) -> library.has(name));
		}
		return matches;
	}

}
