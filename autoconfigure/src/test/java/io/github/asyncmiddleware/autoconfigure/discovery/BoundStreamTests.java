package io.github.asyncmiddleware.autoconfigure.discovery;

import java.util.List;
import java.util.stream.Stream;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.LiveResponse;
import io.github.asyncmiddleware.OnResponse;
import io.github.asyncmiddleware.internal.record.RequestRecord;
import io.github.asyncmiddleware.internal.record.RequestResult;
import io.github.asyncmiddleware.internal.sample.RequestListener;
import io.github.asyncmiddleware.testsupport.PatientClient;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.security.autoconfigure.actuate.web.reactive.ReactiveManagementWebSecurityAutoConfiguration;
import org.springframework.boot.security.autoconfigure.web.reactive.ReactiveWebSecurityAutoConfiguration;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.annotation.Order;
import org.springframework.core.io.ByteArrayResource;
import org.springframework.core.io.Resource;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import org.springframework.http.server.reactive.ServerHttpResponseDecorator;
import org.springframework.test.web.reactive.server.EntityExchangeResult;
import org.springframework.test.web.reactive.server.WebTestClient;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.reactive.function.server.HandlerFilterFunction;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.server.WebFilter;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for streams under {@link WebTestClient#bindToApplicationContext}, whose client
 * reads the body when the exchange has ended.
 */
@SpringBootTest(properties = "spring.main.web-application-type=reactive")
class BoundStreamTests {

	@Autowired
	private ApplicationContext context;

	static Stream<Arguments> streams() {
		return Stream.of("plain", "native", "await", "hooks", "decorated")
			.flatMap((style) -> Stream.of("array", "events", "lines", "resource", "text")
				.map((body) -> Arguments.of(style, body)));
	}

	@ParameterizedTest
	@MethodSource("streams")
	void areReadToTheirEnd(String style, String body) {
		EntityExchangeResult<String> result = PatientClient.of(this.context)
			.get()
			.uri("/" + style + "/" + body)
			.exchange()
			.expectBody(String.class)
			.returnResult();
		assertThat(result.getStatus().value()).isEqualTo(200);
		assertThat(result.getResponseBody()).isEqualTo(switch (body) {
			case "array" -> "[1,2,3]";
			case "events" -> "data:1\n\ndata:2\n\ndata:3\n\n";
			case "lines" -> "1\n2\n3\n";
			default -> "123";
		});
		List<RequestResult> results = this.context.getBean(Results.class).take();
		assertThat(results).containsExactly(RequestResult.OK);
	}

	/**
	 * The first part of the path says which middleware is there.
	 */
	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration(exclude = { ReactiveWebSecurityAutoConfiguration.class,
			ReactiveManagementWebSecurityAutoConfiguration.class })
	static class App {

		@Bean
		@Order(-1)
		WebFilter decorates() {
			return (exchange, chain) -> exchange.getRequest().getPath().value().startsWith("/decorated/")
					? chain.filter(
							exchange.mutate().response(new ServerHttpResponseDecorator(exchange.getResponse())).build())
					: chain.filter(exchange);
		}

		@Bean
		@AsyncMiddleware(path = { "/native/**", "/decorated/**" })
		WebFilter waits() {
			return (exchange, chain) -> chain.filter(exchange).doOnSuccess((done) -> {
			});
		}

		@Bean
		@AsyncMiddleware(path = "/await/**")
		HandlerFilterFunction<LiveResponse, ServerResponse> awaits() {
			return (request, next) -> next.handle(request).map((live) -> live);
		}

		@Bean
		@AsyncMiddleware(path = "/hooks/**")
		Hooks hooks() {
			return new Hooks();
		}

		@Bean
		Results results() {
			return new Results();
		}

		@Bean
		Endpoints endpoints() {
			return new Endpoints();
		}

	}

	static class Hooks {

		@OnResponse
		Mono<Void> add(HttpHeaders headers) {
			return Mono.fromRunnable(() -> headers.set("X-Seen", "yes"));
		}

	}

	/**
	 * Keeps how requests have ended.
	 */
	static class Results implements RequestListener {

		private List<RequestResult> results = List.of();

		@Override
		public void onHead(RequestRecord request) {
		}

		@Override
		public synchronized void onEnd(RequestRecord request, RequestResult result) {
			this.results = Stream.concat(this.results.stream(), Stream.of(result)).toList();
		}

		synchronized List<RequestResult> take() {
			List<RequestResult> results = this.results;
			this.results = List.of();
			return results;
		}

	}

	@RestController
	static class Endpoints {

		@GetMapping(path = "/*/array", produces = MediaType.APPLICATION_JSON_VALUE)
		Flux<Integer> array() {
			return Flux.just(1, 2, 3);
		}

		@GetMapping(path = "/*/events", produces = MediaType.TEXT_EVENT_STREAM_VALUE)
		Flux<Integer> events() {
			return Flux.just(1, 2, 3);
		}

		@GetMapping(path = "/*/lines", produces = MediaType.APPLICATION_NDJSON_VALUE)
		Flux<Integer> lines() {
			return Flux.just(1, 2, 3);
		}

		@GetMapping(path = "/*/resource", produces = MediaType.TEXT_PLAIN_VALUE)
		Resource resource() {
			return new ByteArrayResource("123".getBytes());
		}

		@GetMapping(path = "/*/text", produces = MediaType.TEXT_PLAIN_VALUE)
		Flux<String> text() {
			return Flux.just("1", "2", "3");
		}

	}

}
