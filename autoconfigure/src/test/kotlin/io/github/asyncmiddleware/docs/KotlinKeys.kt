package io.github.asyncmiddleware.docs

import io.github.asyncmiddleware.AsyncMiddleware
import io.github.asyncmiddleware.OnRequest
import io.github.asyncmiddleware.OnResponse
import kotlinx.coroutines.delay
import org.springframework.http.HttpHeaders
import org.springframework.http.HttpStatus
import org.springframework.http.HttpStatusCode
import org.springframework.http.ProblemDetail
import org.springframework.web.bind.annotation.RequestHeader

/**
 * Knows the keys of the clients, as [KotlinKeys] of the page on hooks asks it.
 */
class KotlinKeyService {

	suspend fun isKnown(key: String): Boolean {
		delay(1)
		return key == "secret"
	}

}

@AsyncMiddleware
class KotlinKeys(private val keys: KotlinKeyService) {

	@OnRequest
	suspend fun check(@RequestHeader("X-Api-Key", defaultValue = "none") key: String): ProblemDetail? =
		if (keys.isKnown(key)) null else ProblemDetail.forStatus(HttpStatus.UNAUTHORIZED)

	@OnResponse
	fun stamp(status: HttpStatusCode, headers: HttpHeaders) {
		headers.set("X-Final-Status", status.toString())
	}

}
