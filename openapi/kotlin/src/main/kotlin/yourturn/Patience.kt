package yourturn

import java.io.IOException
import kotlin.random.Random
import kotlin.time.Duration
import kotlin.time.Duration.Companion.minutes
import kotlin.time.Duration.Companion.seconds

/** How long the client waits for what. */
data class Patience(
    /** A call that may be repeated is, for so long. */
    val calls: Duration = 60.seconds,
    /** One attempt at a call; a long-poll has the time that it asks for besides. */
    val attempt: Duration = 15.seconds,
    /** A stream on which nothing came for so long is dead. The server's beats come every 17 s. */
    val silence: Duration = 45.seconds,
    /** A long-poll. The server allows 30 s. */
    val poll: Duration = 25.seconds,
    /** After so long without a stream it is tried again. */
    val streamless: Duration = 3.minutes,
    /** What runs for as long as the app does, the feed and acknowledgements, waits for a busy server no longer than this. */
    val obeyed: Duration = 5.minutes,
    /** The pauses between attempts grow from here … */
    val shortestPause: Duration = 1.seconds,
    /** … to here. */
    val longestPause: Duration = 30.seconds,
) {
    /**
     * How long to wait before the next attempt. Half of it is chance: the phones that a restart has cut off do not all come
     * back in the same instant. A server that has said when is taken at its word.
     */
    internal fun pause(attempt: Int, why: IOException?, random: Random = Random.Default): Duration {
        val grown = minOf(longestPause, shortestPause * (1 shl minOf(attempt, 10)))
        val drawn = maxOf(shortestPause, grown * (0.5 + random.nextDouble() / 2))
        val told = (why as? Problem)?.retryAfter ?: (why as? CallFailed)?.retryAfter ?: return drawn
        return maxOf(told, drawn)
    }

    /** The same, for what does not give up. */
    internal fun loopPause(attempt: Int, why: IOException?) = minOf(pause(attempt, why), maxOf(obeyed, shortestPause))
}
