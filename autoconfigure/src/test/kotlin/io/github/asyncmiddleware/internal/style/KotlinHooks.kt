package io.github.asyncmiddleware.internal.style

import io.github.asyncmiddleware.OnRequest
import io.github.asyncmiddleware.OnResponse
import kotlinx.coroutines.CoroutineName
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.flowOf
import org.springframework.http.ResponseEntity
import org.springframework.http.server.reactive.ServerHttpResponse
import org.springframework.web.bind.annotation.RequestHeader
import org.springframework.web.reactive.function.server.ServerResponse
import org.springframework.web.reactive.function.server.buildAndAwait
import org.springframework.web.server.ServerWebExchange
import org.springframework.web.server.WebSession
import reactor.core.publisher.Mono

/**
 * Hooks for [KotlinHookTests], written as applications in Kotlin write theirs.
 */
object KotlinHooks {

	class Answering {

		@OnRequest
		suspend fun load(exchange: ServerWebExchange, session: WebSession): ServerResponse {
			delay(1)
			return ServerResponse.ok().header("X-Seen", exchange.request.path.value(), session.id).buildAndAwait()
		}

	}

	class GoingOn {

		var calls = 0

		@OnRequest
		suspend fun load() {
			delay(1)
			this.calls++
		}

	}

	class ReturningNull {

		@OnRequest
		suspend fun load(): ServerResponse? = null

	}

	class Failing {

		@OnRequest
		suspend fun load(): ServerResponse {
			delay(1)
			throw IllegalStateException("broken")
		}

	}

	class Waiting {

		var cancelled = false

		@OnRequest
		suspend fun load() {
			try {
				awaitCancellation()
			}
			finally {
				this.cancelled = true
			}
		}

	}

	class WithDefault {

		@OnRequest
		suspend fun load(@RequestHeader("X-Missing") name: String = "fallback"): Any = name

	}

	@JvmInline
	value class Tenant(val name: String) {

		init {
			require(name.all { it.isLetter() }) { "no tenant" }
		}

	}

	class PlainWithDefault {

		@OnRequest(blocking = false)
		fun load(@RequestHeader("X-Missing") name: String = "fallback",
				@RequestHeader("X-Number") number: Int = 7,
				@RequestHeader("X-Maybe") maybe: String?): Any = "$name $number $maybe"

	}

	class ReturningNothingWithDefault {

		@OnRequest(blocking = false)
		fun load(@RequestHeader("X-Missing") name: String = "fallback") {
			require(name == "fallback")
		}

	}

	open class AdvisedWithDefault {

		@OnRequest(blocking = false)
		open fun load(@RequestHeader("X-Missing") name: String = "fallback"): Any = name

	}

	class PlainWithValueClass {

		@OnRequest(blocking = false)
		fun load(@RequestHeader("X-Tenant") tenant: Tenant): Any = tenant.name

	}

	class Named {

		@OnRequest
		suspend fun load(): Any = currentCoroutineContext()[CoroutineName]!!.name

	}

	class Flowing {

		@OnRequest
		fun load(): Flow<ServerWebExchange> = flowOf()

	}

	class FlowingTwice {

		@OnRequest
		suspend fun load(): Flow<Any> = flowOf(1, 2)

	}

	class MonoOfUnit {

		@OnRequest
		fun load(): Mono<Unit> = Mono.just(Unit)

	}

	class AnythingButUnit {

		@OnRequest
		fun load(): Any = Unit

	}

	class Stamping {

		@OnResponse
		suspend fun stamp(response: ServerHttpResponse) {
			delay(1)
			response.headers.set("X-Stamp", "yes")
		}

	}

	open class Open(private val state: String?) {

		constructor() : this(null)

		@OnRequest
		open suspend fun load(): Any? {
			delay(1)
			return this.state
		}

	}

	class ReturningEntity {

		@OnRequest
		suspend fun load(): ResponseEntity<Map<String, Int>> = ResponseEntity.ok(mapOf("a" to 1))

	}

	class ReturningText {

		@OnRequest
		suspend fun load(): String = ""

	}

	class WithNullable {

		@OnRequest
		fun load(@RequestHeader("X-Missing") name: String?): Any? = name

	}

}
