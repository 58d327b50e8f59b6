package io.github.asyncmiddleware.autoconfigure.discovery;

import java.util.List;

import io.github.asyncmiddleware.autoconfigure.discovery.DiscoveryApplication.ConcreteMiddleware;
import io.github.asyncmiddleware.autoconfigure.library.FinalMiddleware;
import org.junit.jupiter.api.Test;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.context.ApplicationContext;
import org.springframework.http.HttpMethod;
import org.springframework.test.web.reactive.server.WebTestClient;
import org.springframework.util.ClassUtils;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What holds for every way to run an application with middlewares. Extended once for each
 * of them.
 */
abstract class DiscoveryPromises {

	private static final List<String> ALL = List.of("scanned", "concrete", "lambda", "finalClass", "jdkProxied",
			"cglibProxied", "annotatedTwice", "awaits", "hooks", "advisedLambda", "hookLambda", "advisedHookLambda",
			"foreign");

	@Autowired
	private ApplicationContext context;

	abstract WebTestClient client();

	ApplicationContext context() {
		return this.context;
	}

	@Test
	void runsEveryKindOfMiddlewareExactlyOnceAndInOrder() {
		assertThat(ran(HttpMethod.GET, "/hello")).isEqualTo(ALL);
	}

	@Test
	void runsThemForErrorsToo() {
		assertThat(ran(HttpMethod.GET, "/nowhere")).isEqualTo(ALL);
	}

	@Test
	void prefersTheAnnotationOfTheBeanMethodOverThatOfTheClass() {
		assertThat(ran(HttpMethod.POST, "/hello")).containsExactly("scanned", "concrete", "lambda", "finalClass",
				"jdkProxied", "cglibProxied", "awaits", "hooks", "advisedLambda", "hookLambda", "advisedHookLambda",
				"foreign");
	}

	@Test
	void showsTheResponseToThoseThatWantToSeeIt() {
		assertThat(seen("/hello")).containsExactly("awaits 200", "hooks 200");
	}

	@Test
	void showsARenderedErrorToResponseHooksOnly() {
		assertThat(seen("/nowhere")).containsExactly("hooks 404");
	}

	private List<String> seen(String path) {
		return client().get()
			.uri(path)
			.exchange()
			.expectBody(String.class)
			.returnResult()
			.getResponseHeaders()
			.getOrEmpty(DiscoveryApplication.SEEN);
	}

	@Test
	void runsTheAdviceOfProxies() {
		client().get()
			.uri("/hello")
			.exchange()
			.expectHeader()
			.valueEquals(DiscoveryApplication.ADVISED, "jdkProxied", "cglibProxied", "advisedLambda",
					"advisedHookLambda")
			.expectBody(String.class);
	}

	@Test
	void keepsTheTypesOfTheBeans() {
		assertThat(this.context.getBean(ScannedMiddleware.class).getClass()).isEqualTo(ScannedMiddleware.class);
		assertThat(this.context.getBean("scanned")).isInstanceOf(ScannedMiddleware.class);
		assertThat(this.context.getBean(FinalMiddleware.class).getClass()).isEqualTo(FinalMiddleware.class);
		assertThat(this.context.getBean("concrete").getClass()).isEqualTo(ConcreteMiddleware.class);
		assertThat(ClassUtils.getUserClass(this.context.getBean("cglibProxied"))).isEqualTo(ConcreteMiddleware.class);
	}

	private List<String> ran(HttpMethod method, String path) {
		return client().method(method)
			.uri(path)
			.exchange()
			.expectBody(String.class)
			.returnResult()
			.getResponseHeaders()
			.getOrEmpty(DiscoveryApplication.RAN);
	}

}
