package io.github.asyncmiddleware.ecosystem;

import java.security.Principal;

import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.security.config.Customizer;
import org.springframework.security.config.web.server.ServerHttpSecurity;
import org.springframework.security.core.userdetails.MapReactiveUserDetailsService;
import org.springframework.security.core.userdetails.User;
import org.springframework.security.web.server.SecurityWebFilterChain;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RestController;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that an application with Spring Security is the same with middlewares.
 */
class SecurityTests {

	@Test
	void isTheSameWithMiddlewares() {
		Comparison.of(Application.class, Library.SECURITY).isSame(6, SecurityTests::visit);
	}

	@Test
	void isTheSameWhereItsFiltersAreMeasured() {
		Comparison.of(Application.class, Library.SECURITY).with(Comparison.MEASURED).isSame(6, SecurityTests::visit);
	}

	private static void visit(Browser browser) {
		String ann = "Authorization: Basic YW5uOnNlY3JldA==";
		assertThat(browser.get("/open").body()).isEqualTo("open to all");
		assertThat(browser.get("/who", "Accept: application/json").status()).isEqualTo(401);
		assertThat(browser.get("/who", "Accept: text/html").status()).isEqualTo(302);
		assertThat(browser.get("/who", "Authorization: Basic YW5uOndyb25n").status()).isEqualTo(401);
		assertThat(browser.get("/who", ann).body()).isEqualTo("ann");
		assertThat(browser.get("/admin", ann).status()).isEqualTo(403);
		assertThat(browser.get("/fails", ann).status()).isEqualTo(500);
		assertThat(browser.get("/missing", ann).status()).isEqualTo(404);
		assertThat(browser.send("HEAD", "/who", "", ann).status()).isEqualTo(200);
		assertThat(browser.postForm("/who", "n=1").status()).isEqualTo(403);
		String page = browser.get("/login").body();
		String token = page.replaceAll("(?s).*name=\"_csrf\"[^>]* value=\"([^\"]+)\".*", "$1");
		assertThat(browser.postForm("/login", "_csrf=" + token + "&username=ann&password=wrong").header("Location"))
			.isEqualTo("/login?error");
		assertThat(browser.postForm("/login", "_csrf=" + token + "&username=ann&password=secret").header("Location"))
			.isEqualTo("/");
		assertThat(browser.get("/who").body()).isEqualTo("ann");
		assertThat(browser.postForm("/logout", "").status()).isEqualTo(403);
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@RestController
	static class Application {

		@Bean
		SecurityWebFilterChain security(ServerHttpSecurity http) {
			return http
				.authorizeExchange((exchanges) -> exchanges.pathMatchers("/open", "/login")
					.permitAll()
					.pathMatchers("/admin")
					.hasRole("ADMIN")
					.anyExchange()
					.authenticated())
				.httpBasic(Customizer.withDefaults())
				.formLogin(Customizer.withDefaults())
				.build();
		}

		@Bean
		MapReactiveUserDetailsService users() {
			return new MapReactiveUserDetailsService(
					User.withUsername("ann").password("{noop}secret").roles("USER").build());
		}

		@GetMapping("/open")
		String open() {
			return "open to all";
		}

		@GetMapping("/who")
		Mono<String> who(Principal principal) {
			return Mono.just(principal.getName());
		}

		@PostMapping("/who")
		Mono<String> post() {
			return Mono.just("posted");
		}

		@GetMapping("/fails")
		Mono<String> fails() {
			return Mono.error(new IllegalStateException("on purpose"));
		}

	}

}
