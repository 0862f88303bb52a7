package yourturn

import com.sun.net.httpserver.HttpExchange
import com.sun.net.httpserver.HttpServer
import java.io.IOException
import java.io.InputStream
import java.net.InetSocketAddress
import java.net.URI
import java.net.http.HttpClient
import java.net.http.HttpRequest
import java.net.http.HttpRequest.BodyPublishers
import java.net.http.HttpResponse
import java.net.http.HttpResponse.BodyHandlers
import java.util.concurrent.ConcurrentLinkedQueue
import java.util.concurrent.CountDownLatch
import java.util.concurrent.Executors

/**
 * A bad network between a client and the server. What it does to a call, [fault] decides. It may put the server into a
 * folder: `/yourturn`.
 */
class Proxy(private val target: String, private val folder: String = "") : AutoCloseable {
    /** What may happen to a call. */
    sealed interface Fault

    /** The proxy answers in the server's place. */
    class Answer(val status: Int, val retryAfter: Int? = null, val body: String = "") : Fault

    /** The server carries it out, and the connection is cut before the answer. */
    object LoseAnswer : Fault

    /** The call waits until it may go on. */
    class Hold(val until: CountDownLatch) : Fault

    /** The answer begins, and nothing follows. */
    object Silence : Fault

    /** The answer is cut after so many lines. */
    class CutAfter(val lines: Int) : Fault

    @Volatile
    var fault: (String) -> Fault? = { null }

    /** What was asked for, in order: `POST /v1/tokens`. */
    val calls = ConcurrentLinkedQueue<String>()

    private val threads = Executors.newCachedThreadPool { Thread(it).apply { isDaemon = true } }
    private val http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).executor(threads).build()
    private val over = CountDownLatch(1)
    private val server = HttpServer.create(InetSocketAddress("127.0.0.1", 0), 0).apply {
        executor = threads
        createContext("$folder/") { exchange -> exchange.use { handle(it) } }
        start()
    }
    val url = "http://127.0.0.1:${server.address.port}$folder"

    fun count(call: String) = calls.count { it == call }

    override fun close() {
        over.countDown()
        server.stop(0)
        threads.shutdownNow()
    }

    private fun handle(exchange: HttpExchange) {
        val call = "${exchange.requestMethod} ${exchange.requestURI.path.removePrefix(folder)}"
        calls += call
        val body = exchange.requestBody.readBytes()
        when (val fault = fault(call)) {
            is Answer -> answer(exchange, fault)
            is LoseAnswer -> forward(exchange, body).body().use { it.readBytes() }
            is Silence -> {
                exchange.sendResponseHeaders(200, 0)
                over.await()
            }
            is Hold -> {
                fault.until.await()
                pass(exchange, body, Int.MAX_VALUE)
            }
            is CutAfter -> pass(exchange, body, fault.lines)
            null -> pass(exchange, body, Int.MAX_VALUE)
        }
    }

    private fun answer(exchange: HttpExchange, fault: Answer) {
        fault.retryAfter?.let { exchange.responseHeaders.add("Retry-After", "$it") }
        exchange.sendResponseHeaders(fault.status, 0)
        exchange.responseBody.write(fault.body.toByteArray())
    }

    private fun forward(exchange: HttpExchange, body: ByteArray): HttpResponse<InputStream> {
        val request = HttpRequest.newBuilder(URI(target + "${exchange.requestURI}".removePrefix(folder)))
        request.method(exchange.requestMethod, BodyPublishers.ofByteArray(body))
        for (name in listOf("Authorization", "Content-Type", "Idempotency-Key")) {
            exchange.requestHeaders.getFirst(name)?.let { request.header(name, it) }
        }
        return http.send(request.build(), BodyHandlers.ofInputStream())
    }

    private fun pass(exchange: HttpExchange, body: ByteArray, lines: Int) = try {
        val answer = forward(exchange, body)
        for (name in listOf("Content-Type", "Retry-After")) {
            answer.headers().firstValue(name).ifPresent { exchange.responseHeaders.add(name, it) }
        }
        exchange.sendResponseHeaders(answer.statusCode(), if (answer.statusCode() == 204) -1 else 0)
        answer.body().use { copy(it, exchange, lines) }
    } catch (e: IOException) {
        // Either end is gone; closing the exchange tells the other.
    }

    private fun copy(from: InputStream, exchange: HttpExchange, lines: Int) {
        var left = lines
        while (left > 0) {
            val byte = from.read()
            if (byte < 0) return
            exchange.responseBody.write(byte)
            if (byte != '\n'.code) continue
            exchange.responseBody.flush()
            left--
        }
    }
}

private inline fun HttpExchange.use(handle: (HttpExchange) -> Unit) = try {
    handle(this)
} finally {
    close()
}
