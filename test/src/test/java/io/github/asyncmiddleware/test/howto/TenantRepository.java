package io.github.asyncmiddleware.test.howto;

import java.util.Optional;

/**
 * Asks a database with JDBC.
 */
interface TenantRepository {

	Optional<Long> findIdByName(String name);

}
