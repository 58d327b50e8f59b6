package io.github.asyncmiddleware.benchmarks;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;

import jdk.jfr.consumer.RecordedClass;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordedFrame;
import jdk.jfr.consumer.RecordedStackTrace;
import jdk.jfr.consumer.RecordingFile;

/**
 * Prints where processor time and memory of a {@link PriceServer} go, from two recordings
 * of Flight Recorder, with and without middlewares. What differs, divided by their
 * number, is what each part of the code takes for one middleware.
 * <p>
 * The virtual machine is asked at intervals what its threads are at in Java, and for some
 * of the objects that they create. So what is rare is not seen, and time is a share of
 * that outside the kernel. What the compiler and the collector take is spread over all.
 */
public final class Profile {

	private static final String EXECUTION = "jdk.ExecutionSample";

	private static final String ALLOCATION = "jdk.ObjectAllocationSample";

	private static final int PARTS = 15;

	private static final int LINES = 25;

	private static final String OURS = "io.github.asyncmiddleware.";

	private static final List<String> JDK = List.of("java.", "javax.", "jdk.", "sun.", "com.sun.");

	private static final List<String> METERS = List.of("io.micrometer.", "io.prometheus.", "org.HdrHistogram.",
			"org.LatencyUtils.");

	/** Processor time of the parts, ns per request. */
	private final Map<String, Double> time = new HashMap<>();

	/** Memory of the parts, B per request. */
	private final Map<String, Double> memory = new HashMap<>();

	/** Processor time of the methods at work, ns per request. */
	private final Map<String, Double> methods = new HashMap<>();

	/** Memory by class and who makes it, B per request. */
	private final Map<String, Double> objects = new HashMap<>();

	private long samples;

	private final long requests;

	private Profile(long requests) {
		this.requests = requests;
	}

	/**
	 * Print.
	 * @param args for the recording without middlewares, and then for that with them: its
	 * file, the number of requests, and the processor time of one in nanoseconds; after
	 * that, the number of middlewares
	 * @throws IOException if a recording cannot be read
	 */
	public static void main(String[] args) throws IOException {
		Profile none = of(Path.of(args[0]), Long.parseLong(args[1]), Double.parseDouble(args[2]));
		Profile many = of(Path.of(args[3]), Long.parseLong(args[4]), Double.parseDouble(args[5]));
		int count = Integer.parseInt(args[6]);
		System.out.printf(Locale.ROOT,
				"%s and %s samples; processor time outside the kernel per request: %s and %s ns%n", none.samples,
				many.samples, args[2], args[5]);
		printParts(none, many, count);
		print("ns per request, " + count + " middlewares | method | called by", many.methods);
		print("B per request, " + count + " middlewares | object | made by", many.objects);
	}

	private static Profile of(Path file, long requests, double nanos) throws IOException {
		Profile profile = new Profile(requests);
		Set<Long> threads = new HashSet<>();
		RecordingFile.readAllEvents(file)
			.stream()
			.sorted(Comparator.comparing(RecordedEvent::getStartTime))
			.filter((event) -> !isFirstAllocation(event, threads))
			.forEach(profile::add);
		double sample = nanos / profile.samples;
		profile.time.replaceAll((part, count) -> count * sample);
		profile.methods.replaceAll((method, count) -> count * sample);
		return profile;
	}

	/**
	 * The first one stands for all that its thread has created before.
	 */
	private static boolean isFirstAllocation(RecordedEvent event, Set<Long> threads) {
		return ALLOCATION.equals(event.getEventType().getName()) && threads.add(event.getThread().getId());
	}

	private void add(RecordedEvent event) {
		RecordedStackTrace stack = event.getStackTrace();
		if (stack == null || stack.getFrames().isEmpty()) {
			return;
		}
		List<RecordedFrame> frames = stack.getFrames();
		switch (event.getEventType().getName()) {
			case EXECUTION -> {
				this.samples++;
				this.time.merge(part(frames), 1.0, Double::sum);
				this.methods.merge(name(frames.get(0)) + " | " + callers(frames), 1.0, Double::sum);
			}
			case ALLOCATION -> {
				double bytes = (double) event.getLong("weight") / this.requests;
				this.memory.merge(part(frames), bytes, Double::sum);
				RecordedClass type = event.getClass("objectClass");
				this.objects.merge(type.getName() + " | " + caller(frames, 0), bytes, Double::sum);
			}
			default -> {
			}
		}
	}

	/**
	 * Who is responsible: the package of the method that is at work or, for what belongs
	 * to Java or keeps meters, of the one that has called it.
	 */
	private static String part(List<RecordedFrame> frames) {
		boolean meters = false;
		for (RecordedFrame frame : frames) {
			String type = frame.getMethod().getType().getName();
			if (startsWith(type, METERS)) {
				meters = true;
			}
			else if (!startsWith(type, JDK)) {
				return meters ? "meters, for " + (type.startsWith(OURS) ? "ours" : "others") : packageOf(type);
			}
		}
		return meters ? "meters, for others" : "Java itself";
	}

	private static String packageOf(String type) {
		if (type.startsWith(OURS)) {
			String name = type.substring(OURS.length(), type.lastIndexOf('.') + 1);
			return name.startsWith("benchmarks.") ? "middlewares and controller"
					: "ours: " + name.replaceAll("\\.$", "");
		}
		int segments = type.startsWith("org.springframework.") ? 4 : 2;
		return String.join(".",
				Stream.of(type.substring(0, Math.max(type.lastIndexOf('.'), 0)).split("\\.")).limit(segments).toList());
	}

	private static boolean startsWith(String type, List<String> prefixes) {
		return prefixes.stream().anyMatch(type::startsWith);
	}

	/**
	 * The method that has called Java, if it is Java that is at work, or else the method
	 * before.
	 */
	private static String callers(List<RecordedFrame> frames) {
		return (frames.size() > 1) ? caller(frames, 1) : "";
	}

	private static String caller(List<RecordedFrame> frames, int from) {
		return frames.stream()
			.skip(from)
			.filter((frame) -> !startsWith(frame.getMethod().getType().getName(), JDK))
			.findFirst()
			.map(Profile::name)
			.orElse("Java itself");
	}

	/**
	 * The name of a method. Copies of a template are all one.
	 */
	private static String name(RecordedFrame frame) {
		String type = frame.getMethod().getType().getName();
		String simple = type.substring(type.lastIndexOf('.') + 1).replaceAll("\\$\\$Lambda.*", "\\$\\$Lambda");
		return (type.startsWith(OURS + "benchmarks.") ? simple.replaceAll("[0-9]{4}$", "0000") : simple) + "."
				+ frame.getMethod().getName();
	}

	private static void printParts(Profile none, Profile many, int count) {
		ToDoubleFunction<String> time = (part) -> difference(none.time, many.time, part) / count;
		ToDoubleFunction<String> memory = (part) -> difference(none.memory, many.memory, part) / count;
		List<String> parts = Stream.concat(many.time.keySet().stream(), many.memory.keySet().stream())
			.distinct()
			.sorted(Comparator.comparingDouble((String part) -> -Math.abs(time.applyAsDouble(part)))
				.thenComparing(Comparator.naturalOrder()))
			.limit(PARTS)
			.toList();
		double allTime = (sum(many.time) - sum(none.time)) / count;
		double allMemory = (sum(many.memory) - sum(none.memory)) / count;
		System.out.println("\n| per middleware | ns | B |\n|---|--:|--:|");
		parts.forEach((part) -> printPart(part, time.applyAsDouble(part), memory.applyAsDouble(part)));
		printPart("others", allTime - parts.stream().mapToDouble(time).sum(),
				allMemory - parts.stream().mapToDouble(memory).sum());
		printPart("all", allTime, allMemory);
	}

	private static void printPart(String part, double time, double memory) {
		System.out.printf(Locale.ROOT, "| %s | %.0f | %.0f |%n", part, time, memory);
	}

	private static double difference(Map<String, Double> none, Map<String, Double> many, String part) {
		return many.getOrDefault(part, 0.0) - none.getOrDefault(part, 0.0);
	}

	private static double sum(Map<String, Double> parts) {
		return parts.values().stream().mapToDouble(Double::doubleValue).sum();
	}

	private static void print(String heads, Map<String, Double> lines) {
		System.out.println("\n| " + heads + " |\n|--:|---|---|");
		lines.entrySet()
			.stream()
			.sorted(Map.Entry.<String, Double>comparingByValue().reversed())
			.limit(LINES)
			.forEach((line) -> System.out.printf(Locale.ROOT, "| %.0f | %s |%n", line.getValue(), line.getKey()));
	}

}
