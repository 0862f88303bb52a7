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
