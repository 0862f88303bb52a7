package yourturn

import java.io.IOException
import java.time.OffsetDateTime
import kotlin.time.Duration
import kotlin.time.TimeMark
import kotlin.time.TimeSource
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.channels.SendChannel
import kotlinx.coroutines.channels.awaitClose
import kotlinx.coroutines.channels.trySendBlocking
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.callbackFlow
import kotlinx.coroutines.flow.takeWhile
import kotlinx.coroutines.launch
import okhttp3.Call
import okio.BufferedSource
import yourturn.wire.models.FeedAck
import yourturn.wire.models.FeedMessage
import yourturn.wire.models.FeedPage

/** The kind of message that the client makes itself: what was asked for is not kept any more, so read your sessions anew. */
const val RESET = "reset"

/**
 * Follows one player's feed, in order and each message once, whatever happens on the way. The number of the last message
 * is all it needs to know: by stream or by long-poll, it asks for what comes after.
 */
internal class Follower(
    private var last: Long?,
    private val login: Int,
    private val requests: Requests,
    private val patience: Patience,
    private val onContact: () -> Unit,
    private val onReset: () -> Unit,
    private val tell: suspend (FeedMessage) -> Unit,
) {
    /** Attempts at a stream, one after another, that did not get as far as its hello. */
    private var refusals = 0

    /** What failed, one after another, by stream or long-poll. */
    private var failures = 0

    /** Whether the last that was asked for was answered: the first answer after something else is a new contact. */
    private var inTouch = false
    private var refusedAt: TimeMark = TimeSource.Monotonic.markNow()

    suspend fun follow(): Nothing {
        while (true) {
            val pause = try {
                if (mayStream()) stream() else poll()
            } catch (e: IOException) {
                if (e.isFinal()) throw e
                inTouch = false
                patience.loopPause(failures++, e)
            }
            delay(pause)
        }
    }

    /** Some proxies hold streams back. After two that did not begin, long-polls do, until it is time to try again. */
    private fun mayStream() = refusals < 2 || refusedAt.elapsedNow() > patience.streamless

    private suspend fun stream(): Duration {
        refusals++
        refusedAt = TimeSource.Monotonic.markNow()
        inTouch = false
        requests.events(last, login).takeWhile { it.name != "bye" }.collect {
            when (it.name) {
                "hello" -> greeted(wireJson.decodeFromString<FeedAck>(it.data))
                "reset" -> startOver(it.id.toLong())
                "" -> if (it.id.isNotEmpty()) told(wireJson.decodeFromString(it.data)) // what has no number is no message
            }
        }
        return patience.pause(0, null)
    }

    private fun greeted(hello: FeedAck) {
        refusals = 0
        failures = 0
        last = last ?: hello.ackedSeq
        onContact()
    }

    private suspend fun poll(): Duration {
        val page = try {
            requests.page(last, patience.poll.inWholeSeconds, login)
        } catch (e: IOException) {
            refusals = 0 // nothing gets through: that was no reason to suspect streams
            throw e
        }
        failures = 0
        if (!inTouch) onContact()
        inTouch = true
        if (page.reset == true) startOver(page.lastSeq) else page.items.forEach { told(it) }
        last = last ?: page.ackedSeq
        return Duration.ZERO
    }

    private suspend fun told(message: FeedMessage) {
        if (message.seq <= (last ?: -1)) return
        tell(message)
        last = message.seq
    }

    private suspend fun startOver(seq: Long) {
        onReset()
        tell(FeedMessage(at = OffsetDateTime.now(), data = emptyMap(), kind = RESET, seq = seq))
        last = seq
    }

    /** Whether trying again is no use: the player is signed out, or the server says that we ask for nonsense. */
    private fun IOException.isFinal() = (this is SignedOut || this is Problem && status in 400..499) && !mayPass(true)
}

/** An event of a stream. */
internal class Event(val name: String, val id: String, val data: String)

private fun Requests.events(after: Long?, login: Int): Flow<Event> = callbackFlow {
    var call: Call? = null
    val response = signed(request("/v1/me/stream", "after" to after?.toString()).build(), login) {
        newStream(it).also { opened -> call = opened }.answer { answer -> answer }
    }
    launch(Dispatchers.IO) {
        val why = try {
            response.use { readEvents(it.body!!.source(), channel) }
            null
        } catch (e: IOException) {
            CallFailed(response.request.call(), cause = e)
        }
        close(why)
    }
    awaitClose { call?.cancel() } // only a call can be ended while another thread reads from it
}

/** Takes a stream apart as the HTML standard says. What no empty line has ended has not happened. */
internal fun readEvents(source: BufferedSource, events: SendChannel<Event>) {
    var name = ""
    var id = ""
    val data = mutableListOf<String>()
    while (true) {
        val line = source.readUtf8Line() ?: return
        val value = line.substringAfter(':', "").removePrefix(" ")
        when (line.substringBefore(':')) {
            "event" -> name = value
            "id" -> id = value
            "data" -> data += value
        }
        if (line.isNotEmpty()) continue
        if (data.isNotEmpty() && events.trySendBlocking(Event(name, id, data.joinToString("\n"))).isFailure) return
        name = ""
        id = ""
        data.clear()
    }
}

private suspend fun Requests.page(after: Long?, wait: Long, login: Int): FeedPage {
    val request = request("/v1/me/feed", "after" to after?.toString(), "wait" to "$wait", "limit" to "100").build()
    return signed(request, login, ::exchange).decoded()
}
