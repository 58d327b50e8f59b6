package io.github.asyncmiddleware;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClass.Predicates;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.syntax.ArchRuleDefinition;
import com.tngtech.archunit.library.dependencies.SlicesRuleDefinition;
import org.junit.jupiter.api.Test;

/**
 * Tests for which room may use which.
 */
class ArchitectureTests {

	private static final String ROOT = "io.github.asyncmiddleware";

	private static final String CHAIN = ROOT + ".internal.chain..";

	private static final String RECORD = ROOT + ".internal.record..";

	private static final String SAMPLE = ROOT + ".internal.sample..";

	private static final String GUARD = ROOT + ".internal.guard..";

	private static final String WATCH = ROOT + ".internal.watch..";

	private static final String RESPONSE = ROOT + ".internal.response..";

	private static final String RUN = ROOT + ".internal.run..";

	private static final String BOUNDARY = ROOT + ".internal.boundary..";

	private static final String STYLE = ROOT + ".internal.style..";

	private static final String METRICS = ROOT + ".metrics..";

	private static final String OBSERVATION = ROOT + ".observation..";

	private static final String ACTUATE = ROOT + ".actuate..";

	private static final String AUTOCONFIGURE = ROOT + ".autoconfigure..";

	private static final String CONTEXT_PROPAGATION = "io.micrometer.context..";

	private static final JavaClasses CLASSES = new ClassFileImporter()
		.withImportOption(new ImportOption.DoNotIncludeTests())
		.importPackages(ROOT);

	@Test
	void theApiKnowsNoOtherRoom() {
		check(ArchRuleDefinition.noClasses()
			.that()
			.resideInAPackage(ROOT)
			.should()
			.dependOnClassesThat(ours().and(DescribedPredicate.not(Predicates.resideInAPackage(ROOT))))
			.because("what users import has to read on its own and must not change with the engine"));
	}

	@Test
	void whatIsFixedAtStartUpUsesNothingButTheApi() {
		check(onlyUses(CHAIN, ROOT).because("the engine calls small interfaces that the other rooms implement"));
	}

	@Test
	void recordsKnowNothingOfWhoMakesAndReadsThem() {
		check(onlyUses(RECORD, ROOT, CHAIN)
			.because("what is known of a request has to read on its own, and must not change with the engine"));
	}

	@Test
	void listenersSeeRecordsAlone() {
		check(onlyUses(SAMPLE, RECORD, CHAIN).because("who measures a request must not be able to touch it"));
	}

	@Test
	void guardsAreNotPartOfTheEngine() {
		check(onlyUses(GUARD, RECORD, CHAIN, SAMPLE).because("they are handed in as ports"));
	}

	@Test
	void theWatchSeesRecordsAlone() {
		check(onlyUses(WATCH, RECORD, CHAIN, SAMPLE, GUARD)
			.because("who watches a request from another thread must not be able to touch it"));
	}

	@Test
	void theResponseKnowsNothingOfTheMiddlewares() {
		check(onlyUses(RESPONSE, ROOT, RECORD, WATCH)
			.because("it asks and tells one small listener, whatever runs the request"));
	}

	@Test
	void theRunOfARequestKnowsNeitherGuardsNorListeners() {
		check(onlyUses(RUN, ROOT, RESPONSE, RECORD, CHAIN, WATCH)
			.because("it calls ports that the other rooms implement"));
	}

	@Test
	void theBoundaryUsesNothingButTheEngine() {
		check(onlyUses(BOUNDARY, ROOT, RESPONSE, RUN, WATCH, GUARD, SAMPLE, RECORD, CHAIN)
			.because("it puts the engine between the server and the filters, whatever the filters are made of"));
	}

	@Test
	void stylesUseNothingButTheEngine() {
		check(onlyUses(STYLE, ROOT, RESPONSE, BOUNDARY, RUN, WATCH, GUARD, SAMPLE, RECORD, CHAIN)
			.because("a style is an adapter, and the engine does not know which there are"));
	}

	@Test
	void theEngineKnowsNeitherMicrometerNorBoot() {
		check(ArchRuleDefinition.noClasses()
			.that()
			.resideInAPackage(ROOT + ".internal..")
			.should()
			.dependOnClassesThat()
			.resideInAnyPackage("io.micrometer.core..", "org.springframework.boot..")
			.because("it has to run, and cost the same, where neither is there"));
	}

	@Test
	void metricsUseNothingButTheEngine() {
		check(onlyUses(METRICS, RECORD, CHAIN, SAMPLE, WATCH)
			.because("meters are one of several listeners of the engine, and none of them knows another"));
	}

	@Test
	void observationsUseNothingButTheEngine() {
		check(onlyUses(OBSERVATION, RECORD, CHAIN, SAMPLE)
			.because("they are one of several listeners of the engine, and none of them knows another"));
	}

	@Test
	void theEndpointUsesNothingButTheEngineAndMetrics() {
		check(onlyUses(ACTUATE, ROOT, METRICS, RECORD, CHAIN, SAMPLE)
			.because("the endpoint describes what runs, not how it is configured"));
	}

	@Test
	void onlyAutoConfigurationKnowsBoot() {
		check(ArchRuleDefinition.noClasses()
			.that()
			.resideOutsideOfPackages(AUTOCONFIGURE, ACTUATE)
			.should()
			.dependOnClassesThat()
			.resideInAPackage("org.springframework.boot..")
			.because("everything else is plain Spring WebFlux"));
	}

	@Test
	void theEndpointKnowsNothingOfBootButActuator() {
		check(ArchRuleDefinition.noClasses()
			.that()
			.resideInAPackage(ACTUATE)
			.should()
			.dependOnClassesThat(Predicates.resideInAPackage("org.springframework.boot..")
				.and(DescribedPredicate
					.not(Predicates.resideInAPackage("org.springframework.boot.actuate.endpoint.."))))
			.because("an endpoint is written against the endpoint annotations alone"));
	}

	@Test
	void nobodyUsesAutoConfiguration() {
		check(ArchRuleDefinition.noClasses()
			.that()
			.resideOutsideOfPackage(AUTOCONFIGURE)
			.should()
			.dependOnClassesThat()
			.resideInAPackage(AUTOCONFIGURE)
			.because("it is the room that puts the others together"));
	}

	@Test
	void meteringStaysInItsRooms() {
		check(ArchRuleDefinition.noClasses()
			.that()
			.resideOutsideOfPackages(METRICS, OBSERVATION, ACTUATE, AUTOCONFIGURE)
			.should()
			.dependOnClassesThat(Predicates.resideInAPackage("io.micrometer..")
				.and(DescribedPredicate.not(Predicates.resideInAPackage(CONTEXT_PROPAGATION))))
			.because("Micrometer is optional"));
	}

	@Test
	void contextPropagationStaysInOneClassOfARoom() {
		check(ArchRuleDefinition.noClasses()
			.that(DescribedPredicate.not(partOf(STYLE, "ContextPropagationThreadLocals"))
				.and(DescribedPredicate.not(partOf(GUARD, "GuardLogContext"))))
			.should()
			.dependOnClassesThat()
			.resideInAPackage(CONTEXT_PROPAGATION)
			.because("the library is optional, meters nothing, and is needed where a style leaves the thread,"
					+ " and where a line of the log is about a request; a single class can be left unloaded without it"));
	}

	@Test
	void slf4jStaysInOneClassOfARoom() {
		check(ArchRuleDefinition.noClasses()
			.that(DescribedPredicate.not(partOf(STYLE, "MdcThreadLocals"))
				.and(DescribedPredicate.not(partOf(GUARD, "GuardLogFields"))))
			.should()
			.dependOnClassesThat()
			.resideInAPackage("org.slf4j..")
			.because("the library is optional; a single class can be left unloaded without it"));
	}

	@Test
	void oneClassKnowsAServer() {
		check(ArchRuleDefinition.noClasses()
			.that()
			.doNotHaveFullyQualifiedName(ROOT + ".internal.response.NettyEventLoop")
			.should()
			.dependOnClassesThat()
			.resideInAnyPackage("reactor.netty..", "io.netty..", "jakarta.servlet..")
			.because("every server that WebFlux runs on is as good as any other, but for the thread of an upgrade;"
					+ " a single class can be left unloaded without Reactor Netty"));
	}

	@Test
	void autoConfigurationsAreFinal() {
		check(ArchRuleDefinition.classes()
			.that()
			.haveSimpleNameEndingWith("AutoConfiguration")
			.should()
			.haveModifier(JavaModifier.FINAL)
			.because("they are not made to be extended"));
	}

	@Test
	void thereAreNoCycles() {
		check(SlicesRuleDefinition.slices()
			.matching(ROOT + ".(**)")
			.should()
			.beFreeOfCycles()
			.because("a room that uses another must not be needed by it"));
	}

	/**
	 * Classes of a room use no classes of ours but those in the same and in some others.
	 */
	private static ArchRule onlyUses(String room, String... others) {
		return ArchRuleDefinition.noClasses()
			.that()
			.resideInAPackage(room)
			.should()
			.dependOnClassesThat(ours().and(DescribedPredicate.not(Predicates.resideInAPackage(room)))
				.and(DescribedPredicate.not(Predicates.resideInAnyPackage(others))));
	}

	private static DescribedPredicate<JavaClass> ours() {
		return Predicates.resideInAPackage(ROOT + "..");
	}

	/**
	 * A class of a room, and what is nested in it.
	 */
	private static DescribedPredicate<JavaClass> partOf(String room, String simpleName) {
		return Predicates.belongTo(Predicates.resideInAPackage(room).and(Predicates.simpleName(simpleName)));
	}

	private static void check(ArchRule rule) {
		rule.check(CLASSES);
	}

}
