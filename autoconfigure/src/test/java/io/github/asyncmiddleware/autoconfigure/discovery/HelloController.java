package io.github.asyncmiddleware.autoconfigure.discovery;

import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

/**
 * The handler behind the middlewares.
 */
@RestController
class HelloController {

	@RequestMapping("/hello")
	String hello() {
		return "hello";
	}

}
