package io.github.asyncmiddleware.sample.upstream;

import java.util.Optional;

import reactor.core.publisher.Mono;

import org.springframework.stereotype.Component;
import org.springframework.web.reactive.function.client.ClientRequest;
import org.springframework.web.reactive.function.client.ClientResponse;
import org.springframework.web.reactive.function.client.ExchangeFunction;
import org.springframework.web.reactive.function.client.WebClient;

/**
 * Calls the services. What stands in the Reactor context as {@link #REQUEST_ID} goes with
 * each call as a header of that name.
 */
@Component
public class UpstreamClient {

	/**
	 * The name of the header, and of the entry of the Reactor context, for the id of a
	 * request.
	 */
	public static final String REQUEST_ID = "X-Request-Id";

	private final WebClient client;

	UpstreamClient(UpstreamServer server) {
		this.client = WebClient.builder().baseUrl(server.url()).filter(UpstreamClient::withRequestId).build();
	}

	private static Mono<ClientResponse> withRequestId(ClientRequest request, ExchangeFunction next) {
		return Mono.deferContextual((context) -> next.exchange(ClientRequest.from(request)
			.headers((headers) -> context.<String>getOrEmpty(REQUEST_ID).ifPresent((id) -> headers.set(REQUEST_ID, id)))
			.build()));
	}

	/**
	 * Ask a service about something.
	 * @param service the name of the service
	 * @param id what to ask about, such as the number of a product
	 * @param type the type of the answer
	 * @param <T> the type of the answer
	 * @return the answer
	 */
	public <T> Mono<T> get(String service, Object id, Class<T> type) {
		return this.client.get().uri("/{service}/{id}", service, id).retrieve().bodyToMono(type);
	}

	/**
	 * Ask who a key belongs to.
	 * @param key the API key
	 * @return the customer, or an empty optional if no customer has the key
	 */
	public Mono<Optional<Customer>> customer(String key) {
		return this.client.get()
			.uri("/keys/{key}", key)
			.exchangeToMono((response) -> response.statusCode().is2xxSuccessful()
					? response.bodyToMono(Customer.class).map(Optional::of)
					: response.releaseBody().thenReturn(Optional.empty()));
	}

	/**
	 * Write a line into the audit log.
	 * @param line what happened
	 * @return completes when the service has it
	 */
	public Mono<Void> audit(String line) {
		return this.client.post().uri("/audit").bodyValue(line).retrieve().toBodilessEntity().then();
	}

}
