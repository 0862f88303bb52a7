package yourturn

import java.io.File
import java.util.concurrent.CountDownLatch
import java.util.concurrent.atomic.AtomicInteger
import kotlin.random.Random
import kotlin.time.Duration.Companion.days
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.minutes
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch
import kotlinx.coroutines.runInterruptible
import okhttp3.Request
import okhttp3.RequestBody.Companion.toRequestBody
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import yourturn.wire.models.Problem as WireProblem
import yourturn.wire.models.JoinRequest
import yourturn.wire.models.Session
import yourturn.wire.models.SessionRequest
import yourturn.wire.models.TicTacToeMove
import yourturn.wire.models.TicTacToeView
import yourturn.wire.models.TicketRequest

class CallsTest {
    @Test
    fun `a move whose answers are lost is taken once`() = story {
        pair().use { pair ->
            val session = pair.annsTurn()
            val path = "POST /v1/sessions/${session.id}/moves"
            val lost = AtomicInteger(3)
            pair.proxy.fault = { if (it == path && lost.getAndDecrement() > 0) Proxy.LoseAnswer else null }
            val played = pair.ann.play(session, TicTacToeMove(cell = 4))
            assertEquals(1, moves(pair.bob, session))
            assertEquals(1, played.viewAs<TicTacToeView>()!!.board.count { it.isNotEmpty() })
            assertFalse(played.yourTurn)
            pair.ann.play(session, TicTacToeMove(cell = 4)) // and by hand once more
            assertEquals(1, moves(pair.bob, session))
        }
    }

    private suspend fun moves(client: Client, session: Session) =
        client.api.sessions.listEvents(session.id).items.count { it.kind == "move" && "move" in it.data }

    @Test
    fun `a ticket whose answer is lost is one ticket`() = story {
        pair().use { pair ->
            val lost = AtomicInteger(2)
            pair.proxy.fault = { if (it == "POST /v1/tickets" && lost.getAndDecrement() > 0) Proxy.LoseAnswer else null }
            val made = pair.ann.api.matchmaking.createTicket(TicketRequest(game = "tictactoe", turnSeconds = 77_777))
            assertEquals(listOf(made.id), pair.ann.api.matchmaking.listTickets().items.map { it.id })
            pair.ann.api.matchmaking.cancelTicket(made.id)
        }
    }

    @Test
    fun `a busy server is asked again, and not before it has said`() = story {
        pair().use { pair ->
            val busy = AtomicInteger(2)
            val problem = """{"type": "urn:yourturn:problem:busy", "title": "busy", "status": 503, "request_id": "r"}"""
            pair.proxy.fault = { if (busy.getAndDecrement() > 0) Proxy.Answer(503, retryAfter = 1, body = problem) else null }
            assertEquals(pair.ann.playerId, pair.ann.api.players.getMe().id)
            assertEquals(3, pair.proxy.count("GET /v1/me"))
        }
        val told = Problem("GET /", WireProblem(requestId = "r", status = 503, title = "t", type = "t"), 7.seconds)
        assertTrue(quick.pause(0, told) >= 7.seconds)
        assertTrue(quick.loopPause(0, told) >= 7.seconds)
        val tomorrow = Problem("GET /", WireProblem(requestId = "r", status = 503, title = "t", type = "t"), 1.days)
        assertEquals(5.minutes, Patience().loopPause(0, tomorrow)) // the feed lasts longer than such a word
    }

    @Test
    fun `pauses grow from one second to thirty and are never the same for all`() {
        val longest = List(200) { Patience().pause(it / 20, null, Random(it)) }
        assertTrue(longest.all { it in 1.seconds..30.seconds }, "$longest")
        assertTrue(longest.takeLast(20).all { it >= 15.seconds }, "$longest")
        assertTrue(longest.takeLast(20).toSet().size > 15, "$longest")
    }

    @Test
    fun `what would be done twice is not repeated`() = story {
        pair().use { pair ->
            pair.proxy.fault = { Proxy.LoseAnswer }
            val failed = runCatching { pair.ann.api.devices.testPush("phone") }.exceptionOrNull()
            assertTrue(failed is CallFailed && "POST /v1/me/devices/phone/test" in failed.message!!, "$failed")
            assertEquals(1, pair.proxy.count("POST /v1/me/devices/phone/test"))
        }
    }

    @Test
    fun `of all that is posted only a test push is not repeated`() {
        var path = ""
        val once = mutableListOf<String>()
        for (line in File("../openapi-3.0.yaml").readLines()) {
            if (line.startsWith("  /")) path = line.trim().removeSuffix(":")
            if (line != "    post:") continue
            val request = Request.Builder().url("https://play.example$path").post("{}".toRequestBody()).build()
            if (!request.named().mayBeRepeated()) once += path
        }
        assertEquals(listOf("/v1/me/devices/{device_id}/test"), once)
    }

    @Test
    fun `a long-poll has the time that it asks for`() = story {
        pair(quick.copy(attempt = 1.seconds, silence = 100.milliseconds)).use { pair ->
            val last = pair.ann.api.feed.listFeed().lastSeq
            assertEquals(0, pair.ann.api.feed.listFeed(after = last, wait = 2).items.size)
            assertEquals(2, pair.proxy.count("GET /v1/me/feed"))
        }
    }

    @Test
    fun `a server may be in a folder`() = story {
        for (slash in listOf("", "/")) Proxy(server, "/yourturn").use { proxy ->
            connect(proxy.url + slash, patience = quick).use { client ->
                val session = client.api.sessions.createSession(SessionRequest(game = "tictactoe", seats = 2))
                connect(server).use { it.api.sessions.joinSession(JoinRequest(joinCode = session.joinCode!!)) }
                assertEquals(session.id, client.messages().first().sessionId)
            }
        }
    }

    @Test
    fun `a closed client fails at once, in whatever it does`() = story {
        pair().use { pair ->
            val session = pair.annsTurn()
            val asked = CountDownLatch(2)
            pair.proxy.fault = { Proxy.Hold(CountDownLatch(1)).also { asked.countDown() } }
            val held = async { runCatching { pair.ann.api.players.getMe() }.exceptionOrNull() }
            val following = async { pair.ann.messages().toList() }
            runInterruptible(Dispatchers.IO) { asked.await() }
            pair.ann.close()
            assertEquals("GET /v1/me: the client is closed", held.await()!!.message)
            assertEquals(emptyList<Any>(), following.await())
            assertEquals(emptyList<Any>(), pair.ann.messages().toList())
            val calls = listOf<suspend () -> Any>(
                { pair.ann.api.players.getMe() }, { pair.ann.play(session, TicTacToeMove(cell = 4)) }, { pair.ann.signIn("00000000") },
            )
            for (call in calls) assertTrue("the client is closed" in runCatching { call() }.exceptionOrNull()!!.message!!)
        }
    }

    @Test
    fun `a request that was refused for its rate is repeated whatever it is`() = story {
        pair().use { pair ->
            val refused = AtomicInteger(2)
            pair.proxy.fault = { if (refused.getAndDecrement() > 0) Proxy.Answer(429, body = rateLimited) else null }
            val passed = runCatching { pair.ann.api.devices.testPush("phone") }.exceptionOrNull() as Problem
            assertEquals("not-found", passed.name)
            assertEquals(3, pair.proxy.count("POST /v1/me/devices/phone/test"))
        }
    }

    private val rateLimited = """{"type": "urn:yourturn:problem:rate-limited", "title": "slow", "status": 429, "request_id": "r"}"""

    @Test
    fun `patience ends`() = story {
        pair(Patience(calls = 300.milliseconds, shortestPause = 50.milliseconds)).use { pair ->
            pair.proxy.fault = { Proxy.Answer(502) }
            val failed = runCatching { pair.ann.api.players.getMe() }.exceptionOrNull()
            assertTrue(failed is CallFailed && failed.status == 502 && "GET /v1/me" in failed.message!!, "$failed")
        }
    }

    @Test
    fun `a call can be cancelled while it waits`() = story {
        pair().use { pair ->
            val asked = CountDownLatch(1)
            pair.proxy.fault = { Proxy.Answer(503, retryAfter = 50).also { asked.countDown() } }
            val call = launch { pair.ann.api.players.getMe() }
            runInterruptible(Dispatchers.IO) { asked.await() }
            call.cancelAndJoin()
            assertTrue(call.isCancelled)
        }
    }

    @Test
    fun `a refusal carries its name and the session as it is`() = story {
        pair().use { pair ->
            val session = pair.annsTurn()
            val now = pair.ann.play(session, TicTacToeMove(cell = 4))
            val again = runCatching { pair.ann.play(session, TicTacToeMove(cell = 5)) }.exceptionOrNull() as Problem
            assertEquals("already-moved", again.name)
            assertEquals("urn:yourturn:problem:already-moved", again.type)
            assertEquals(409, again.status)
            assertEquals(now.version, again.session!!.version)
            val bobs = pair.bob.api.sessions.getSession(session.id)
            val taken = runCatching { pair.bob.play(bobs, TicTacToeMove(cell = 4)) }.exceptionOrNull() as Problem
            assertEquals("rule-cell-taken", taken.name)
            assertTrue(taken.session!!.yourTurn)
            val nonsense = runCatching { pair.bob.play(bobs, TicTacToeMove(cell = 99)) }.exceptionOrNull() as Problem
            assertEquals("body.move.cell", nonsense.errors.single().location)
            assertTrue(nonsense.requestId.isNotEmpty())
        }
    }
}
