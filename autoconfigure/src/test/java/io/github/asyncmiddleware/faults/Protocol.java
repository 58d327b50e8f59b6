package io.github.asyncmiddleware.faults;

/**
 * What a client speaks with the server.
 */
enum Protocol {

	HTTP_1_1 {

		@Override
		Client connect(int port) {
			return new RawClient(port);
		}

	},

	H2C {

		@Override
		Client connect(int port) {
			return new Http2Client(port);
		}

	};

	abstract Client connect(int port);

}
