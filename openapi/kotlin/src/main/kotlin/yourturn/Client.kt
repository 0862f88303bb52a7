/**
 * Yourturn for Android and the JVM. [connect] makes a [Client]; the rest follows from there.
 *
 * The operations themselves are generated from the server's schema ([Client.api]). This package adds what no generator can
 * know: tokens are renewed by one call for all, what may be repeated is, the feed is followed over whatever the network
 * allows, and what a person has seen is acknowledged.
 */
package yourturn

import java.io.Closeable
import java.io.IOException
import java.time.Duration
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.cancel
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.flow.buffer
import kotlinx.coroutines.flow.channelFlow
import kotlinx.coroutines.flow.collectLatest
import kotlinx.coroutines.flow.update
import kotlinx.coroutines.flow.updateAndGet
import kotlinx.coroutines.launch
import kotlinx.serialization.SerializationStrategy
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.JsonPrimitive
import kotlinx.serialization.json.decodeFromJsonElement
import kotlinx.serialization.serializer
import okhttp3.HttpUrl
import okhttp3.HttpUrl.Companion.toHttpUrl
import okhttp3.OkHttpClient
import okhttp3.RequestBody.Companion.toRequestBody
import yourturn.wire.models.AckRequest
import yourturn.wire.models.FeedMessage
import yourturn.wire.models.PlayerRequest
import yourturn.wire.models.Session
import yourturn.wire.models.TokenRequest

/**
 * Makes a client. It goes on as the player in [storage], without a call to the server; with nothing there it becomes a
 * guest, and keeps the login before anything else is done with it.
 *
 * [onSignedOut] is called when the server does not know the login any more: the person must sign in again. It is called
 * on any thread.
 */
suspend fun connect(
    address: String,
    storage: Storage = MemoryStorage(),
    profile: PlayerRequest = PlayerRequest(),
    patience: Patience = Patience(),
    http: OkHttpClient = OkHttpClient(),
    onSignedOut: (Problem) -> Unit = {},
): Client {
    val logins = Logins(storage, System::currentTimeMillis, onSignedOut)
    val requests = Requests(folder(address), http.patient(), logins, patience, System::currentTimeMillis)
    logins.resume { requests.newGuest(profile) }
    return Client(requests, logins, patience)
}

/** A client for one server. All of it is safe for use by many coroutines at once. */
class Client internal constructor(
    private val requests: Requests,
    private val logins: Logins,
    private val patience: Patience,
) : Closeable {
    private val scope = CoroutineScope(SupervisorJob() + Dispatchers.IO)
    private val counted = MutableStateFlow(0)
    private val toCount = Channel<Unit>(Channel.CONFLATED)
    private val seen = MutableStateFlow(Seen(logins.number))

    /** Every operation of the server. */
    val api: Api = api(requests)

    /** Who is signed in. A push for somebody else is to be ignored. */
    val playerId: String? get() = logins.playerId

    /** How many sessions wait for the player: what the app's icon shows. Current while [messages] is collected. */
    val badge: StateFlow<Int> = counted.asStateFlow()

    init {
        scope.launch { logins.numbers.collectLatest { countAnew() } }
        scope.launch { seen.collectLatest { acknowledge(it) } }
    }

    /** Signs in with the code that another device of the player shows. The login until now is forgotten here. */
    suspend fun signIn(linkCode: String) = signIn(TokenRequest(linkCode = linkCode))

    /** Signs in with what an identity provider has signed: `google`, `apple`, or what the server calls it. */
    suspend fun signIn(provider: String, idToken: String, nonce: String? = null) =
        signIn(TokenRequest(provider = provider, idToken = idToken, nonce = nonce))

    private suspend fun signIn(proof: TokenRequest) = logins.replace { requests.newLogin(proof) }

    /**
     * Signs out. The login is forgotten here at once, also when the server cannot be told: then this throws what was in the
     * way. A guest cannot come back.
     */
    suspend fun signOut() = logins.leave { requests.endLogin(it) }

    /**
     * Plays a move in the session's turn and returns the session as it is then. It may be sent as often as it likes: the
     * server takes it once. Usually the shorter form does, with the game's own type: `play(session, TicTacToeMove(4))`.
     */
    suspend fun <M> play(session: Session, move: M, serializer: SerializationStrategy<M>): Session {
        val body = JsonObject(mapOf("turn" to JsonPrimitive(session.turn), "move" to wireJson.encodeToJsonElement(serializer, move)))
        val answer = requests.send(requests.request("/v1/sessions/${session.id}/moves").post(body.toString().toRequestBody(JSON)).build())
        toCount.trySend(Unit)
        return answer.decoded()
    }

    /**
     * What the player is told, in order and each message once, however often the connection is lost. Without [after] it
     * begins after what was acknowledged. A message of the kind [RESET] means: read your sessions anew. It ends only when
     * the player is signed out or replaced or the client is closed, and throws only what trying again would not mend.
     */
    fun messages(after: Long? = null): Flow<FeedMessage> = channelFlow {
        val login = logins.number
        val follower = Follower(after, login, requests, patience, { toCount.trySend(Unit) }, { forgetSeen(login) }) {
            if (it.sessionId != null || it.kind == RESET) toCount.trySend(Unit)
            send(it)
        }
        try {
            logins.during(login) { follower.follow() }
        } catch (e: IOException) {
            if (!logins.isOver(login)) throw e
        }
    }.buffer(Channel.RENDEZVOUS)

    /**
     * Tells that a person has seen everything up to this message. Call it when a visible screen has shown it, never on
     * receipt: it silences pushes. It returns at once; the highest number wins, and is sent until the server has it, or the
     * player is another one, or the feed has begun anew.
     */
    fun seen(seq: Long) {
        val login = logins.number
        val numbers = seen.updateAndGet { if (it.login == login) it else Seen(login) }
        numbers.highest.update { maxOf(it, seq) }
    }

    /** Ends everything that runs. The login stays where it is kept. */
    override fun close() {
        logins.close()
        scope.cancel()
        requests.close()
    }

    /** What was seen of one login's feed, since it began, or began anew. */
    private class Seen(val login: Int) {
        val highest = MutableStateFlow(0L)
    }

    private fun forgetSeen(login: Int) = seen.update { if (it.login == login) Seen(login) else it }

    private suspend fun acknowledge(seen: Seen) {
        var acknowledged = 0L
        seen.highest.collect { if (it > acknowledged) acknowledged = acknowledgeHighest(seen) }
    }

    /** Sends the highest number until the server has it, and returns it. What the server refuses is not sent again. */
    private suspend fun acknowledgeHighest(seen: Seen): Long {
        var failures = 0
        while (true) {
            if (seen !== this.seen.value) awaitCancellation() // too late: this is about to be cancelled
            val seq = seen.highest.value
            val body = wireJson.encodeToString(AckRequest(seq)).toRequestBody(JSON)
            val why = try {
                requests.send(requests.request("/v1/me/feed/ack").post(body).build(), seen.login)
                return seq
            } catch (e: IOException) {
                if (!e.mayPass(true) && e !is CallFailed) return seq
                e
            }
            delay(patience.loopPause(failures++, why))
        }
    }

    /** Counts the sessions that wait for who is signed in now, as often as there is a reason to. */
    private suspend fun countAnew() {
        counted.value = 0
        for (reason in toCount) count()
    }

    /** If this fails, the next contact with the feed brings another count. */
    private suspend fun count() {
        try {
            counted.value = api.sessions.listSessions(limit = 1).waitingForMe.toInt()
        } catch (e: IOException) {
            return
        }
    }
}

/** Plays a move of the game's own type; see the longer form. */
suspend inline fun <reified M> Client.play(session: Session, move: M): Session = play(session, move, serializer<M>())

/** What the player's seat sees, in the game's own type: `session.viewAs<TicTacToeView>()`. Null while there is nothing. */
inline fun <reified V> Session.viewAs(): V? = view?.let { wireJson.decodeFromJsonElement<V>(JsonObject(it)) }

/** Ten streams and twenty calls at once are nothing unusual here; by default OkHttp lets five through. */
private fun OkHttpClient.patient(): OkHttpClient {
    val own = okhttp3.Dispatcher().apply { maxRequestsPerHost = maxRequests }
    return newBuilder().dispatcher(own).readTimeout(Duration.ZERO).build() // each call has a time for the whole of it
}

/** A server may be in a folder: what comes after the address belongs into it. */
private fun folder(address: String): HttpUrl = address.toHttpUrl().let {
    if (it.pathSegments.last().isEmpty()) it else it.newBuilder().addPathSegment("").build()
}
