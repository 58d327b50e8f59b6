package io.github.asyncmiddleware.autoconfigure;

import java.util.ArrayList;
import java.util.List;

import io.github.asyncmiddleware.AsyncMiddleware;
import io.github.asyncmiddleware.testsupport.PassingFilter;
import org.junit.jupiter.api.Test;

import org.springframework.aop.framework.ProxyFactory;
import org.springframework.boot.test.context.runner.ReactiveWebApplicationContextRunner;
import org.springframework.core.annotation.Order;
import org.springframework.web.server.WebFilter;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link AsyncMiddleware#before()} and {@link AsyncMiddleware#after()}.
 */
class FilterRelationTests {

	private final ReactiveWebApplicationContextRunner runner = MiddlewareRunner.create();

	@Test
	void movesAMiddlewareInFrontOfAForeignFilter() {
		assertThat(chain(Plain.class, ForeignAtMinusTen.class, ForeignAtTen.class, BeforeForeignAtTen.class))
			.containsExactly("ForeignAtMinusTen", "Plain", "BeforeForeignAtTen", "ForeignAtTen");
	}

	@Test
	void movesAMiddlewareBehindAForeignFilter() {
		assertThat(chain(Plain.class, ForeignAtTen.class, ForeignAtMinusTen.class, AfterForeignAtMinusTen.class))
			.containsExactly("ForeignAtMinusTen", "AfterForeignAtMinusTen", "Plain", "ForeignAtTen");
	}

	@Test
	void movesAMiddlewareNextToAnotherOne() {
		assertThat(chain(AfterTwenty.class, BeforeTwenty.class, Thirty.class, Twenty.class, Plain.class))
			.containsExactly("Plain", "BeforeTwenty", "Twenty", "AfterTwenty", "Thirty");
	}

	@Test
	void keepsSeveralThatFollowTheSameOneInTheOrderOfTheirNames() {
		assertThat(chain(AfterTwentyToo.class, Thirty.class, AfterTwenty.class, Twenty.class)).containsExactly("Twenty",
				"AfterTwenty", "AfterTwentyToo", "Thirty");
	}

	@Test
	void keepsSeveralThatPrecedeTheSameOneInTheOrderOfTheirNames() {
		assertThat(chain(BeforeTwentyToo.class, Ten.class, BeforeTwenty.class, Twenty.class)).containsExactly("Ten",
				"BeforeTwenty", "BeforeTwentyToo", "Twenty");
	}

	@Test
	void followsChainsOfRelations() {
		assertThat(chain(AfterAfterTwenty.class, AfterTwenty.class, Thirty.class, Twenty.class, Plain.class))
			.containsExactly("Plain", "Twenty", "AfterTwenty", "AfterAfterTwenty", "Thirty");
	}

	@Test
	void standsBetweenTwoIfItHasTo() {
		assertThat(chain(Thirty.class, BetweenTwentyAndThirty.class, Twenty.class, AfterTwenty.class))
			.containsExactly("Twenty", "AfterTwenty", "BetweenTwentyAndThirty", "Thirty");
	}

	@Test
	void ignoresFiltersThatAreAbsent() {
		assertThat(chain(BeforeTwenty.class, AfterTwenty.class, Thirty.class)).containsExactly("AfterTwenty",
				"BeforeTwenty", "Thirty");
	}

	@Test
	void ignoresFiltersThatAreSwitchedOff() {
		this.runner.withBean("AfterTwenty", AfterTwenty.class)
			.withBean("Twenty", Twenty.class)
			.withBean("Ten", Ten.class)
			.withPropertyValues("async-middleware.middleware.twenty.enabled=false")
			.run((context) -> assertThat(MiddlewareRunner.chainOf(context)).containsExactly("AfterTwenty", "Ten"));
	}

	@Test
	void acceptsARelationThatBothSidesTell() {
		assertThat(chain(SecondOfPair.class, Ten.class, FirstOfPair.class, ForeignAtMinusTen.class))
			.containsExactly("ForeignAtMinusTen", "FirstOfPair", "SecondOfPair", "Ten");
	}

	@Test
	void acceptsAnOwnOrderThatAgrees() {
		assertThat(chain(FortyAfterTwenty.class, Twenty.class, Thirty.class)).containsExactly("Twenty", "Thirty",
				"FortyAfterTwenty");
	}

	@Test
	void acceptsTheSameOrderIfTheNamesAgree() {
		assertThat(chain(TwentyToo.class, Twenty.class)).containsExactly("Twenty", "TwentyToo");
	}

	@Test
	void letsTheRelationDecideBetweenEqualOrders() {
		assertThat(chain(Twenty.class, EarlyTwenty.class, LateTwenty.class, TwentyToo.class))
			.containsExactly("EarlyTwenty", "Twenty", "LateTwenty", "TwentyToo");
		assertThat(chain(ForeignAtTen.class, OtherForeignAtTen.class, TenBeforeForeign.class, Ten.class))
			.containsExactly("TenBeforeForeign", "ForeignAtTen", "OtherForeignAtTen", "Ten");
		assertThat(chain(TenBeforeOtherForeign.class, ForeignAtTen.class, OtherForeignAtTen.class, Ten.class))
			.containsExactly("ForeignAtTen", "TenBeforeOtherForeign", "OtherForeignAtTen", "Ten");
	}

	@Test
	void letsTheRelationDecideBetweenAnOrderFromAPropertyAndAnEqualOne() {
		this.runner.withBean("a", Ten.class)
			.withBean("b", BeforeTen.class)
			.withPropertyValues("async-middleware.middleware.b.order=10")
			.run((context) -> assertThat(MiddlewareRunner.chainOf(context)).containsExactly("b", "a"));
	}

	@Test
	void recognizesFiltersByWhatTheyExtendOrImplement() {
		assertThat(chain(BeforeAll.class, Twenty.class, ForeignAtMinusTen.class)).containsExactly("BeforeAll",
				"ForeignAtMinusTen", "Twenty");
	}

	@Test
	void recognizesFiltersBehindProxies() {
		this.runner.withBean("AfterForeignAtMinusTen", AfterForeignAtMinusTen.class)
			.withBean("Ten", Ten.class)
			.withBean("proxied", WebFilter.class, () -> {
				ProxyFactory factory = new ProxyFactory(new ForeignAtMinusTen());
				factory.setInterfaces(WebFilter.class);
				return (WebFilter) factory.getProxy();
			})
			.run((context) -> assertThat(MiddlewareRunner.chainOf(context)).containsExactly("proxied",
					"AfterForeignAtMinusTen", "Ten"));
	}

	@Test
	void takesRelationsFromProperties() {
		this.runner.withBean("Plain", Plain.class)
			.withBean("BeforeTwenty", BeforeTwenty.class)
			.withBean("Ten", Ten.class)
			.withBean("Twenty", Twenty.class)
			.withPropertyValues("async-middleware.middleware.plain.after=" + Twenty.class.getName(),
					"async-middleware.middleware.before-twenty.before=" + Ten.class.getName())
			.run((context) -> assertThat(MiddlewareRunner.chainOf(context)).containsExactly("BeforeTwenty", "Ten",
					"Twenty", "Plain"));
	}

	@Test
	void dropsARelationThatAPropertyEmpties() {
		this.runner.withBean("AfterTwenty", AfterTwenty.class)
			.withBean("Twenty", Twenty.class)
			.withPropertyValues("async-middleware.middleware.after-twenty.after=")
			.run((context) -> assertThat(MiddlewareRunner.chainOf(context)).containsExactly("AfterTwenty", "Twenty"));
	}

	@SafeVarargs
	private List<String> chain(Class<? extends WebFilter>... filters) {
		ReactiveWebApplicationContextRunner registered = this.runner;
		for (Class<? extends WebFilter> filter : filters) {
			registered = registered.withBean(filter.getSimpleName(), filter);
		}
		List<List<String>> chains = new ArrayList<>();
		registered.run((context) -> chains.add(MiddlewareRunner.chainOf(context)));
		return chains.get(0);
	}

	@Order(-10)
	static class ForeignAtMinusTen extends PassThrough {

	}

	@Order(10)
	static class ForeignAtTen extends PassThrough {

	}

	@AsyncMiddleware
	static class Plain extends PassThrough {

	}

	@AsyncMiddleware(order = 10)
	static class Ten extends PassThrough {

	}

	@AsyncMiddleware(order = 20)
	static class Twenty extends PassThrough {

	}

	@AsyncMiddleware(order = 20, after = Twenty.class)
	static class TwentyToo extends PassThrough {

	}

	@AsyncMiddleware(order = 20, before = Twenty.class)
	static class EarlyTwenty extends PassThrough {

	}

	@AsyncMiddleware(order = 20, after = { Twenty.class, EarlyTwenty.class })
	static class LateTwenty extends PassThrough {

	}

	@AsyncMiddleware(before = Ten.class)
	static class BeforeTen extends PassThrough {

	}

	@AsyncMiddleware(order = 10, before = ForeignAtTen.class)
	static class TenBeforeForeign extends PassThrough {

	}

	@AsyncMiddleware(order = 10, before = OtherForeignAtTen.class)
	static class TenBeforeOtherForeign extends PassThrough {

	}

	@Order(10)
	static class OtherForeignAtTen extends PassThrough {

	}

	@AsyncMiddleware(order = 30)
	static class Thirty extends PassThrough {

	}

	@AsyncMiddleware(order = 40, after = Twenty.class)
	static class FortyAfterTwenty extends PassThrough {

	}

	@AsyncMiddleware(before = ForeignAtTen.class)
	static class BeforeForeignAtTen extends PassThrough {

	}

	@AsyncMiddleware(after = ForeignAtMinusTen.class)
	static class AfterForeignAtMinusTen extends PassThrough {

	}

	@AsyncMiddleware(before = Twenty.class)
	static class BeforeTwenty extends PassThrough {

	}

	@AsyncMiddleware(before = Twenty.class)
	static class BeforeTwentyToo extends PassThrough {

	}

	@AsyncMiddleware(after = Twenty.class)
	static class AfterTwenty extends PassThrough {

	}

	@AsyncMiddleware(after = Twenty.class)
	static class AfterTwentyToo extends PassThrough {

	}

	@AsyncMiddleware(after = AfterTwenty.class)
	static class AfterAfterTwenty extends PassThrough {

	}

	@AsyncMiddleware(after = Twenty.class, before = Thirty.class)
	static class BetweenTwentyAndThirty extends PassThrough {

	}

	@AsyncMiddleware(before = SecondOfPair.class)
	static class FirstOfPair extends PassThrough {

	}

	@AsyncMiddleware(after = FirstOfPair.class)
	static class SecondOfPair extends PassThrough {

	}

	@AsyncMiddleware(before = WebFilter.class)
	static class BeforeAll extends PassThrough {

	}

	static class PassThrough extends PassingFilter {

	}

}
