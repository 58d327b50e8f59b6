package io.github.asyncmiddleware.internal.style;

import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Method;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import io.micrometer.context.ContextRegistry;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.MDC;
import reactor.core.publisher.Hooks;
import reactor.core.publisher.Mono;
import reactor.util.context.Context;

import org.springframework.core.task.support.ContextPropagatingTaskDecorator;

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
		MDC.clear();
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
	void carriesTheContextAlongASharedThread() {
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
	void takesAwayWhatWasSetInPlace() {
		try (ThreadLocals.Scope scope = this.threadLocals.set(Context.empty())) {
			assertThat(scope).isNotNull();
			TENANT.set("mine");
			MDC.put(KEY, "mine");
		}
		assertThat(TENANT.get()).isNull();
		assertThat(MDC.getCopyOfContextMap()).isNullOrEmpty();
	}

	@Test
	void restoresWhatWasChangedInPlace() {
		TENANT.set("before");
		MDC.put(KEY, "before");
		MDC.put("other", "before");
		try (ThreadLocals.Scope scope = this.threadLocals.set(Context.of(KEY, "context"))) {
			assertThat(scope).isNotNull();
			assertThat(MDC.get(KEY)).isEqualTo("before");
			TENANT.remove();
			MDC.clear();
			MDC.put("another", "mine");
		}
		assertThat(TENANT.get()).isEqualTo("before");
		assertThat(MDC.getCopyOfContextMap()).isEqualTo(Map.of(KEY, "before", "other", "before"));
	}

	@Test
	void restoresWhatWasSetBeforeAnAccessorFails() {
		MDC.put(KEY, "before");
		ContextRegistry.getInstance().registerThreadLocalAccessor("fails", () -> null, (value) -> {
			MDC.put(KEY, "half");
			throw new IllegalStateException("no place for " + value);
		}, () -> {
		});
		try {
			assertThatIllegalStateException()
				.isThrownBy(() -> this.threadLocals.set(Context.of(KEY, "context", "fails", "value")));
			assertThat(TENANT.get()).isNull();
			assertThat(MDC.get(KEY)).isEqualTo("before");
		}
		finally {
			ContextRegistry.getInstance().removeThreadLocalAccessor("fails");
		}
	}

	/**
	 * What the registry returns is its own list, which another thread may change.
	 */
	@Test
	void restoresEachWithItsOwnAccessorWhereOneIsTakenAwayMeanwhile() {
		ThreadLocal<@Nullable String> other = new ThreadLocal<>();
		ContextRegistry.getInstance().registerThreadLocalAccessor("other", other);
		try {
			TENANT.set("before");
			try (ThreadLocals.Scope scope = this.threadLocals.set(Context.of(KEY, "context", "other", "set"))) {
				assertThat(scope).isNotNull();
				assertThat(other.get()).isEqualTo("set");
				ContextRegistry.getInstance().removeThreadLocalAccessor(KEY);
			}
			assertThat(TENANT.get()).isEqualTo("before");
			assertThat(other.get()).isNull();
		}
		finally {
			ContextRegistry.getInstance().removeThreadLocalAccessor("other");
		}
	}

	@Test
	void showsTheWorkTheDiagnosticContextOfTheSubscriberAndNoOther() throws Exception {
		this.executor.submit(() -> MDC.put(KEY, "left")).get(10, TimeUnit.SECONDS);
		Mono<String> call = this.limit.call(() -> "sees " + MDC.get(KEY), (result) -> false);
		assertThat(call.block(PATIENCE)).isEqualTo("sees null");
		MDC.put(KEY, "subscriber");
		assertThat(call.block(PATIENCE)).isEqualTo("sees subscriber");
		assertThat(this.executor.submit(() -> MDC.get(KEY)).get(10, TimeUnit.SECONDS)).isEqualTo("left");
	}

	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void takesTheDiagnosticContextOfTheWorkAwayBeforeItEmits(boolean throwing) throws Exception {
		String seen = this.limit.<String>call(() -> {
			MDC.put(KEY, "mine");
			if (throwing) {
				throw new IllegalStateException("test");
			}
			return "work";
		}, (result) -> true)
			.onErrorReturn("error")
			.flatMap((first) -> this.limit.call(() -> first + " " + MDC.get(KEY), (result) -> true))
			.map((result) -> result + " " + MDC.get(KEY))
			.block(PATIENCE);
		assertThat(seen).isEqualTo(throwing ? "error null null" : "work null null");
		assertThat(this.executor.submit(MDC::getCopyOfContextMap).get(10, TimeUnit.SECONDS)).isNullOrEmpty();
	}

	@Test
	void takesAwayWhatTheRestOfTheChainLeavesOnTheWorker() throws Exception {
		this.limit.<String>call(() -> "work", (result) -> true).doOnNext((result) -> {
			TENANT.set("emission");
			MDC.put(KEY, "emission");
		}).block(PATIENCE);
		assertThat(onWorker()).isNull();
		assertThat(this.executor.submit(() -> MDC.get(KEY)).get(10, TimeUnit.SECONDS)).isNull();
	}

	/**
	 * With Boot, any {@code TaskDecorator} bean decorates the executor of blocking work.
	 */
	@Test
	void givesAnExecutorThatPropagatesThoseOfTheCallAndNotOfTheOneBefore() throws Exception {
		ContextPropagatingTaskDecorator decorator = new ContextPropagatingTaskDecorator();
		Offloader offloader = new Offloader((task) -> this.executor.execute(decorator.decorate(task)), 1, 1);
		Limit limit = offloader.limit(1);
		CountDownLatch released = new CountDownLatch(1);
		List<String> seen = new CopyOnWriteArrayList<>();
		CountDownLatch ended = new CountDownLatch(2);
		for (String request : List.of("first", "second")) {
			TENANT.set(request);
			limit.<String>call(() -> {
				released.await();
				return request;
			}, (result) -> false).subscribe((result) -> {
				seen.add(result + " " + TENANT.get());
				ended.countDown();
			});
		}
		assertThat(offloader.queued()).isOne();
		released.countDown();
		assertThat(ended.await(10, TimeUnit.SECONDS)).isTrue();
		assertThat(seen).containsExactly("first first", "second second");
		assertThat(onWorker()).isNull();
	}

	/**
	 * The first goes on while the second is handed to the executor, and must see nothing
	 * of it; nor may the second be lost.
	 */
	@Test
	void leavesNothingOfACallWhoseThreadLocalsCannotBeSet() throws Exception {
		ThreadLocal<@Nullable String> broken = new ThreadLocal<>();
		ContextRegistry.getInstance().registerThreadLocalAccessor("broken", broken::get, (value) -> {
			throw new AssertionError("no place for " + value);
		}, broken::remove);
		CountDownLatch released = new CountDownLatch(1);
		CountDownLatch ended = new CountDownLatch(2);
		List<String> seen = new CopyOnWriteArrayList<>();
		try {
			this.limit.<String>call(() -> {
				released.await();
				return "first";
			}, (result) -> false)
				.doFinally((signal) -> ended.countDown())
				.subscribe((result) -> seen.add(result + " " + TENANT.get()));
			TENANT.set("second");
			broken.set("second");
			this.limit.<String>call(() -> "second", (result) -> false)
				.doFinally((signal) -> ended.countDown())
				.subscribe(seen::add, (ex) -> seen.add(ex.getMessage()));
			released.countDown();
			assertThat(ended.await(10, TimeUnit.SECONDS)).isTrue();
			assertThat(seen).containsExactly("first null", "no place for second");
			Awaitility.await().until(() -> this.offloader.active() == 0);
		}
		finally {
			ContextRegistry.getInstance().removeThreadLocalAccessor("broken");
		}
	}

	@Test
	void worksWhereThreadLocalsCannotBeRead() {
		AtomicInteger reads = new AtomicInteger();
		ContextRegistry.getInstance().registerThreadLocalAccessor(KEY, () -> {
			// Can be captured, but not be read on the worker
			if (reads.getAndIncrement() == 1) {
				throw new IllegalStateException("no tenant");
			}
			return null;
		}, (value) -> {
		}, () -> {
		});
		assertThat(this.limit.call(() -> "result", (result) -> false).block(PATIENCE)).isEqualTo("result");
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
	void usesTheLibrariesIfTheyAreThere() {
		assertThat(this.threadLocals).isInstanceOf(MdcThreadLocals.class)
			.extracting("others")
			.isInstanceOf(ContextPropagationThreadLocals.class);
	}

	@Test
	void usesOneLibraryWithoutTheOther() throws Exception {
		assertThat(detectWithout("io.micrometer.context.")).isEqualTo("MdcThreadLocals");
		assertThat(detectWithout("org.slf4j.")).isEqualTo("ContextPropagationThreadLocals");
	}

	@Test
	void carriesNothingWithoutTheLibraries() throws Exception {
		assertThat(detectWithout("io.micrometer.context.", "org.slf4j.")).isEqualTo("NoThreadLocals");
	}

	@Test
	void leavesEverythingAloneWithoutTheLibraries() {
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

	private static String detectWithout(String... packages) throws Exception {
		ClassLoader classLoader = new Without(List.of(packages));
		Class<?> type = classLoader.loadClass(ThreadLocals.class.getName());
		Method detect = type.getDeclaredMethod("detect");
		detect.setAccessible(true);
		Object detected = detect.invoke(null);
		assertThat(detected.getClass().getClassLoader()).isSameAs(classLoader);
		return detected.getClass().getSimpleName();
	}

	/**
	 * Loads the classes of this package anew, and none of some others.
	 */
	private static final class Without extends ClassLoader {

		private final List<String> packages;

		Without(List<String> packages) {
			super(ThreadLocals.class.getClassLoader());
			this.packages = packages;
		}

		@Override
		protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
			if (this.packages.stream().anyMatch(name::startsWith)) {
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
