package yourturn

import java.util.concurrent.CountDownLatch
import java.util.concurrent.atomic.AtomicInteger
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.channels.toList
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.onEach
import kotlinx.coroutines.flow.take
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch
import kotlinx.coroutines.runInterruptible
import okio.Buffer
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import yourturn.wire.models.FeedMessage
import yourturn.wire.models.TicTacToeMove

private const val STREAM = "GET /v1/me/stream"
private const val POLL = "GET /v1/me/feed"

class FeedTest {
    /** Makes messages for Ann, until she has been told so many. */
    private suspend fun Pair.makeMessages(number: Long) {
        do table() while (bob.api.sessions.listSessions().feedSeq < number || ann.api.sessions.listSessions().feedSeq < number)
    }

    private suspend fun Flow<FeedMessage>.numbers(count: Int) = take(count).toList().map { it.seq }

    @Test
    fun `a stream that is cut again and again tells each message once, in order`() = story {
        pair().use { pair ->
            pair.proxy.fault = { if (it == STREAM) Proxy.CutAfter(9) else null } // in the midst of a message
            val told = async { pair.ann.messages().numbers(20) }
            pair.makeMessages(20)
            assertEquals((1L..20).toList(), told.await())
            assertTrue(pair.proxy.count(STREAM) > 3, "${pair.proxy.calls}")
        }
    }

    @Test
    fun `where streams are blocked, long-polls tell the same`() = story {
        pair().use { pair ->
            pair.proxy.fault = { if (it == STREAM) Proxy.Answer(403) else null }
            val told = async { pair.ann.messages().numbers(12) }
            pair.makeMessages(12)
            assertEquals((1L..12).toList(), told.await())
            assertEquals(2, pair.proxy.count(STREAM))
        }
    }

    @Test
    fun `where streams are held back, long-polls tell the same`() = story {
        pair(quick.copy(silence = 300.milliseconds)).use { pair ->
            pair.proxy.fault = { if (it == STREAM) Proxy.Silence else null }
            val told = async { pair.ann.messages().numbers(6) }
            pair.makeMessages(6)
            assertEquals((1L..6).toList(), told.await())
            assertEquals(2, pair.proxy.count(STREAM))
        }
    }

    @Test
    fun `a stream is tried again when it was blocked for a while`() = story {
        pair(quick.copy(streamless = 300.milliseconds, poll = 1.seconds)).use { pair ->
            val greeted = CountDownLatch(1)
            pair.proxy.fault = { call ->
                when {
                    call == STREAM && pair.proxy.count(STREAM) <= 2 -> Proxy.Answer(403)
                    else -> null.also { if (call == STREAM) greeted.countDown() }
                }
            }
            val told = async { pair.ann.messages().numbers(8) }
            runInterruptible(Dispatchers.IO) { greeted.await() }
            pair.makeMessages(8)
            assertEquals((1L..8).toList(), told.await())
        }
    }

    @Test
    fun `a stream that falls silent is replaced`() = story {
        pair(quick.copy(silence = 300.milliseconds)).use { pair ->
            pair.makeMessages(3)
            pair.proxy.fault = { if (it == STREAM && pair.proxy.count(STREAM) == 1) Proxy.Silence else null }
            assertEquals((1L..3).toList(), pair.ann.messages(after = 0).numbers(3))
            assertEquals(0, pair.proxy.count(POLL))
        }
    }

    @Test
    fun `a token that expires on the way is no interruption`() = story {
        pair().use { pair ->
            val first = CountDownLatch(1)
            pair.proxy.fault = { if (it == STREAM) Proxy.CutAfter(9) else null }
            val told = async { pair.ann.messages().onEach { first.countDown() }.numbers(8) }
            pair.makeMessages(4)
            runInterruptible(Dispatchers.IO) { first.await() }
            letTokensExpire()
            pair.makeMessages(8)
            assertEquals((1L..8).toList(), told.await())
        }
    }

    @Test
    fun `numbers that are not kept begin again, and say so`() = story {
        for (blocked in listOf(false, true)) pair().use { pair ->
            pair.proxy.fault = { if (it == STREAM && blocked) Proxy.Answer(403) else null }
            pair.makeMessages(2)
            val told = async { pair.ann.messages(after = 1_000_000).take(3).toList() }
            val first = pair.ann.messages(after = 1_000_000).first()
            assertEquals(RESET, first.kind)
            val last = pair.ann.api.feed.listFeed(after = 0).lastSeq
            assertEquals(last, first.seq)
            // Whenever the other one was told to begin anew: what follows comes next.
            val more = launch { while (true) pair.table() }
            val heard = told.await()
            more.cancel()
            assertEquals(RESET, heard[0].kind)
            assertEquals(listOf(heard[0].seq + 1, heard[0].seq + 2), heard.drop(1).map { it.seq })
        }
    }

    @Test
    fun `without a number it begins after what was acknowledged`() = story {
        pair().use { pair ->
            pair.makeMessages(4)
            pair.ann.api.feed.ackFeed(yourturn.wire.models.AckRequest(2))
            assertEquals(3, pair.ann.messages().first().seq)
            pair.proxy.fault = { if (it == STREAM) Proxy.Answer(403) else null }
            assertEquals(3, pair.ann.messages().first().seq)
        }
    }

    @Test
    fun `what a person has seen is acknowledged, the highest number in one call`() = story {
        pair().use { pair ->
            pair.makeMessages(9)
            val first = CountDownLatch(1)
            val go = CountDownLatch(1)
            pair.proxy.fault = { if (it.endsWith("/ack")) Proxy.Hold(go).also { first.countDown() } else null }
            pair.ann.seen(1)
            runInterruptible(Dispatchers.IO) { first.await() }
            for (seq in listOf(2L, 5, 9, 4, 3)) pair.ann.seen(seq)
            go.countDown()
            acknowledged(pair.ann, 9)
            assertEquals(2, pair.proxy.count("POST /v1/me/feed/ack"))
        }
    }

    @Test
    fun `an acknowledgement arrives however often it fails`() = story {
        pair(quick.copy(calls = 1.milliseconds)).use { pair ->
            pair.makeMessages(1)
            val failures = AtomicInteger(5)
            pair.proxy.fault = { if (it.endsWith("/ack") && failures.getAndDecrement() > 0) Proxy.LoseAnswer else null }
            pair.ann.seen(1)
            acknowledged(pair.ann, 1)
        }
    }

    private suspend fun acknowledged(client: Client, seq: Long) {
        while (client.api.feed.listFeed().ackedSeq != seq) Thread.yield()
    }

    @Test
    fun `the badge counts the sessions that wait`() = story {
        pair().use { pair ->
            val following = launch { pair.ann.messages().collect {} }
            val first = pair.annsTurn()
            val waiting = pair.ann.api.sessions.listSessions().waitingForMe.toInt()
            pair.ann.badge.first { it == waiting }
            following.cancel()
            pair.ann.play(first, TicTacToeMove(cell = 0)) // lowers it without a message
            pair.ann.badge.first { it == waiting - 1 }
        }
    }

    @Test
    fun `the badge is counted again at the first answer after a failure`() = story {
        val storage = MemoryStorage()
        pair(quick.copy(poll = 1.seconds), storage).use { pair ->
            pair.proxy.fault = { if (it == STREAM) Proxy.Answer(403) else null }
            val session = pair.annsTurn()
            val waiting = pair.ann.api.sessions.listSessions().waitingForMe.toInt()
            val following = launch { pair.ann.messages().collect {} }
            pair.ann.badge.first { it == waiting }
            connect(server, MemoryStorage(storage.load())).use { it.play(session, TicTacToeMove(cell = 0)) } // on another phone
            val failures = AtomicInteger(2)
            pair.proxy.fault = { if (it == STREAM || it == POLL && failures.getAndDecrement() > 0) Proxy.Answer(502) else null }
            pair.ann.badge.first { it == waiting - 1 }
            following.cancel()
        }
    }

    @Test
    fun `nobody's badge is 0`() = story {
        pair().use { pair ->
            val following = launch { pair.ann.messages().collect {} }
            pair.annsTurn()
            pair.ann.badge.first { it > 0 }
            pair.ann.signOut()
            following.join()
            pair.ann.badge.first { it == 0 }
        }
    }

    @Test
    fun `a reset forgets what was seen before it`() = story {
        pair().use { pair ->
            pair.makeMessages(3)
            val asked = CountDownLatch(1)
            pair.proxy.fault = { if (it.endsWith("/ack")) Proxy.Answer(503, retryAfter = 2).also { asked.countDown() } else null }
            pair.ann.seen(900)
            runInterruptible(Dispatchers.IO) { asked.await() }
            assertEquals(RESET, pair.ann.messages(after = 1_000_000).first().kind)
            pair.proxy.fault = { null }
            pair.ann.seen(1)
            acknowledged(pair.ann, 1)
            assertEquals(2, pair.proxy.count("POST /v1/me/feed/ack"))
        }
    }

    @Test
    fun `what one player has seen is not acknowledged for another`() = story {
        pair(quick.copy(longestPause = quick.shortestPause)).use { pair ->
            pair.makeMessages(3)
            val asked = CountDownLatch(1)
            pair.proxy.fault = { if (it.endsWith("/ack")) Proxy.Answer(503).also { asked.countDown() } else null }
            pair.ann.seen(900)
            runInterruptible(Dispatchers.IO) { asked.await() }
            pair.ann.signIn(pair.bob.api.players.createLinkCode().code)
            pair.proxy.fault = { null }
            repeat(100) { pair.bob.api.players.getMe() } // time enough for one more attempt
            pair.ann.seen(1)
            acknowledged(pair.bob, 1)
        }
    }

    @Test
    fun `a portal in the way interrupts the feed and does not end it`() = story {
        val portals = listOf(Proxy.Answer(200, body = "<html>Welcome!</html>"), Proxy.Answer(401, body = "<html>Who are you?</html>"))
        for (portal in portals) pair(onSignedOut = { throw AssertionError("$it") }).use { pair ->
            val inTheWay = AtomicInteger(6)
            pair.proxy.fault = { if ((it == STREAM || it == POLL) && inTheWay.getAndDecrement() > 0) portal else null }
            val told = async { pair.ann.messages().numbers(4) }
            pair.makeMessages(4)
            assertEquals((1L..4).toList(), told.await())
        }
    }

    @Test
    fun `an event is taken whole or not at all`() = story {
        val text = ": beat\n\nretry: 2000\nevent: hello\ndata: {}\n\nid: 4\r\ndata: a\r\ndata:b\r\n\r\nid: 5\n\ndata: tail\nid: 6\n"
        val events = Channel<Event>(Channel.UNLIMITED)
        readEvents(Buffer().writeUtf8(text), events)
        events.close()
        assertEquals(listOf("hello//{}", "/4/a\nb"), events.toList().map { "${it.name}/${it.id}/${it.data}" })
    }
}
