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
import java.util.concurrent.TimeUnit
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.cancel
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.flow.buffer
import kotlinx.coroutines.flow.channelFlow
import kotlinx.coroutines.flow.drop
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.update
import kotlinx.coroutines.launch
import kotlinx.serialization.SerializationStrategy
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.JsonPrimitive
import kotlinx.serialization.json.decodeFromJsonElement
import kotlinx.serialization.serializer
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
 * on any thread, and should only pass the word on.
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
    val requests = Requests(address.toHttpUrl(), http.patient(patience), logins, patience, System::currentTimeMillis)
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
    private val seen = MutableStateFlow(Seen(0, 0))

    /** Every operation of the server. */
    val api: Api = api(requests, scope)

    /** Who is signed in. A push for somebody else is to be ignored. */
    val playerId: String? get() = logins.playerId

    /** How many sessions wait for the player: what the app's icon shows. Current while [messages] is collected. */
    val badge: StateFlow<Int> = counted.asStateFlow()

    init {
        scope.launch { for (ask in toCount) count() }
        scope.launch { seen.collect { acknowledge() } }
        scope.launch { logins.number.drop(1).collect { counted.value = 0 } }
    }

    /** Signs in with the code that another device of the player shows. The login until now is forgotten here. */
    suspend fun signIn(linkCode: String) = signIn(TokenRequest(linkCode = linkCode))

    /** Signs in with what an identity provider has signed: `google`, `apple`, or what the server calls it. */
    suspend fun signIn(provider: String, idToken: String, nonce: String? = null) =
        signIn(TokenRequest(provider = provider, idToken = idToken, nonce = nonce))

    private suspend fun signIn(proof: TokenRequest) = logins.replace { requests.newLogin(proof) }

    /** Signs out, also when the server cannot be told: then it throws what was in the way. A guest cannot come back. */
    suspend fun signOut() = try {
        api.players.deleteTokens()
    } finally {
        logins.forget()
    }

    /**
     * Plays a move in the session's turn and returns the session as it is then. It may be sent as often as it likes: the
     * server takes it once. Usually the shorter form does, with the game's own type: `play(session, TicTacToeMove(4))`.
     */
    suspend fun <M> play(session: Session, move: M, serializer: SerializationStrategy<M>): Session {
        val body = JsonObject(mapOf("turn" to JsonPrimitive(session.turn), "move" to wireJson.encodeToJsonElement(serializer, move)))
        val answer = requests.send(requests.request("/v1/sessions/${session.id}/moves").post(body.toString().toRequestBody(JSON)).build())
        toCount.trySend(Unit)
        return wireJson.decodeFromString(answer.body!!.string())
    }

    /**
     * What the player is told, in order and each message once, however often the connection is lost. Without [after] it
     * begins after what was acknowledged. A message of the kind [RESET] means: read your sessions anew. It ends only when
     * the player is signed out or replaced, and throws only what trying again would not mend.
     */
    fun messages(after: Long? = null): Flow<FeedMessage> = channelFlow {
        val login = logins.number.value
        val follower = Follower(after, requests, patience, onContact = { toCount.trySend(Unit) }) {
            if (it.sessionId != null || it.kind == RESET) toCount.trySend(Unit)
            send(it)
        }
        val following = launch {
            try {
                follower.follow()
            } catch (e: Problem) {
                if (e.status != 401) throw e // otherwise the login has ended, and onSignedOut has been told
            }
        }
        val leaving = launch {
            logins.number.first { it != login }
            following.cancel()
        }
        following.join()
        leaving.cancel()
    }.buffer(Channel.RENDEZVOUS)

    /**
     * Tells that a person has seen everything up to this message. Call it when a visible screen has shown it, never on
     * receipt: it silences pushes. It returns at once; the highest number wins, and is sent until the server has it.
     */
    fun seen(seq: Long) {
        val login = logins.number.value
        seen.update { if (it.login == login) Seen(login, maxOf(it.seq, seq)) else Seen(login, seq) }
    }

    /** Ends everything that runs. The login stays where it is kept. */
    override fun close() {
        scope.cancel()
        requests.close()
    }

    private class Seen(val login: Int, val seq: Long)

    private suspend fun acknowledge() {
        var failures = 0
        while (true) {
            val newest = seen.value
            if (newest.seq == 0L || newest.login != logins.number.value) return
            val why = try {
                api.feed.ackFeed(AckRequest(newest.seq))
                return
            } catch (e: Problem) {
                if (!e.mayPass(true)) return
                e
            } catch (e: IOException) {
                e
            }
            delay(patience.pause(failures++, why))
        }
    }

    /** Counts the sessions that wait. If that fails, the next contact with the feed brings another count. */
    private suspend fun count() {
        val login = logins.number.value
        try {
            val waiting = api.sessions.listSessions(limit = 1).waitingForMe.toInt()
            if (login == logins.number.value) counted.value = waiting
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
private fun OkHttpClient.patient(patience: Patience): OkHttpClient {
    val own = okhttp3.Dispatcher().apply { maxRequestsPerHost = maxRequests }
    return newBuilder().dispatcher(own).readTimeout(patience.silence.inWholeMilliseconds, TimeUnit.MILLISECONDS).build()
}
