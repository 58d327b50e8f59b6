package io.github.asyncmiddleware.autoconfigure.slice;

import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/**
 * The handler behind the middlewares.
 */
@RestController
class GreetingController {

	@GetMapping("/greeting")
	String greet() {
		return "hello";
	}

}
