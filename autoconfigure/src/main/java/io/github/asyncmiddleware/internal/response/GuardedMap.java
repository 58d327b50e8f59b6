package io.github.asyncmiddleware.internal.response;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Function;

import org.jspecify.annotations.Nullable;

import org.springframework.util.CollectionUtils;
import org.springframework.util.MultiValueMap;

/**
 * Headers or cookies of a response as one attempt sees them. Each operation finds out, in
 * the lock in which attempts are discarded and sent, whether they can still be changed;
 * if not, it changes nothing that is sent.
 *
 * @param <V> the type of the values
 */
final class GuardedMap<V> implements MultiValueMap<String, V> {

	private final Object lock;

	private final Function<Boolean, MultiValueMap<String, V>> map;

	private final BooleanSupplier readable;

	private final BooleanSupplier writable;

	/**
	 * Create a map.
	 * @param lock the lock in which attempts are discarded and sent
	 * @param map the map of the response, for {@code true}, or an empty one
	 * @param readable whether the attempt sees what the response has
	 * @param writable whether what it changes is sent
	 */
	GuardedMap(Object lock, Function<Boolean, MultiValueMap<String, V>> map, BooleanSupplier readable,
			BooleanSupplier writable) {
		this.lock = lock;
		this.map = map;
		this.readable = readable;
		this.writable = writable;
	}

	private MultiValueMap<String, V> readable() {
		return this.map.apply(this.readable.getAsBoolean());
	}

	private MultiValueMap<String, V> writable() {
		return this.map.apply(this.writable.getAsBoolean());
	}

	/**
	 * What can be iterated and, where that has an effect, changed thereby.
	 */
	private MultiValueMap<String, V> entries() {
		return this.writable.getAsBoolean() ? writable() : CollectionUtils.unmodifiableMultiValueMap(readable());
	}

	@Override
	public @Nullable V getFirst(String key) {
		synchronized (this.lock) {
			return readable().getFirst(key);
		}
	}

	@Override
	public void add(String key, @Nullable V value) {
		synchronized (this.lock) {
			writable().add(key, value);
		}
	}

	@Override
	public void addAll(String key, List<? extends V> values) {
		synchronized (this.lock) {
			writable().addAll(key, values);
		}
	}

	@Override
	public void addAll(MultiValueMap<String, V> values) {
		synchronized (this.lock) {
			writable().addAll(values);
		}
	}

	@Override
	public void set(String key, @Nullable V value) {
		synchronized (this.lock) {
			writable().set(key, value);
		}
	}

	@Override
	public void setAll(Map<String, V> values) {
		synchronized (this.lock) {
			writable().setAll(values);
		}
	}

	@Override
	public Map<String, V> toSingleValueMap() {
		synchronized (this.lock) {
			return readable().toSingleValueMap();
		}
	}

	@Override
	public Map<String, V> asSingleValueMap() {
		synchronized (this.lock) {
			return readable().asSingleValueMap();
		}
	}

	@Override
	public int size() {
		synchronized (this.lock) {
			return readable().size();
		}
	}

	@Override
	public boolean isEmpty() {
		synchronized (this.lock) {
			return readable().isEmpty();
		}
	}

	@Override
	public boolean containsKey(Object key) {
		synchronized (this.lock) {
			return readable().containsKey(key);
		}
	}

	@Override
	public boolean containsValue(Object value) {
		synchronized (this.lock) {
			return readable().containsValue(value);
		}
	}

	@Override
	public @Nullable List<V> get(Object key) {
		synchronized (this.lock) {
			return readable().get(key);
		}
	}

	@Override
	public @Nullable List<V> put(String key, List<V> value) {
		synchronized (this.lock) {
			return writable().put(key, value);
		}
	}

	@Override
	public @Nullable List<V> putIfAbsent(String key, List<V> value) {
		synchronized (this.lock) {
			return writable().putIfAbsent(key, value);
		}
	}

	@Override
	public @Nullable List<V> remove(Object key) {
		synchronized (this.lock) {
			return writable().remove(key);
		}
	}

	@Override
	public void putAll(Map<? extends String, ? extends List<V>> values) {
		synchronized (this.lock) {
			writable().putAll(values);
		}
	}

	@Override
	public void clear() {
		synchronized (this.lock) {
			writable().clear();
		}
	}

	@Override
	public Set<String> keySet() {
		synchronized (this.lock) {
			return entries().keySet();
		}
	}

	@Override
	public Collection<List<V>> values() {
		synchronized (this.lock) {
			return entries().values();
		}
	}

	@Override
	public Set<Entry<String, List<V>>> entrySet() {
		synchronized (this.lock) {
			return entries().entrySet();
		}
	}

	@Override
	public String toString() {
		synchronized (this.lock) {
			return readable().toString();
		}
	}

}
