package io.github.asyncmiddleware.sample.upstream;

import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;

import reactor.core.publisher.Mono;
import reactor.netty.DisposableServer;
import reactor.netty.http.server.HttpServer;
import reactor.netty.resources.LoopResources;

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
 * Plays the services on a port and threads of its own, so that waiting for them is real:
 * a request through a socket.
 */
@Component
class UpstreamServer implements DisposableBean {

	private static final Map<String, Customer> CUSTOMERS = Map.of("guest", new Customer("public"), "demo",
			new Customer("acme"));

	private static final Map<String, Licence> LICENCES = Map.of("public", new Licence("free"), "acme",
			new Licence("enterprise"));

	private final UpstreamDelay delay;

	private final LoopResources threads = LoopResources.create("upstream");

	private static final Flags FLAGS = new Flags(List.of("new-prices"));

	/** Longer than a user wants to wait for flags. */
	private static final Duration SLOW = Duration.ofSeconds(2);

	private final DisposableServer server;

	UpstreamServer(UpstreamProperties properties, UpstreamDelay delay) {
		this.delay = delay;
		this.server = HttpServer.create()
			.runOn(this.threads)
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
			.GET("/keys/{id}", only(CUSTOMERS))
			.GET("/licences/{id}", only(LICENCES))
			.GET("/flags/slow", (request) -> Mono.delay(SLOW).then(ServerResponse.ok().bodyValue(FLAGS)))
			.GET("/flags/{id}", only(Map.of("live", FLAGS)))
			.GET("/experiments/{id}", only(Map.of("checkout", new Experiment("B"))))
			.POST("/audit", (request) -> ServerResponse.status(HttpStatus.ACCEPTED).build())
			.filter((request, next) -> this.delay.of(service(request)).then(Mono.defer(() -> next.handle(request))))
			.build();
	}

	private static HandlerFunction<ServerResponse> product(IntFunction<Object> content) {
		return (request) -> ServerResponse.ok().bodyValue(content.apply(Integer.parseInt(request.pathVariable("id"))));
	}

	private static HandlerFunction<ServerResponse> only(Map<String, ?> contents) {
		return (request) -> Mono.justOrEmpty(contents.get(request.pathVariable("id")))
			.flatMap((content) -> ServerResponse.ok().bodyValue(content))
			.switchIfEmpty(ServerResponse.notFound().build());
	}

	private static String service(ServerRequest request) {
		return request.requestPath().pathWithinApplication().elements().get(1).value();
	}

	@Override
	public void destroy() {
		this.server.disposeNow();
		this.threads.dispose();
	}

}
