package yourturn

import java.io.IOException
import kotlin.time.Duration
import kotlin.time.Duration.Companion.seconds
import okhttp3.Response
import yourturn.wire.models.ProblemError
import yourturn.wire.models.Session

/**
 * A refusal of the server. Switch on [name]; the texts are for you, not for players. It is an [IOException] so that it
 * passes through OkHttp and Retrofit as it is.
 */
class Problem internal constructor(
    call: String,
    /** All that the server said. */
    val body: yourturn.wire.models.Problem,
    internal val retryAfter: Duration?,
) : IOException("$call: ${body.type.removePrefix(PREFIX)}: ${body.detail ?: body.title}") {
    val type: String get() = body.type

    /** The part of the type that differs: `not-your-turn`, `rule-cell-taken`. */
    val name: String get() = body.type.removePrefix(PREFIX)
    val title: String get() = body.title
    val status: Int get() = body.status.toInt()
    val detail: String? get() = body.detail
    val errors: List<ProblemError> get() = body.errors.orEmpty()

    /** The session as it is, when the problem concerns one of the player's own. */
    val session: Session? get() = body.session

    /** Names the request in the server's log. */
    val requestId: String get() = body.requestId

    private companion object {
        const val PREFIX = "urn:yourturn:problem:"
    }
}

/** Whatever else went wrong on the way, and in which call: no network, or a proxy that answered in the server's place. */
class CallFailed internal constructor(
    call: String,
    /** What was answered, if anything was. */
    val status: Int? = null,
    internal val retryAfter: Duration? = null,
    cause: Throwable? = null,
) : IOException("$call: ${cause?.message ?: cause ?: "answered $status"}", cause)

/**
 * The login that this was begun under has ended: the person has signed out, somebody else has signed in, or the server does
 * not know the login any more; then [cause] is its word. It is not done, and not repeated, under another login.
 */
class SignedOut internal constructor(lost: Problem?) : IOException("the login that this was begun under has ended", lost)

/** What is begun, or still runs, when the client is closed. */
internal class Closed : IOException("the client is closed")

/** Whether the server says that new tokens would help. A proxy's 401 is none of its business. */
internal fun IOException.asksForRenewal() = this is Problem && status == 401 && name.startsWith("token-")

/** What an answer says. A portal that answers everything with its own page is a call that failed. */
internal inline fun <reified T> Response.decoded(): T = try {
    wireJson.decodeFromString(body!!.string())
} catch (e: IllegalArgumentException) {
    throw CallFailed(request.call(), code, cause = e)
}

/** What is wrong with an answer that is not a success. */
internal fun Response.refusal(call: String): IOException {
    val retryAfter = header("Retry-After")?.toLongOrNull()?.seconds
    val text = body?.string().orEmpty()
    return try {
        Problem(call, wireJson.decodeFromString(text), retryAfter)
    } catch (notAProblem: IllegalArgumentException) {
        CallFailed(call, code, retryAfter)
    }
}
