package yourturn

import java.util.Collections
import java.util.WeakHashMap
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.distinctUntilChanged
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.getAndUpdate
import kotlinx.coroutines.flow.map
import kotlinx.coroutines.flow.update
import kotlinx.coroutines.launch
import kotlinx.coroutines.sync.Mutex
import kotlinx.coroutines.sync.withLock
import kotlinx.coroutines.withContext

/**
 * Who is signed in, and the one place where that changes. Each login has a number: what was begun under one ends with it
 * ([during]) and is never done under the next.
 *
 * A refresh token ends the login when it is used again after its successor was, so renewals must never race: whoever needs
 * one waits for the lock, and looks whether it was done meanwhile, by another call or, through the storage, by another
 * process. Signing in waits for the same lock.
 */
internal class Logins(
    private val storage: Storage,
    private val now: () -> Long,
    private val onSignedOut: (Problem) -> Unit,
) {
    private data class Standing(val number: Int, val login: Login?, val lost: Problem? = null, val closed: Boolean = false) {
        fun next(login: Login?, lost: Problem? = null) = copy(number = number + 1, login = login, lost = lost)
    }

    private val lock = locks.computeIfAbsent(storage) { Mutex() }
    private val standing = MutableStateFlow(Standing(0, null))

    /** Which login this is. */
    val number: Int get() = standing.value.number
    val numbers: Flow<Int> = standing.map { it.number }.distinctUntilChanged()
    val playerId: String? get() = standing.value.login?.playerId

    /** Whether nothing can be done under a login any more. */
    fun isOver(number: Int) = standing.value.run { closed || login == null || this.number != number }

    /** Does what ends when the login does, with [SignedOut], or when the client is closed. Without a number only then. */
    suspend fun <T> during(number: Int?, work: suspend () -> T): T = coroutineScope {
        val watching = launch {
            val end = standing.first { it.closed || number != null && number != it.number }
            throw if (end.closed) Closed() else SignedOut(end.lost)
        }
        work().also { watching.cancel() }
    }

    fun close() = standing.update { it.copy(closed = true) }

    /** Takes up what is stored, or signs in anew when nothing is. */
    suspend fun resume(signIn: suspend () -> Login) {
        val login = storage.load() ?: lock.withLock { storage.load() ?: signIn().also { storage.save(it) } }
        standing.update { it.copy(login = login) }
    }

    suspend fun replace(signIn: suspend () -> Login) = during(null) {
        lock.withLock {
            val login = signIn()
            withContext(NonCancellable) {
                storage.save(login)
                standing.update { it.next(login) }
            }
        }
    }

    /** Ends the login here, whatever happens, and then lets the server be told, with the newest tokens there are. */
    suspend fun leave(tell: suspend (Login) -> Unit) {
        val left = standing.getAndUpdate { if (it.login == null) it else it.next(null) }.login ?: return
        val newest = withContext(NonCancellable) {
            lock.withLock { if (standing.value.login == null) discard(left) else left } // somebody has signed in meanwhile
        }
        during(null) { tell(newest) }
    }

    /** A login whose access token should work; null when nobody is signed in. */
    suspend fun usable(number: Int, renew: suspend (Login) -> Login): Login? {
        val login = loginOf(number) ?: return null
        return if (now() < login.expiresAt - MARGIN) login else renewed(number, login, renew)
    }

    /**
     * The login with tokens in place of those that have expired or were refused: the ones that somebody else has got
     * already, or new ones. When the server says that there can be none, the login has ended.
     */
    suspend fun renewed(number: Int, old: Login, renew: suspend (Login) -> Login): Login {
        val lost = lock.withLock {
            successor(number, old)?.let { return it }
            try {
                return keep(number, renew(old))
            } catch (e: Problem) {
                if (e.name != "token-invalid") throw e
                successor(number, old)?.let { return it }
                lose(number, old, e)
                e
            }
        }
        onSignedOut(lost) // without the lock: it may sign in
        throw SignedOut(lost)
    }

    /** What is stored in the place of old tokens; null while it is them. */
    private suspend fun successor(number: Int, old: Login): Login? {
        loginOf(number)
        val stored = storage.load()
        if (stored?.accessToken == old.accessToken) return null
        val same = stored != null && stored.playerId == old.playerId
        standing.update { if (it.number != number) it else if (same) it.copy(login = stored) else it.next(stored) }
        return loginOf(number)
    }

    private suspend fun keep(number: Int, login: Login): Login = withContext(NonCancellable) {
        loginOf(number) // who has signed out meanwhile is not stored again
        storage.save(login)
        standing.update { if (it.number == number) it.copy(login = login) else it }
        login
    }

    private suspend fun lose(number: Int, login: Login, why: Problem) = withContext(NonCancellable) {
        discard(login)
        standing.update { if (it.number == number) it.next(null, why) else it }
    }

    /** Forgets what is stored of a login, and returns it. If it is somebody else's by now, it is not ours to forget. */
    private suspend fun discard(login: Login): Login {
        val stored = storage.load()
        if (stored == null || stored.playerId != login.playerId) return login
        storage.clear()
        return stored
    }

    private fun loginOf(number: Int): Login? {
        val now = standing.value
        return if (now.number == number) now.login else throw SignedOut(now.lost)
    }

    private companion object {
        /** A token that ends so soon may end on the way. */
        val MARGIN = 30.seconds.inWholeMilliseconds

        /** One for each storage: clients that share one must not renew the same tokens at once, or become two guests. */
        val locks: MutableMap<Storage, Mutex> = Collections.synchronizedMap(WeakHashMap())
    }
}
