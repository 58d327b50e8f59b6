package io.github.asyncmiddleware.faults;

import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.LiveResponse;
import io.github.asyncmiddleware.OnFailure;
import io.github.asyncmiddleware.OnRequest;
import io.github.asyncmiddleware.OnResponse;
import io.github.asyncmiddleware.testsupport.boot.Answer;
import io.github.asyncmiddleware.testsupport.boot.Protocol;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.annotation.Order;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.ResponseCookie;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.http.server.reactive.ServerHttpResponseDecorator;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestAttribute;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.reactive.function.server.HandlerFilterFunction;
import org.springframework.web.reactive.function.server.ServerResponse;
import org.springframework.web.server.WebFilter;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for a part of the chain that was given up, or was told that its answer is sent,
 * and has something to do before the head of whatever is sent: its response hooks and its
 * commit actions have their effect.
 */
class GivenUpPartTests {

	@RegisterExtension
	static final FaultServers servers = new FaultServers(App.class, "fails", "slow");

	static Stream<Arguments> cases() {
		return Cases.of(List.of("times-out 504", "falls-back 502", "replaces 202", "holds 200", "none 200"),
				Cases.METHODS, Cases.protocols());
	}

	@ParameterizedTest
	@MethodSource("cases")
	void addsToWhatIsSentInstead(String how, String method, Protocol protocol) {
		String[] words = how.split(" ");
		Answer answer = servers.get(OnFailure.FAIL).exchange(protocol, method, "/" + words[0] + "/inner").answer();
		assertThat(answer.status()).isEqualTo(Integer.parseInt(words[1]));
		assertThat(answer.headers().get("X-Stamp")).containsExactly(words[1]);
		assertThat(answer.headers().get("X-Stamp-Later")).containsExactly(words[1]);
		assertThat(answer.headers().get(HttpHeaders.SET_COOKIE)).containsExactly("stamp=1");
		assertThat(answer.headers().get("X-Frame-Options")).containsExactly("DENY");
	}

	@ParameterizedTest
	@MethodSource("cases")
	void addsToWhatIsSentInsteadThroughAResponseThatIsDecorated(String how, String method, Protocol protocol) {
		String[] words = how.split(" ");
		Answer answer = servers.get(OnFailure.FAIL).exchange(protocol, method, "/" + words[0] + "/decorated").answer();
		assertThat(answer.status()).isEqualTo(Integer.parseInt(words[1]));
		assertThat(answer.headers().get("X-Stamp")).containsExactly(words[1]);
		assertThat(answer.headers().get("X-Stamp-Later")).containsExactly(words[1]);
		assertThat(answer.headers().get(HttpHeaders.SET_COOKIE)).containsExactly("stamp=1");
	}

	static Stream<Arguments> own() {
		return Cases.of(List.of("fails", "slow"), List.of(OnFailure.values()), Cases.METHODS, Cases.protocols());
	}

	@ParameterizedTest
	@MethodSource("own")
	void addsToWhatIsSentWithoutItsRequestHook(String how, OnFailure onFailure, String method, Protocol protocol) {
		Answer answer = servers.get(onFailure).exchange(protocol, method, "/" + how + "/own").answer();
		int failure = how.equals("slow") ? 503 : 500;
		assertThat(answer.status()).isEqualTo((onFailure == OnFailure.SKIP) ? 200 : failure);
		assertThat(answer.headers().get("X-Own")).containsExactly("yes");
	}

	/**
	 * The first part of the path says how what is further in is given up.
	 */
	@Configuration(proxyBeanMethods = false)
	static class App {

		@Bean
		@AsyncMiddleware(order = 10, path = "/times-out/**")
		WebFilter timesOut() {
			return (exchange, chain) -> {
				Sinks.Empty<Void> reached = Sinks.empty();
				exchange.getAttributes().put("reached", reached);
				return chain.filter(exchange)
					.timeout(reached.asMono().publishOn(Schedulers.parallel()),
							Mono.defer(() -> Texts.answer(exchange, 504, "gave up")));
			};
		}

		@Bean
		@AsyncMiddleware(order = 10, path = "/falls-back/**")
		HandlerFilterFunction<LiveResponse, ServerResponse> fallsBack() {
			return (request, next) -> next.handle(request)
				.cast(ServerResponse.class)
				.onErrorResume((ex) -> ServerResponse.status(502).build());
		}

		@Bean
		@AsyncMiddleware(order = 10, path = "/replaces/**")
		HandlerFilterFunction<LiveResponse, ServerResponse> replaces() {
			return (request, next) -> next.handle(request).flatMap((live) -> ServerResponse.status(202).build());
		}

		@Bean
		@AsyncMiddleware(order = 10, path = "/holds/**")
		HandlerFilterFunction<LiveResponse, ServerResponse> holds() {
			return (request,
					next) -> next.handle(request).delayElement(Duration.ofMillis(5)).cast(ServerResponse.class);
		}

		@Bean
		@AsyncMiddleware(order = 10, path = "/fails/**")
		Fails fails() {
			return new Fails();
		}

		@Bean
		@AsyncMiddleware(order = 10, path = "/slow/**", timeout = "50ms")
		Slow slow() {
			return new Slow();
		}

		/** As the filter that writes the headers of Spring Security. */
		@Bean
		@Order(20)
		WebFilter security() {
			return (exchange, chain) -> {
				if (Texts.lastOf(exchange).equals("decorated")) {
					return chain.filter(exchange.mutate()
						.response(new ServerHttpResponseDecorator(exchange.getResponse()))
						.build());
				}
				exchange.getResponse()
					.beforeCommit(() -> Mono
						.fromRunnable(() -> exchange.getResponse().getHeaders().add("X-Frame-Options", "DENY")));
				return chain.filter(exchange);
			};
		}

		@Bean
		@AsyncMiddleware(order = 30)
		Stamp stamp() {
			return new Stamp();
		}

		@Bean
		@AsyncMiddleware(order = 40)
		StampsLater stampsLater() {
			return new StampsLater();
		}

		@Bean
		Endpoints endpoints() {
			return new Endpoints();
		}

	}

	static class Stamp {

		@OnResponse
		void add(ServerHttpResponse response, HttpStatusCode status) {
			response.getHeaders().add("X-Stamp", String.valueOf(status.value()));
			response.addCookie(ResponseCookie.from("stamp", "1").build());
		}

	}

	static class StampsLater {

		@OnResponse
		Mono<Void> add(HttpHeaders headers, HttpStatusCode status) {
			return Mono.delay(Duration.ofMillis(1))
				.doOnNext((tick) -> headers.add("X-Stamp-Later", String.valueOf(status.value())))
				.then();
		}

	}

	/**
	 * Has something to do before the head.
	 */
	static class Own {

		@OnResponse
		void add(HttpHeaders headers) {
			headers.add("X-Own", "yes");
		}

	}

	static class Fails extends Own {

		@OnRequest
		Mono<Void> check() {
			return Mono.error(new IllegalStateException("fails"));
		}

	}

	static class Slow extends Own {

		@OnRequest
		Mono<Void> check() {
			return Mono.never();
		}

	}

	@RestController
	static class Endpoints {

		@GetMapping("/times-out/*")
		Mono<String> never(@RequestAttribute Sinks.Empty<Void> reached) {
			return Mono.<String>never().doOnSubscribe((subscription) -> reached.tryEmitEmpty());
		}

		@GetMapping("/falls-back/*")
		Mono<String> fails() {
			return Mono.error(new IllegalStateException("handler"));
		}

		@GetMapping("/*/*")
		String text() {
			return "answer";
		}

	}

}
