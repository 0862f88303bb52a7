package yourturn

import java.util.concurrent.CountDownLatch
import java.util.concurrent.atomic.AtomicInteger
import kotlin.random.Random
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.launch
import kotlinx.coroutines.runInterruptible
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import yourturn.wire.models.Problem as WireProblem
import yourturn.wire.models.Session
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
            val failed = runCatching { pair.ann.api.feed.createStreamTicket() }.exceptionOrNull()
            assertTrue(failed is CallFailed && "POST /v1/me/stream-tickets" in failed.message!!, "$failed")
            assertEquals(1, pair.proxy.count("POST /v1/me/stream-tickets"))
        }
    }

    @Test
    fun `a request that was refused for its rate is repeated whatever it is`() = story {
        pair().use { pair ->
            val refused = AtomicInteger(2)
            pair.proxy.fault = { if (refused.getAndDecrement() > 0) Proxy.Answer(429, body = rateLimited) else null }
            pair.ann.api.feed.createStreamTicket()
            assertEquals(3, pair.proxy.count("POST /v1/me/stream-tickets"))
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
