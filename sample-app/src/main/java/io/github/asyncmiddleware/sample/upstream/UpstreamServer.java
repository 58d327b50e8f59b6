package io.github.asyncmiddleware.sample.upstream;

import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;

import reactor.core.publisher.Mono;
import reactor.netty.DisposableServer;
import reactor.netty.http.server.HttpServer;

import org.springframework.beans.factory.DisposableBean;
import org.springframework.http.HttpStatus;
import org.springframework.http.server.reactive.ReactorHttpHandlerAdapter;
import org.springframework.stereotype.Component;
import org.springframework.web.reactive.function.server.HandlerFunction;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;

/**
 * Plays the services on a port of its own, so that waiting for them is real: a request
 * through a socket.
 */
@Component
class UpstreamServer implements DisposableBean {

	private static final Map<String, Customer> CUSTOMERS = Map.of("guest", new Customer("public"), "demo",
			new Customer("acme"));

	private final Map<String, Duration> delays;

	private final DisposableServer server;

	UpstreamServer(UpstreamProperties properties) {
		this.delays = properties.delay();
		this.server = HttpServer.create()
			.host(InetAddress.getLoopbackAddress().getHostAddress())
			.port(properties.port())
			.handle(new ReactorHttpHandlerAdapter(RouterFunctions.toHttpHandler(routes())))
			.bindNow();
	}

	String url() {
		return "http://" + this.server.host() + ":" + this.server.port();
	}

	private RouterFunction<ServerResponse> routes() {
		return RouterFunctions.route()
			.GET("/price/{id}", product((id) -> new Price(id + 0.9, "EUR")))
			.GET("/stock/{id}", product((id) -> new Stock(3 * id)))
			.GET("/reviews/{id}", product((id) -> new Reviews(10 * id, 4.5)))
			.GET("/recommendations/{id}", product((id) -> new Recommendations(List.of(id + 1, id + 2))))
			.GET("/keys/{id}", this::customer)
			.POST("/audit", (request) -> ServerResponse.status(HttpStatus.ACCEPTED).build())
			.filter((request, next) -> Mono.delay(delay(request)).then(Mono.defer(() -> next.handle(request))))
			.build();
	}

	private static HandlerFunction<ServerResponse> product(IntFunction<Object> content) {
		return (request) -> ServerResponse.ok().bodyValue(content.apply(Integer.parseInt(request.pathVariable("id"))));
	}

	private Mono<ServerResponse> customer(ServerRequest request) {
		Customer customer = CUSTOMERS.get(request.pathVariable("id"));
		return (customer != null) ? ServerResponse.ok().bodyValue(customer) : ServerResponse.notFound().build();
	}

	private Duration delay(ServerRequest request) {
		String service = request.requestPath().pathWithinApplication().elements().get(1).value();
		return this.delays.getOrDefault(service, Duration.ZERO);
	}

	@Override
	public void destroy() {
		this.server.disposeNow();
	}

}
