package io.github.asyncmiddleware.docs;

/**
 * Knows what there is a licence for.
 */
class LicenceFile {

	boolean covers(String path) {
		return !path.equals("/unlicensed");
	}

}
