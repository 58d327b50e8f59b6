package io.github.asyncmiddleware.foreign;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.actuate.AsyncMiddlewareEndpoint;
import io.github.asyncmiddleware.actuate.AsyncMiddlewareEndpoint.ChainDescriptor;
import io.github.asyncmiddleware.actuate.AsyncMiddlewareEndpoint.ForeignFilterDescriptor;
import io.github.asyncmiddleware.testsupport.Blocking;
import io.github.asyncmiddleware.testsupport.TimingHeader;
import io.github.asyncmiddleware.testsupport.boot.Answer;
import io.github.asyncmiddleware.testsupport.boot.BootServer;
import io.github.asyncmiddleware.testsupport.boot.Client;
import io.github.asyncmiddleware.testsupport.boot.Protocol;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.publisher.Mono;

import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.core.env.Environment;
import org.springframework.http.server.reactive.HttpHandler;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for the property that has foreign filters measured.
 */
@ExtendWith(OutputCaptureExtension.class)
class MeasuredFiltersIntegrationTests {

	private static final String MEASURED = "async-middleware.foreign-filters=measured";

	private static final String EXPOSED = "management.endpoints.web.exposure.include=asyncmiddleware,health";

	@Test
	void namesTheSlowFilterOfAnApplicationWithoutMiddlewares() {
		try (BootServer server = BootServer.start(ForeignOnly.class, MEASURED, EXPOSED,
				"async-middleware.server-timing=detailed")) {
			String timing = get(server, "/hello").fields().get("server-timing");
			assertThat(TimingHeader.parse(timing).names()).containsExactly("ordered", "slow", "lambda", "app", "total");
			for (int i = 0; i < 4; i++) {
				get(server, "/hello");
			}
			ChainDescriptor chain = chain(server, 5);
			assertThat(chain.middlewares()).allMatch(ForeignFilterDescriptor.class::isInstance);
			assertThat(rows(chain)).extracting(ForeignFilterDescriptor::name)
				.containsExactly("ordered", "slow", "lambda");
			assertThat(rows(chain)).filteredOn((row) -> row.own().p50() >= 200)
				.extracting(ForeignFilterDescriptor::name)
				.containsExactly("slow");
			assertThat(rows(chain)).allSatisfy((row) -> assertThat(row.results()).isEqualTo(Map.of("passed", 5L)));
			assertThat(server.records().counts()).containsEntry("own slow passed", 5)
				.containsEntry("ttfb lambda SUCCESS", 5);
		}
	}

	@Test
	void measuresNothingByDefault() {
		try (BootServer server = BootServer.start(ForeignOnly.class, EXPOSED)) {
			get(server, "/hello");
			assertThat(rows(server.bean(AsyncMiddlewareEndpoint.class).chain(null, null)))
				.allSatisfy((row) -> assertThat(row.own()).isNull());
			assertThat(server.bean(SimpleMeterRegistry.class).getMeters())
				.noneMatch((meter) -> meter.getId().getName().startsWith("async.middleware"));
			assertThat(server.bean(HttpHandler.class).getClass().getName()).startsWith("org.springframework");
		}
	}

	@Test
	void measuresNothingWhereTheLibraryIsOff() {
		try (BootServer server = BootServer.start(ForeignOnly.class, MEASURED, "async-middleware.enabled=false")) {
			assertThat(server.bean(HttpHandler.class).getClass().getName()).startsWith("org.springframework");
		}
	}

	@Test
	void registersMetersAtTheStart() {
		try (BootServer server = BootServer.start(ForeignOnly.class, MEASURED)) {
			SimpleMeterRegistry registry = server.bean(SimpleMeterRegistry.class);
			for (String name : List.of("ordered", "slow", "lambda")) {
				assertThat(registry.get("async.middleware.own").tag("middleware", name).timer().count()).isZero();
				assertThat(registry.get("async.middleware.active").tag("middleware", name).gauge().value()).isZero();
			}
		}
	}

	@Test
	void saysInTheLogWhatIsMeasured(CapturedOutput output) {
		try (BootServer server = BootServer.start(Mixed.class, MEASURED)) {
			assertThat(output)
				.contains("Filter chain: before (-5, foreign, measured) > ours (0) > after (5, foreign, measured)");
		}
	}

	@Test
	void measuresBeforeAndAfterMiddlewares() {
		try (BootServer server = BootServer.start(Mixed.class, MEASURED)) {
			assertThat(get(server, "/hello").body()).isEqualTo("hello [before, ours, after]");
			Awaitility.await()
				.untilAsserted(() -> assertThat(server.records().counts()).containsOnly(
						Map.entry("own before passed", 1), Map.entry("own ours passed", 1),
						Map.entry("own after passed", 1), Map.entry("ttfb before SUCCESS", 1),
						Map.entry("ttfb ours SUCCESS", 1), Map.entry("ttfb after SUCCESS", 1),
						Map.entry("request.ttfb 200", 1), Map.entry("requests ok", 1)));
		}
	}

	@Test
	void addsUpToTheTimeToFirstByte() {
		try (BootServer server = BootServer.start(Mixed.class, MEASURED)) {
			get(server, "/hello");
			Awaitility.await()
				.untilAsserted(() -> assertThat(server.records().counts()).containsEntry("requests ok", 1)
					.containsEntry("own before passed", 1)
					.containsEntry("own after passed", 1));
			SimpleMeterRegistry registry = server.bean(SimpleMeterRegistry.class);
			double own = registry.get("async.middleware.own")
				.timers()
				.stream()
				.mapToDouble((timer) -> timer.totalTime(TimeUnit.NANOSECONDS))
				.sum();
			double app = nanoseconds(registry, "async.middleware.app", "outcome", "SUCCESS");
			assertThat(own + app).isEqualTo(nanoseconds(registry, "async.middleware.ttfb", "middleware", "before"));
		}
	}

	private static double nanoseconds(SimpleMeterRegistry registry, String meter, String key, String value) {
		return registry.get(meter).tag(key, value).timer().totalTime(TimeUnit.NANOSECONDS);
	}

	/**
	 * One filter in two handlers is one row.
	 */
	@Test
	void measuresInTheHandlerOfTheManagementServerToo() {
		try (BootServer server = BootServer.start(ForeignOnly.class, MEASURED, EXPOSED, "management.server.port=0")) {
			get(server, "/hello");
			int port = server.bean(Environment.class).getRequiredProperty("local.management.port", Integer.class);
			assertThat(Client.exchange(Protocol.HTTP_1_1, port, "GET", "/actuator/health").status()).isEqualTo(200);
			ChainDescriptor chain = chain(server, 2);
			assertThat(rows(chain)).extracting(ForeignFilterDescriptor::name)
				.containsExactly("ordered", "slow", "lambda");
			assertThat(rows(chain)).allSatisfy((row) -> assertThat(row.results()).isEqualTo(Map.of("passed", 2L)));
		}
	}

	@Test
	void namesAFilterThatBlocksAnEventLoop(CapturedOutput output) {
		try (BootServer server = BootServer.start(BlockingFilter.class, MEASURED)) {
			Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> {
				get(server, "/hello");
				return server.records().count("blocked blocks") > 0;
			});
			assertThat(output).contains("[blocked_event_loop] The filter 'blocks' (")
				.contains("Wait without blocking, or move the code to a thread that may block");
		}
	}

	@Test
	void showsItOnTheEndpointAsJson() {
		try (BootServer server = BootServer.start(Mixed.class, MEASURED, EXPOSED)) {
			String json = get(server, "/actuator/asyncmiddleware/before").body();
			assertThat(json).startsWith("{\"name\":\"before\",\"type\":\"")
				.contains(
						"\"order\":-5,\"foreign\":true,\"ttfb\":{\"count\":0},\"own\":{\"count\":0},\"results\":{},\"blocked\":0");
		}
		try (BootServer server = BootServer.start(Mixed.class, EXPOSED)) {
			assertThat(get(server, "/actuator/asyncmiddleware/before").body())
				.endsWith("\"order\":-5,\"foreign\":true}");
		}
	}

	private static ChainDescriptor chain(BootServer server, long count) {
		AsyncMiddlewareEndpoint endpoint = server.bean(AsyncMiddlewareEndpoint.class);
		return Awaitility.await()
			.until(() -> endpoint.chain(null, null),
					(chain) -> rows(chain).stream().allMatch((row) -> row.own().count() == count));
	}

	private static List<ForeignFilterDescriptor> rows(ChainDescriptor chain) {
		return chain.middlewares()
			.stream()
			.filter(ForeignFilterDescriptor.class::isInstance)
			.map(ForeignFilterDescriptor.class::cast)
			.toList();
	}

	private static Answer get(BootServer server, String path) {
		return Client.exchange(Protocol.HTTP_1_1, server.port(), "GET", path);
	}

	private static WebFilter tracing(String name) {
		return (exchange, chain) -> {
			exchange.getAttributes().merge("ran", name, (all, last) -> all + ", " + last);
			return chain.filter(exchange);
		};
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class ForeignOnly {

		@Bean
		@Order(1)
		OrderedFilter ordered() {
			return new OrderedFilter();
		}

		@Bean
		@Order(2)
		SlowFilter slow() {
			return new SlowFilter();
		}

		@Bean
		WebFilter lambda() {
			return (exchange, chain) -> chain.filter(exchange);
		}

		@Bean
		Controller controller() {
			return new Controller();
		}

	}

	static class OrderedFilter implements WebFilter, Ordered {

		@Override
		public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
			return chain.filter(exchange);
		}

		@Override
		public int getOrder() {
			return -1;
		}

	}

	static class SlowFilter implements WebFilter {

		@Override
		public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
			return Mono.delay(Duration.ofMillis(200)).then(chain.filter(exchange));
		}

	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class Mixed {

		@Bean
		@Order(-5)
		WebFilter before() {
			return tracing("before");
		}

		@Bean
		@AsyncMiddleware
		WebFilter ours() {
			return tracing("ours");
		}

		@Bean
		@Order(5)
		WebFilter after() {
			return tracing("after");
		}

		@Bean
		Controller controller() {
			return new Controller();
		}

	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class BlockingFilter {

		@Bean
		WebFilter blocks() {
			return (exchange, chain) -> {
				Blocking.WAIT.block(Duration.ofMillis(500));
				return chain.filter(exchange);
			};
		}

		@Bean
		Controller controller() {
			return new Controller();
		}

	}

	@RestController
	static class Controller {

		@GetMapping("/hello")
		String hello(ServerWebExchange exchange) {
			return "hello [" + exchange.getAttribute("ran") + "]";
		}

	}

}
