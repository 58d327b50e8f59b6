package io.github.asyncmiddleware.sample.demo;

import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/**
 * Is what the middlewares of this package are around.
 */
@RestController
class DemoController {

	@GetMapping(OnionConfiguration.PATH)
	String onion(ServerHttpResponse response) {
		response.getHeaders().add(OnionConfiguration.HEADER, "handler");
		return "The layers are in the headers " + OnionConfiguration.HEADER;
	}

	@GetMapping("/demo/missing-await")
	String missingAwait() {
		return "Nobody gets here";
	}

}
