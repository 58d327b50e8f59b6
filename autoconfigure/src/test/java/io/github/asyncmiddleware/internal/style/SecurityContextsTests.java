package io.github.asyncmiddleware.internal.style;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

import io.github.asyncmiddleware.OnRequest;
import io.github.asyncmiddleware.OnResponse;
import io.github.asyncmiddleware.internal.chain.MiddlewareCode;
import io.github.asyncmiddleware.internal.chain.ResponseHook;
import io.github.asyncmiddleware.testsupport.RecordingListener;
import io.github.asyncmiddleware.testsupport.TestChain;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.util.context.Context;

import org.springframework.http.HttpStatus;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.mock.http.server.reactive.MockServerHttpResponse;
import org.springframework.mock.web.server.MockServerWebExchange;
import org.springframework.security.authentication.BadCredentialsException;
import org.springframework.security.authentication.TestingAuthenticationToken;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.context.ReactiveSecurityContextHolder;
import org.springframework.security.core.context.SecurityContext;
import org.springframework.security.core.context.SecurityContextHolder;
import org.springframework.security.core.context.SecurityContextImpl;
import org.springframework.web.server.WebSession;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link SecurityContexts}: what a hook finds in {@link SecurityContextHolder}
 * does not depend on how the security context is kept, nor on where the hook runs.
 */
class SecurityContextsTests {

	private static final Duration PATIENCE = Duration.ofSeconds(10);

	private final List<String> seen = Collections.synchronizedList(new ArrayList<>());

	private final RecordingListener listener = new RecordingListener();

	private final ExecutorService executor = Executors.newCachedThreadPool();

	private final Offloader offloader = new Offloader(this.executor, 4, 16);

	@AfterEach
	void stop() {
		this.executor.shutdownNow();
		assertThat(SecurityContextHolder.getContext().getAuthentication()).isNull();
		reactor.core.publisher.Hooks.resetOnOperatorDebug();
	}

	/**
	 * How the security context is kept.
	 */
	enum Kept {

		KNOWN {

			@Override
			Mono<SecurityContext> load() {
				return Mono.just(ann());
			}

		},

		LOADED {

			@Override
			Mono<SecurityContext> load() {
				return Mono.fromSupplier(Kept::ann);
			}

		},

		LOADED_LATER {

			@Override
			Mono<SecurityContext> load() {
				return Mono.delay(Duration.ofMillis(5)).map((tick) -> ann());
			}

		},

		LOADED_EMPTY {

			@Override
			Mono<SecurityContext> load() {
				return Mono.defer(Mono::empty);
			}

		},

		FAILED {

			@Override
			Mono<SecurityContext> load() {
				return Mono.error(new BadCredentialsException("token"));
			}

		},

		FAILED_LATER {

			@Override
			Mono<SecurityContext> load() {
				return Mono.delay(Duration.ofMillis(5)).then(FAILED.load());
			}

		},

		/** Nobody knows who it is. */
		BROKEN {

			@Override
			Mono<SecurityContext> load() {
				return Mono.defer(() -> Mono.error(new IllegalStateException("store")));
			}

		};

		abstract Mono<SecurityContext> load();

		private static SecurityContext ann() {
			return new SecurityContextImpl(new TestingAuthenticationToken("ann", "secret"));
		}

		String user() {
			return switch (this) {
				case KNOWN, LOADED, LOADED_LATER -> "ann";
				case LOADED_EMPTY, FAILED, FAILED_LATER, BROKEN -> "nobody";
			};
		}

	}

	static Stream<Arguments> kinds() {
		return Stream.of(Kept.values())
			.filter((kept) -> kept != Kept.BROKEN)
			.flatMap((kept) -> Stream.of("blocking", "in-place", "session", "later")
				.flatMap((kind) -> Stream.of(false, true).map((concurrent) -> Arguments.of(kept, kind, concurrent))));
	}

	@ParameterizedTest
	@MethodSource("kinds")
	void aHookSeesWhoItIs(Kept kept, String kind, boolean concurrent) throws Exception {
		run(kept, new TestChain().middleware("a", code(bean(kind), concurrent))
			.middleware("b", code(bean(kind), concurrent)));
		assertThat(this.seen).containsExactly(kept.user(), kept.user(), "handled");
		assertThat(this.listener.take().results()).containsExactly("security PASSED", "a PASSED", "b PASSED");
	}

	@ParameterizedTest
	@ValueSource(strings = { "blocking", "in-place", "session", "later" })
	void aUserWhoCannotBeLookedUpIsAFailureOfTheHook(String kind) throws Exception {
		run(Kept.BROKEN, new TestChain().quietErrors().middleware("a", code(bean(kind), false)));
		assertThat(this.seen).isEmpty();
		assertThat(this.listener.take().results()).containsExactly("security PASSED", "a FAILED");
	}

	@ParameterizedTest
	@EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "BROKEN")
	void aHookSeesWhoItIsWhileOperatorsAreDebugged(Kept kept) throws Exception {
		reactor.core.publisher.Hooks.onOperatorDebug();
		run(kept, new TestChain().middleware("a", code(new InPlace(this.seen), false)));
		assertThat(this.seen).containsExactly(kept.user(), "handled");
	}

	@ParameterizedTest
	@EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "BROKEN")
	void aResponseHookSeesWhoItIs(Kept kept) throws Throwable {
		ResponseHook hook = code(new Response(this.seen), false).onResponse();
		assertThat(hook).isNotNull();
		Context context = ReactiveSecurityContextHolder.withSecurityContext(kept.load());
		Mono<Void> work = hook.onResponse(MockServerWebExchange.from(MockServerHttpRequest.get("/")), context);
		if (kept == Kept.KNOWN || kept == Kept.FAILED) {
			assertThat(work).isNull();
		}
		else {
			assertThat(work).isNotNull();
			assertThat(this.seen).isEmpty();
			work.contextWrite(context).block(PATIENCE);
		}
		assertThat(this.seen).containsExactly(kept.user());
	}

	@ParameterizedTest
	@EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "BROKEN")
	void aResponseHookSeesWhoItIsBeforeTheHead(Kept kept) throws Exception {
		run(kept, new TestChain().middleware("a", code(new Response(this.seen), false))
			.middleware("b", code(new Response(this.seen), false)));
		assertThat(this.seen).containsExactly("handled", kept.user(), kept.user());
		assertThat(this.listener.take().results()).containsExactly("security PASSED", "a PASSED", "b PASSED");
	}

	@Test
	void aResponseHookSeesWhoItIsWhereNoEngineRunsIt() {
		MockServerWebExchange exchange = MockServerWebExchange.from(MockServerHttpRequest.get("/"));
		code(new Response(this.seen), false).filter()
			.filter(exchange, (chained) -> chained.getResponse().setComplete())
			.contextWrite(ReactiveSecurityContextHolder.withSecurityContext(Kept.LOADED_LATER.load()))
			.block(PATIENCE);
		assertThat(this.seen).containsExactly("ann");
	}

	/**
	 * What a hook has done to an answer is gone with it, also where it only waits for the
	 * security context: the answer is given up, by a filter inside of both, while the
	 * second hook waits for it.
	 */
	@Test
	void nothingOfAResponseHookIsLeftOfAnAnswerThatIsGivenUpMeanwhile() {
		AtomicInteger loads = new AtomicInteger();
		Sinks.Empty<Void> waits = Sinks.empty();
		Mono<SecurityContext> load = Mono.defer(() -> {
			if (loads.incrementAndGet() != 2) {
				return Kept.LOADED.load();
			}
			return Mono.<SecurityContext>never().doOnSubscribe((subscription) -> waits.tryEmitEmpty());
		});
		MockServerHttpResponse response = new MockServerHttpResponse();
		new TestChain()
			.middleware("security",
					(exchange, next) -> next.filter(exchange)
						.contextWrite(ReactiveSecurityContextHolder.withSecurityContext(load)))
			.middleware("outer", code(new Response(this.seen), false))
			.middleware("inner", code(new Adds(), false))
			.foreign("gives-up", (exchange, next) -> next.filter(exchange).timeout(waits.asMono(), Mono.defer(() -> {
				exchange.getResponse().setRawStatusCode(504);
				return exchange.getResponse().setComplete();
			})))
			.build()
			.handle(MockServerHttpRequest.get("/").build(), response)
			.block(PATIENCE);
		assertThat(response.getStatusCode()).isEqualTo(HttpStatus.GATEWAY_TIMEOUT);
		assertThat(response.getHeaders().get("X-Added")).containsExactly("yes");
		assertThat(this.seen).containsExactly("ann");
	}

	private void run(Kept kept, TestChain hooks) {
		TestChain chain = new TestChain().listener(this.listener)
			.middleware("security", (exchange, next) -> next.filter(exchange)
				.contextWrite(ReactiveSecurityContextHolder.withSecurityContext(kept.load())));
		hooks.middlewares().forEach((middleware) -> chain.middleware(middleware.name(), middleware.code()));
		TestChain.get(chain.build((exchange) -> {
			this.seen.add("handled");
			return exchange.getResponse().setComplete();
		}), "/");
	}

	private Object bean(String kind) {
		return switch (kind) {
			case "blocking" -> new Blocking(this.seen);
			case "in-place" -> new InPlace(this.seen);
			case "session" -> new InPlaceSession(this.seen);
			default -> new Later(this.seen);
		};
	}

	private MiddlewareCode code(Object bean, boolean concurrent) {
		return HookCodes.of(bean, concurrent, () -> this.offloader);
	}

	private static void look(List<String> seen) {
		@Nullable Authentication authentication = SecurityContextHolder.getContext().getAuthentication();
		seen.add((authentication != null) ? authentication.getName() : "nobody");
	}

	record Blocking(List<String> seen) {

		@OnRequest
		void run() {
			look(this.seen);
		}

	}

	record InPlace(List<String> seen) {

		@OnRequest(blocking = false)
		void run() {
			look(this.seen);
		}

	}

	record InPlaceSession(List<String> seen) {

		@OnRequest(blocking = false)
		void run(WebSession session) {
			look(this.seen);
		}

	}

	record Later(List<String> seen) {

		@OnRequest
		Mono<Void> run() {
			look(this.seen);
			return Mono.empty();
		}

	}

	record Response(List<String> seen) {

		@OnResponse
		void run() {
			look(this.seen);
		}

	}

	record Adds() {

		@OnResponse
		void run(ServerHttpResponse response) {
			response.getHeaders().add("X-Added", "yes");
		}

	}

}
