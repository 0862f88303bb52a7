package yourturn

import java.io.IOException
import java.util.UUID
import java.util.concurrent.TimeUnit
import kotlin.coroutines.resume
import kotlin.coroutines.resumeWithException
import kotlin.time.Duration
import kotlin.time.Duration.Companion.seconds
import kotlin.time.TimeSource
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.delay
import kotlinx.coroutines.suspendCancellableCoroutine
import kotlinx.serialization.SerialName
import kotlinx.serialization.Serializable
import okhttp3.Call
import okhttp3.Callback
import okhttp3.HttpUrl
import okhttp3.OkHttpClient
import okhttp3.Request
import okhttp3.RequestBody
import okhttp3.RequestBody.Companion.toRequestBody
import okhttp3.Response
import okhttp3.ResponseBody.Companion.toResponseBody
import okio.BufferedSink
import yourturn.wire.models.Player
import yourturn.wire.models.PlayerRequest
import yourturn.wire.models.TokenRequest

/** Sends requests: with the player's token, renewed when it must be, and once more where that is safe. */
internal class Requests(
    val address: HttpUrl,
    private val http: OkHttpClient,
    private val logins: Logins,
    private val patience: Patience,
    private val now: () -> Long,
) {
    /** Streams are dead when they are silent; a call has a time of its own. */
    private val streams = http.newBuilder().readTimeout(patience.silence.inWholeMilliseconds, TimeUnit.MILLISECONDS).build()

    /** The number of the login under which something begins now. */
    val login: Int get() = logins.number

    /**
     * Sends a request under a login, and again until it is answered, for as long as patience lasts. Refusals are thrown;
     * whatever else goes wrong, in the app's own storage too, is a call that failed.
     */
    suspend fun send(request: Request, login: Int = this.login): Response = try {
        val named = request.named()
        logins.during(login) {
            if (named.mayBeRepeated()) repeated(true) { signed(named, login, ::exchange) }
            else repeated(false) { signed(named.once(), login, ::exchange) }
        }
    } catch (e: Exception) {
        throw when (e) {
            is Problem, is CallFailed, is SignedOut, is CancellationException -> e
            else -> CallFailed(request.call(), cause = e)
        }
    }

    /** Sends a request with the player's token, and once more when the token had to be renewed. */
    suspend fun signed(request: Request, number: Int, exchange: suspend (Request) -> Response): Response {
        val login = logins.usable(number, ::renew)
        val first = exchange(request.by(login))
        if (first.isSuccessful) return first
        val refusal = first.use { it.refusal(request.call()) }
        if (login == null || !refusal.asksForRenewal()) throw refusal
        val second = exchange(request.by(logins.renewed(number, login, ::renew)))
        return if (second.isSuccessful) second else throw second.use { it.refusal(request.call()) }
    }

    /**
     * Ends a login on the server: with a client that knows no other one, so that an ended token is renewed as always. If
     * the server does not know the login any more, that is as good.
     */
    suspend fun endLogin(login: Login) {
        val own = Logins(MemoryStorage(login), now) {}
        own.resume { login }
        try {
            Requests(address, http, own, patience, now).send(request("/v1/tokens").delete().build())
        } catch (e: SignedOut) {
            return
        }
    }

    /** Makes a guest. If the answer is lost, a second one is made: nobody will miss the first. */
    suspend fun newGuest(profile: PlayerRequest) = issued("/v1/players", wireJson.encodeToString(profile))

    /** Signs in, or gets new tokens for a login. The server lets a lost answer be asked for again. */
    suspend fun newLogin(proof: TokenRequest) = issued("/v1/tokens", wireJson.encodeToString(proof))

    private suspend fun renew(old: Login) = newLogin(TokenRequest(refreshToken = old.refreshToken))

    /** Asks for a login, which needs no token. */
    private suspend fun issued(path: String, body: String): Login {
        val request = request(path).header(KEY, UUID.randomUUID().toString()).post(body.toRequestBody(JSON)).build()
        val answer = repeated(true) {
            val answer = exchange(request)
            if (answer.isSuccessful) answer else throw answer.refusal(request.call())
        }
        val made: Issued = answer.decoded()
        return Login(made.accessToken, made.refreshToken, now() + made.expiresIn * 1000, made.playerId ?: made.player?.id)
    }

    /** What createPlayer and createTokens have in common, and where each names the player. */
    @Serializable
    private class Issued(
        @SerialName("access_token") val accessToken: String,
        @SerialName("refresh_token") val refreshToken: String,
        @SerialName("expires_in") val expiresIn: Long,
        @SerialName("player_id") val playerId: String? = null,
        val player: Player? = null,
    )

    fun request(path: String, vararg query: Pair<String, String?>): Request.Builder {
        val url = address.newBuilder().addPathSegments(path.removePrefix("/"))
        for ((name, value) in query) if (value != null) url.addQueryParameter(name, value)
        return Request.Builder().url(url.build())
    }

    private suspend fun <T> repeated(mayBeRepeated: Boolean, attempt: suspend () -> T): T {
        val began = TimeSource.Monotonic.markNow()
        var failures = 0
        while (true) {
            val pause: Duration
            try {
                return attempt()
            } catch (e: IOException) {
                pause = patience.pause(failures++, e)
                if (!e.mayPass(mayBeRepeated) || began.elapsedNow() + pause > patience.calls) throw e
            }
            delay(pause)
        }
    }

    /** One attempt, with the answer read to its end: if it is cut, that is a failure like any other. */
    suspend fun exchange(request: Request): Response {
        val call = http.newCall(request)
        val asked = request.url.queryParameter("wait")?.toLongOrNull() ?: 0 // a long-poll
        call.timeout().timeout((patience.attempt + asked.seconds).inWholeMilliseconds, TimeUnit.MILLISECONDS)
        return call.answer { it.newBuilder().body(it.body!!.bytes().toResponseBody(it.body!!.contentType())).build() }
    }

    /** A call that may last as long as it likes: a stream. */
    fun newStream(request: Request): Call = streams.newCall(request)

    /** Lets go of threads and connections at once: a program need not wait for them before it ends. */
    fun close() {
        http.dispatcher.cancelAll()
        http.dispatcher.executorService.shutdown()
        http.connectionPool.evictAll()
    }
}

private const val KEY = "Idempotency-Key"

/** The name of a request in errors. */
internal fun Request.call() = "$method ${url.encodedPath}"

private fun Request.by(login: Login?) =
    if (login == null) this else newBuilder().header("Authorization", "Bearer ${login.accessToken}").build()

/** What makes something new gets a name of ours, under which the server makes it once. */
internal fun Request.named(): Request {
    val makes = method == "POST" && url.pathSegments.last() in setOf("tickets", "sessions", "tokens")
    if (!makes || header(KEY) != null) return this
    return newBuilder().header(KEY, UUID.randomUUID().toString()).build()
}

/** Whether doing it twice is the same as once. Of POSTs only those that are known to be so. */
internal fun Request.mayBeRepeated() = method != "POST" || header(KEY) != null || url.pathSegments.last() in harmless

private val harmless = setOf(
    "players", "moves", "ack", "join", "forfeit", "leave", "rematch", "enter", "invitations", "link-codes", "stream-tickets",
)

/** OkHttp repeats what failed on a connection that was used before, unless its body says that it must not. */
private fun Request.once() = newBuilder().method(method, body?.let(::Once)).build()

private class Once(private val body: RequestBody) : RequestBody() {
    override fun isOneShot() = true
    override fun contentType() = body.contentType()
    override fun contentLength() = body.contentLength()
    override fun writeTo(sink: BufferedSink) = body.writeTo(sink)
}

/** Whether the next attempt may fare better. A request that was refused for its rate was not carried out at all. */
internal fun IOException.mayPass(mayBeRepeated: Boolean) = when (this) {
    is SignedOut, is Closed -> false
    is Problem -> status == 429 || mayBeRepeated && status == 503
    is CallFailed -> mayBeRepeated && (status == null || status in setOf(429, 502, 503, 504))
    else -> mayBeRepeated
}

/** Waits for the answer, without a thread, and ends the call when the wait is cancelled. */
internal suspend fun Call.answer(read: (Response) -> Response): Response = suspendCancellableCoroutine { waiting ->
    waiting.invokeOnCancellation { cancel() }
    enqueue(object : Callback {
        override fun onFailure(call: Call, e: IOException) =
            waiting.resumeWithException(CallFailed(call.request().call(), cause = e))

        override fun onResponse(call: Call, response: Response) = try {
            waiting.resume(read(response)) { _, unread, _ -> unread.close() }
        } catch (e: IOException) {
            onFailure(call, e)
        }
    })
}
