package yourturn

import java.net.URI
import java.net.http.HttpClient
import java.net.http.HttpRequest
import java.net.http.HttpRequest.BodyPublishers
import java.net.http.HttpResponse.BodyHandlers
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.minutes
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import org.junit.jupiter.api.Assertions.assertEquals
import yourturn.wire.models.JoinRequest
import yourturn.wire.models.Session
import yourturn.wire.models.SessionRequest

/** A server of its own, with a test clock; `go test ./openapi/kotlin` starts it. */
val server: String = System.getProperty("yourturn.server") ?: error("run these tests with: go test ./openapi/kotlin")

/** Pauses that a test need not wait for. How long they are by default, PatienceTest knows. */
val quick = Patience(shortestPause = 10.milliseconds, longestPause = 200.milliseconds)

/** Runs a test. What never comes fails it after minutes; nothing here asserts how fast something is. */
fun story(steps: suspend CoroutineScope.() -> Unit) = runBlocking { withTimeout(3.minutes, steps) }

/** A client behind a bad network, and a proper one to play against. */
class Pair(val proxy: Proxy, val ann: Client, val bob: Client) : AutoCloseable {
    /** Ann opens a table, and Bob sits down: each is told. */
    suspend fun table(): Session {
        val opened = ann.api.sessions.createSession(SessionRequest(game = "tictactoe", seats = 2))
        bob.api.sessions.joinSession(JoinRequest(joinCode = opened.joinCode!!))
        return ann.api.sessions.getSession(opened.id)
    }

    /** A table at which Ann is to move. Who begins is chance. */
    suspend fun annsTurn(): Session {
        while (true) table().let { if (it.yourTurn) return it }
    }

    override fun close() {
        ann.close()
        bob.close()
        proxy.close()
    }
}

suspend fun pair(patience: Patience = quick, storage: Storage = MemoryStorage(), onSignedOut: (Problem) -> Unit = {}): Pair {
    val proxy = Proxy(server)
    return Pair(proxy, connect(proxy.url, storage, patience = patience, onSignedOut = onSignedOut), connect(server))
}

/** Moves the server's clock past the life of access tokens. */
fun letTokensExpire() {
    val request = HttpRequest.newBuilder(URI("$server/v1/test/clock")).header("Content-Type", "application/json")
    val answer = HttpClient.newHttpClient().send(request.POST(BodyPublishers.ofString("""{"seconds": 7200}""")).build(), BodyHandlers.ofString())
    assertEquals(200, answer.statusCode(), answer.body())
}
