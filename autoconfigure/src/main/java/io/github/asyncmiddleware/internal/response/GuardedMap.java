package io.github.asyncmiddleware.internal.response;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;

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

	private final Supplier<MultiValueMap<String, V>> readable;

	private final Supplier<MultiValueMap<String, V>> writable;

	/**
	 * Create a map.
	 * @param lock the lock in which attempts are discarded and sent
	 * @param readable the map of the response, or an empty one
	 * @param writable the map of the response, or one that is not sent
	 */
	GuardedMap(Object lock, Supplier<MultiValueMap<String, V>> readable, Supplier<MultiValueMap<String, V>> writable) {
		this.lock = lock;
		this.readable = readable;
		this.writable = writable;
	}

	@Override
	public @Nullable V getFirst(String key) {
		synchronized (this.lock) {
			return this.readable.get().getFirst(key);
		}
	}

	@Override
	public void add(String key, @Nullable V value) {
		synchronized (this.lock) {
			this.writable.get().add(key, value);
		}
	}

	@Override
	public void addAll(String key, List<? extends V> values) {
		synchronized (this.lock) {
			this.writable.get().addAll(key, values);
		}
	}

	@Override
	public void addAll(MultiValueMap<String, V> values) {
		synchronized (this.lock) {
			this.writable.get().addAll(values);
		}
	}

	@Override
	public void set(String key, @Nullable V value) {
		synchronized (this.lock) {
			this.writable.get().set(key, value);
		}
	}

	@Override
	public void setAll(Map<String, V> values) {
		synchronized (this.lock) {
			this.writable.get().setAll(values);
		}
	}

	@Override
	public Map<String, V> toSingleValueMap() {
		synchronized (this.lock) {
			return this.readable.get().toSingleValueMap();
		}
	}

	@Override
	public Map<String, V> asSingleValueMap() {
		synchronized (this.lock) {
			return this.readable.get().asSingleValueMap();
		}
	}

	@Override
	public int size() {
		synchronized (this.lock) {
			return this.readable.get().size();
		}
	}

	@Override
	public boolean isEmpty() {
		synchronized (this.lock) {
			return this.readable.get().isEmpty();
		}
	}

	@Override
	public boolean containsKey(Object key) {
		synchronized (this.lock) {
			return this.readable.get().containsKey(key);
		}
	}

	@Override
	public boolean containsValue(Object value) {
		synchronized (this.lock) {
			return this.readable.get().containsValue(value);
		}
	}

	@Override
	public @Nullable List<V> get(Object key) {
		synchronized (this.lock) {
			return this.readable.get().get(key);
		}
	}

	@Override
	public @Nullable List<V> put(String key, List<V> value) {
		synchronized (this.lock) {
			return this.writable.get().put(key, value);
		}
	}

	@Override
	public @Nullable List<V> putIfAbsent(String key, List<V> value) {
		synchronized (this.lock) {
			return this.writable.get().putIfAbsent(key, value);
		}
	}

	@Override
	public @Nullable List<V> remove(Object key) {
		synchronized (this.lock) {
			return this.writable.get().remove(key);
		}
	}

	@Override
	public void putAll(Map<? extends String, ? extends List<V>> values) {
		synchronized (this.lock) {
			this.writable.get().putAll(values);
		}
	}

	@Override
	public void clear() {
		synchronized (this.lock) {
			this.writable.get().clear();
		}
	}

	@Override
	public Set<String> keySet() {
		synchronized (this.lock) {
			return this.writable.get().keySet();
		}
	}

	@Override
	public Collection<List<V>> values() {
		synchronized (this.lock) {
			return this.writable.get().values();
		}
	}

	@Override
	public Set<Entry<String, List<V>>> entrySet() {
		synchronized (this.lock) {
			return this.writable.get().entrySet();
		}
	}

	@Override
	public String toString() {
		synchronized (this.lock) {
			return this.readable.get().toString();
		}
	}

}
