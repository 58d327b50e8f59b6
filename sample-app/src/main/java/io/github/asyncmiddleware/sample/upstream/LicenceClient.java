package io.github.asyncmiddleware.sample.upstream;

import java.util.Objects;

import org.springframework.stereotype.Component;
import org.springframework.web.client.RestClient;

/**
 * Calls one of the services the old way: the thread that asks waits for the answer.
 */
@Component
public class LicenceClient {

	private final RestClient client;

	LicenceClient(UpstreamServer server) {
		this.client = RestClient.create(server.url());
	}

	/**
	 * Ask for the licence of a tenant.
	 * @param tenant the tenant
	 * @return the licence
	 */
	public Licence find(String tenant) {
		Licence licence = this.client.get().uri("/licences/{tenant}", tenant).retrieve().body(Licence.class);
		return Objects.requireNonNull(licence);
	}

}
