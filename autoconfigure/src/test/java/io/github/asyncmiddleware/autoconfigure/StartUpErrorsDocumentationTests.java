package io.github.asyncmiddleware.autoconfigure;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.OnRequest;
import io.github.asyncmiddleware.OnResponse;
import io.github.asyncmiddleware.testsupport.boot.LogCapture;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

import org.springframework.aop.framework.ProxyFactory;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.test.context.runner.ReactiveWebApplicationContextRunner;
import org.springframework.boot.test.context.runner.WebApplicationContextRunner;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.server.reactive.HttpHandler;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.server.adapter.WebHttpHandlerBuilder;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that {@code docs/startup-errors.md} says what the start says: each line of its
 * tables is seen, and nothing is seen that has no line.
 */
class StartUpErrorsDocumentationTests {

	private static final Path PAGE = Path.of("../docs/startup-errors.md");

	private static final String PASS = "async-middleware.middleware.pass.";

	private final List<String> rows = rows();

	private final Set<String> seen = new LinkedHashSet<>();

	@Test
	void namesWhatTheStartSays() {
		beans();
		orders();
		attributes();
		hooks();
		warnings();
		assertThat(this.rows).as("lines that no start has shown").containsExactlyInAnyOrderElementsOf(this.seen);
	}

	private void beans() {
		fails(bean("x", InvalidMiddlewareTests.NoFilter.class));
		fails(bean("x", InvalidMiddlewareTests.TwoStyles.class));
		fails(bean("x", Plain.class));
		fails(configuration(InvalidMiddlewareTests.HiddenAnnotation.class));
		fails(bean("x", InvalidMiddlewareTests.AwaitsEntity.class));
		fails(configuration(InvalidMiddlewareTests.Prototype.class));
		fails(bean("/orders/**", Pass.class));
		fails((runner) -> runner.withBean("aB", Pass.class).withBean("a-b", Pass.class));
		fails(configuration(InvalidMiddlewareTests.SameObject.class));
		fails((runner) -> runner.withBean("x", InvalidMiddlewareTests.Stage.class)
			.withBean("x.filter", InvalidMiddlewareTests.OtherFilter.class));
		fails(configuration(InvalidMiddlewareTests.DecoratedByTheBuilder.class).andThen(bean("x", Pass.class))::apply);
		fails(bean("x", Pass.class).andThen(
				(runner) -> runner.withBean("own", HttpHandler.class, InvalidMiddlewareTests.NoFilters::new))::apply);
		MiddlewareRunner.create().withBean("own", Pass.class).run((context) -> {
			try (AnnotationConfigApplicationContext child = new AnnotationConfigApplicationContext()) {
				child.setParent(context.getSourceApplicationContext());
				child.registerBean("x", Pass.class);
				child.refresh();
				WebHttpHandlerBuilder.applicationContext(child).build();
			}
			catch (InvalidMiddlewareException ex) {
				see(ex.getMessage());
			}
		});
	}

	private void orders() {
		fails(bean("x", InvalidMiddlewareTests.TwoOrders.class));
		UnaryOperator<ReactiveWebApplicationContextRunner> ten = bean("ten", InvalidMiddlewareTests.Ten.class);
		UnaryOperator<ReactiveWebApplicationContextRunner> foreign = bean("foreign",
				InvalidMiddlewareTests.ForeignAtTwenty.class);
		fails(ten.andThen(bean("x", InvalidMiddlewareTests.TwentyBeforeTen.class))::apply);
		fails(foreign.andThen(bean("x", InvalidMiddlewareTests.TenAfterForeign.class))::apply);
		fails(ten.andThen(foreign).andThen(bean("x", InvalidMiddlewareTests.BeforeTenAfterForeign.class))::apply);
		fails((runner) -> runner.withBean("one", InvalidMiddlewareTests.BehindItsEqual.class)
			.withBean("two", InvalidMiddlewareTests.AlsoBehindItsEqual.class));
		fails((runner) -> runner.withBean("a", InvalidMiddlewareTests.A.class)
			.withBean("b", InvalidMiddlewareTests.B.class)
			.withBean("c", InvalidMiddlewareTests.C.class));
		fails(properties(PASS + "before=java.lang.String"));
		fails(properties(PASS + "before=com.acme.Missing"));
		fails(bean("x", FilterRelationTests.load("Lost")));
	}

	private void attributes() {
		fails(properties(PASS + "path=/a/{b"));
		fails(properties(PASS + "path=/a", PASS + "exclude-path=/a"));
		fails(properties(PASS + "method=get"));
		fails(properties(PASS + "timeout=soon"));
		fails(properties(PASS + "timeout=0"));
		fails(properties(PASS + "timeout=366d"));
		fails(properties(PASS + "timeout=${nope}"));
		fails(properties(PASS + "max-concurrent=0"));
		fails(properties(PASS + "concurrent=true"));
		fails(bean("x", InvalidMiddlewareTests.ConcurrentResponseHook.class));
		fails(bean("x", InvalidMiddlewareTests.ConcurrentChange.class));
		fails(properties("async-middleware.middleware.pas.order=1"));
		fails((runner) -> runner.withBean("pass", Pass.class)
			.withInitializer(MiddlewareRunner.environmentVariable("ASYNC_MIDDLEWARE_SKIPMANAGEMENT", "true")));
		fails(properties("async-middleware.middleware.pass.ordr=1"));
		fails(properties("async-middleware.server-timing-token=${nope}"));
	}

	private void hooks() {
		fails(bean("x", Two.class));
		fails(bean("x", Private.class));
		fails(bean("x", Static.class));
		fails(bean("x", Final.class).andThen((runner) -> runner.withUserConfiguration(ClassProxies.class))::apply);
		fails(bean("x", Implementing.class)
			.andThen((runner) -> runner.withUserConfiguration(InterfaceProxies.class))::apply);
		fails(bean("x", InvalidMiddlewareTests.StringHook.class));
		fails(bean("x", Lost.class));
		fails(bean("x", BlockingMono.class));
		fails(bean("x", Variable.class));
	}

	private void warnings() {
		warns(properties("async-middleware.enabled=false"));
		warns(properties(PASS + "enabled=false"));
		warns(properties("async-middleware.middleware.absent.order=1"));
		warns((runner) -> runner
			.withInitializer(MiddlewareRunner.environmentVariable("ASYNC_MIDDLEWARE_SERVICE_HOST", "10.0.0.1")));
		warns(properties(PASS + "before=java.util.ArrayList"));
		warns(properties(PASS + "before=" + Pass.class.getName()));
		warns(properties(PASS + "path=/a,/b", PASS + "exclude-path=/a"));
		warns(properties(PASS + "max-concurrent=3"));
		logged(() -> new WebApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(AsyncMiddlewareServletAutoConfiguration.class))
			.withBean("x", Pass.class)
			.run((context) -> assertThat(context).hasNotFailed()));
	}

	private static UnaryOperator<ReactiveWebApplicationContextRunner> bean(String name, Class<?> type) {
		return (runner) -> runner.withBean(name, type);
	}

	private static UnaryOperator<ReactiveWebApplicationContextRunner> configuration(Class<?> type) {
		return (runner) -> runner.withUserConfiguration(type);
	}

	private static UnaryOperator<ReactiveWebApplicationContextRunner> properties(String... properties) {
		return (runner) -> runner.withBean("pass", Pass.class).withPropertyValues(properties);
	}

	private void fails(UnaryOperator<ReactiveWebApplicationContextRunner> application) {
		application.apply(MiddlewareRunner.create()).run((context) -> {
			assertThat(context).hasFailed();
			FailureAnalysis analysis = new InvalidMiddlewareFailureAnalyzer().analyze(context.getStartupFailure());
			assertThat(analysis).as(() -> "" + context.getStartupFailure()).isNotNull();
			see(analysis.getDescription());
		});
	}

	private void warns(UnaryOperator<ReactiveWebApplicationContextRunner> application) {
		logged(() -> application.apply(MiddlewareRunner.create()).run((context) -> assertThat(context).hasNotFailed()));
	}

	private void logged(Runnable application) {
		try (LogCapture log = LogCapture.ofOurs()) {
			application.run();
			List<String> warnings = log.events().stream().filter((event) -> event.startsWith("WARN ")).toList();
			assertThat(warnings).hasSize(1);
			see(warnings.get(0).substring(warnings.get(0).indexOf(": ") + 2));
		}
	}

	/**
	 * The most specific line is meant if there are several.
	 */
	private void see(String text) {
		List<String> matching = this.rows.stream().filter((row) -> pattern(row).matcher(text).matches()).toList();
		assertThat(matching).as("lines for: " + text).isNotEmpty();
		matching.stream().max((one, other) -> Integer.compare(literal(one), literal(other))).ifPresent(this.seen::add);
	}

	private static int literal(String row) {
		return row.replace("…", "").length();
	}

	private static Pattern pattern(String row) {
		return Pattern.compile(Arrays.stream(row.split("…", -1)).map(Pattern::quote).collect(Collectors.joining(".+?")),
				Pattern.DOTALL);
	}

	private static List<String> rows() {
		try (Stream<String> lines = Files.lines(PAGE)) {
			List<String> rows = new ArrayList<>();
			lines.filter((line) -> line.startsWith("| `"))
				.forEach((line) -> rows.add(line.substring("| `".length(), line.indexOf("` |"))));
			return rows;
		}
		catch (IOException ex) {
			throw new IllegalStateException(ex);
		}
	}

	@AsyncMiddleware
	static class Pass extends InvalidMiddlewareTests.PassThrough {

	}

	static class Plain {

		@OnRequest
		void before() {
		}

	}

	@AsyncMiddleware
	static class Two {

		@OnRequest
		void first() {
		}

		@OnRequest
		void second() {
		}

	}

	@AsyncMiddleware
	static class Private {

		@OnRequest
		private void before() {
		}

	}

	@AsyncMiddleware
	static class Static {

		@OnRequest
		static void before() {
		}

	}

	@AsyncMiddleware
	static class Final {

		@OnRequest
		final void before() {
		}

	}

	@AsyncMiddleware
	static class Implementing implements Runnable {

		@Override
		public void run() {
		}

		@OnRequest
		void before() {
		}

	}

	@AsyncMiddleware
	static class Lost {

		@OnResponse
		String after() {
			return "";
		}

	}

	@AsyncMiddleware
	static class BlockingMono {

		@OnResponse(blocking = true)
		Mono<Void> after() {
			return Mono.empty();
		}

	}

	@AsyncMiddleware
	static class Variable {

		@OnRequest
		void before(@PathVariable String id) {
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class ClassProxies {

		@Bean
		static BeanPostProcessor proxies() {
			return new Proxies(true);
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class InterfaceProxies {

		@Bean
		static BeanPostProcessor proxies() {
			return new Proxies(false);
		}

	}

	private record Proxies(boolean ofClass) implements BeanPostProcessor {

		@Override
		public Object postProcessAfterInitialization(Object bean, String beanName) {
			if (!beanName.equals("x")) {
				return bean;
			}
			ProxyFactory factory = new ProxyFactory(bean);
			factory.setProxyTargetClass(this.ofClass);
			return factory.getProxy();
		}

	}

}
