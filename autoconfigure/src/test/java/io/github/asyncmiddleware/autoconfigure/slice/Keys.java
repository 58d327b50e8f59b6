package io.github.asyncmiddleware.autoconfigure.slice;

import org.springframework.stereotype.Service;

/**
 * A service that a slice leaves out.
 */
@Service
class Keys {

	boolean isKnown(String key) {
		return key.equals("secret");
	}

}
