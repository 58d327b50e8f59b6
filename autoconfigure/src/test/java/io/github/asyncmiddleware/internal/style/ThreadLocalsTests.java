package io.github.asyncmiddleware.internal.style;

import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Method;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

import io.micrometer.context.ContextRegistry;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Hooks;
import reactor.core.publisher.Mono;
import reactor.util.context.Context;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Tests for {@link ThreadLocals}.
 */
class ThreadLocalsTests {

	private static final Duration PATIENCE = Duration.ofSeconds(10);

	private static final String KEY = "tenant";

	private static final ThreadLocal<@Nullable String> TENANT = new ThreadLocal<>();

	private final ThreadLocals threadLocals = ThreadLocals.detect();

	private final ExecutorService executor = Executors.newSingleThreadExecutor();

	private final Offloader offloader = new Offloader(this.executor, 1, 10);

	private final Limit limit = this.offloader.limit(Integer.MAX_VALUE);

	@BeforeEach
	void register() {
		ContextRegistry.getInstance().registerThreadLocalAccessor(KEY, TENANT);
	}

	@AfterEach
	void clear() throws InterruptedException {
		ContextRegistry.getInstance().removeThreadLocalAccessor(KEY);
		TENANT.remove();
		this.offloader.close();
		this.executor.shutdownNow();
		assertThat(this.executor.awaitTermination(10, TimeUnit.SECONDS)).isTrue();
	}

	@Test
	void setsWhatIsInTheContextForAWhile() {
		TENANT.set("before");
		try (ThreadLocals.Scope scope = this.threadLocals.set(Context.of(KEY, "context"))) {
			assertThat(scope).isNotNull();
			assertThat(TENANT.get()).isEqualTo("context");
		}
		assertThat(TENANT.get()).isEqualTo("before");
	}

	@Test
	void keepsWhatIsNotInTheContext() {
		TENANT.set("before");
		try (ThreadLocals.Scope scope = this.threadLocals.set(Context.empty())) {
			assertThat(scope).isNotNull();
			assertThat(TENANT.get()).isEqualTo("before");
		}
	}

	@Test
	void showsTheWorkWhatTheSubscriberSees() throws Exception {
		TENANT.set("subscriber");
		assertThat(this.limit.call(TENANT::get, (result) -> false).block(PATIENCE)).isEqualTo("subscriber");
		assertThat(onWorker()).isNull();
	}

	@Test
	void showsTheWorkWhatIsInTheContext() throws Exception {
		TENANT.set("subscriber");
		Mono<String> call = this.limit.<String>call(TENANT::get, (result) -> false)
			.contextWrite(Context.of(KEY, "ctx"));
		assertThat(call.block(PATIENCE)).isEqualTo("ctx");
		assertThat(onWorker()).isNull();
	}

	@Test
	void takesThemWhenSubscribedTo() {
		TENANT.set("assembly");
		Mono<String> call = this.limit.call(TENANT::get, (result) -> false);
		TENANT.set("subscription");
		assertThat(call.block(PATIENCE)).isEqualTo("subscription");
	}

	@Test
	void hidesWhatAnotherHasLeftOnTheWorker() throws Exception {
		this.executor.submit(() -> TENANT.set("left")).get(10, TimeUnit.SECONDS);
		assertThat(this.limit.call(() -> "sees " + TENANT.get(), (result) -> false).block(PATIENCE))
			.isEqualTo("sees null");
		assertThat(onWorker()).isEqualTo("left");
	}

	@Test
	void leavesNothingBehindThatTheWorkHasSet() throws Exception {
		this.limit.call(() -> {
			TENANT.set("mine");
			return null;
		}, (result) -> false).block(PATIENCE);
		assertThat(onWorker()).isNull();
	}

	@Test
	void leavesNothingBehindWhenTheWorkThrows() throws Exception {
		TENANT.set("subscriber");
		assertThatIllegalStateException().isThrownBy(() -> this.limit.call(() -> {
			TENANT.set("mine");
			throw new IllegalStateException("test");
		}, (result) -> false).block(PATIENCE));
		assertThat(onWorker()).isNull();
	}

	@Test
	void restoresTheThreadBeforeItEmits() {
		TENANT.set("subscriber");
		String seen = this.limit.call(() -> "work", (result) -> true)
			.map((result) -> "sees " + TENANT.get())
			.block(PATIENCE);
		assertThat(seen).isEqualTo("sees null");
	}

	@Test
	void carriesTheContextAlongASharedHop() {
		Mono<String> chain = this.limit.call(() -> "A:" + TENANT.get(), (result) -> true)
			.flatMap((first) -> this.limit.<String>call(() -> first + " B:" + TENANT.get(), (result) -> true))
			.contextWrite(Context.of(KEY, "ctx"));
		assertThat(chain.block(PATIENCE)).isEqualTo("A:ctx B:ctx");
	}

	@Test
	void agreesWithAutomaticPropagation() throws Exception {
		Hooks.enableAutomaticContextPropagation();
		try {
			Mono<String> chain = this.limit.<String>call(TENANT::get, (result) -> true)
				.map((first) -> first + " " + TENANT.get())
				.flatMap((first) -> this.limit.<String>call(() -> first + " " + TENANT.get(), (result) -> true))
				.map((both) -> both + " " + TENANT.get())
				.contextWrite(Context.of(KEY, "ctx"));
			assertThat(chain.block(PATIENCE)).isEqualTo("ctx ctx ctx ctx");
			assertThat(onWorker()).isNull();
		}
		finally {
			Hooks.disableAutomaticContextPropagation();
		}
	}

	@Test
	void signalsThatTheyCouldNotBeCaptured() {
		ContextRegistry.getInstance().registerThreadLocalAccessor(KEY, () -> {
			throw new IllegalStateException("no tenant");
		}, (value) -> {
		}, () -> {
		});
		assertThatIllegalStateException()
			.isThrownBy(() -> this.limit.call(() -> "never", (result) -> false).block(PATIENCE))
			.withMessage("no tenant");
		assertThat(this.offloader.active()).isZero();
	}

	@Test
	void signalsThatTheyCouldNotBeSet() {
		ContextRegistry.getInstance().registerThreadLocalAccessor(KEY, () -> "tenant", (value) -> {
			throw new IllegalStateException("no place for " + value);
		}, () -> {
		});
		assertThatIllegalStateException()
			.isThrownBy(() -> this.limit.call(() -> "never", (result) -> false).block(PATIENCE))
			.withMessage("no place for tenant");
		assertThat(this.offloader.active()).isZero();
	}

	@Test
	void usesTheLibraryIfItIsThere() {
		assertThat(this.threadLocals).isInstanceOf(ContextPropagationThreadLocals.class);
	}

	@Test
	void carriesNothingWithoutTheLibrary() throws Exception {
		ClassLoader classLoader = new WithoutContextPropagation();
		Class<?> type = classLoader.loadClass(ThreadLocals.class.getName());
		Method detect = type.getDeclaredMethod("detect");
		detect.setAccessible(true);
		Object detected = detect.invoke(null);
		assertThat(detected.getClass().getClassLoader()).isSameAs(classLoader);
		assertThat(detected.getClass().getName()).isEqualTo(ThreadLocals.NoThreadLocals.class.getName());
	}

	@Test
	void leavesEverythingAloneWithoutTheLibrary() {
		TENANT.set("before");
		ThreadLocals.Snapshot snapshot = ThreadLocals.NONE.capture(Context.of(KEY, "context"));
		ThreadLocals.Scope scope = ThreadLocals.NONE.set(Context.of(KEY, "context"));
		ThreadLocals.Scope other = snapshot.set();
		assertThat(TENANT.get()).isEqualTo("before");
		other.close();
		scope.close();
		assertThat(TENANT.get()).isEqualTo("before");
	}

	private @Nullable String onWorker() throws Exception {
		return this.executor.submit(TENANT::get).get(10, TimeUnit.SECONDS);
	}

	/**
	 * Loads the classes of this package anew, and none of the library.
	 */
	private static final class WithoutContextPropagation extends ClassLoader {

		WithoutContextPropagation() {
			super(ThreadLocals.class.getClassLoader());
		}

		@Override
		protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
			if (name.startsWith("io.micrometer.context.")) {
				throw new ClassNotFoundException(name);
			}
			Class<?> loaded = findLoadedClass(name);
			if (loaded != null) {
				return loaded;
			}
			return name.startsWith(ThreadLocals.class.getPackageName()) ? define(name) : super.loadClass(name, resolve);
		}

		private Class<?> define(String name) throws ClassNotFoundException {
			try (InputStream stream = getParent().getResourceAsStream(name.replace('.', '/') + ".class")) {
				if (stream == null) {
					throw new ClassNotFoundException(name);
				}
				byte[] bytes = stream.readAllBytes();
				return defineClass(name, bytes, 0, bytes.length);
			}
			catch (IOException ex) {
				throw new ClassNotFoundException(name, ex);
			}
		}

	}

}
