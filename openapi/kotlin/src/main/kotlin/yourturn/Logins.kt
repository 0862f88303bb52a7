package yourturn

import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.sync.Mutex
import kotlinx.coroutines.sync.withLock

/**
 * Who is signed in, and the one place where tokens are renewed. A refresh token ends the login when it is used again after
 * its successor was, so renewals must never race: whoever needs one waits for the lock, and looks whether it was done
 * meanwhile, by another call or, through the storage, by another process.
 */
internal class Logins(
    private val storage: Storage,
    private val now: () -> Long,
    private val onSignedOut: (Problem) -> Unit,
) {
    private val lock = Mutex()
    private val counted = MutableStateFlow(0)

    @Volatile
    private var current: Login? = null

    /** Which login this is: another number, another player. */
    val number: StateFlow<Int> get() = counted

    val playerId: String? get() = current?.playerId

    /** Takes up what is stored, or signs in anew when nothing is. */
    suspend fun resume(signIn: suspend () -> Login) = lock.withLock {
        current = storage.load() ?: signIn().also { storage.save(it) }
    }

    suspend fun replace(signIn: suspend () -> Login) = lock.withLock {
        val login = signIn()
        storage.save(login)
        become(login)
    }

    suspend fun forget() = lock.withLock {
        storage.clear()
        become(null)
    }

    /** A login whose access token should work; null when nobody is signed in. */
    suspend fun usable(renew: suspend (Login) -> Login): Login? {
        val login = current ?: return null
        return if (now() < login.expiresAt - MARGIN) login else renewed(login, null, renew)
    }

    /**
     * The login that follows one that has expired or was refused: the one that somebody else has got already, or a new
     * one. When there can be none, the player is signed out, and the refusal is thrown.
     */
    suspend fun renewed(old: Login, refusal: Problem?, renew: suspend (Login) -> Login): Login? = lock.withLock {
        val stored = storage.load()
        if (stored?.accessToken != old.accessToken) {
            if (stored?.playerId == old.playerId) current = stored else become(stored)
            return stored
        }
        if (refusal != null && refusal.name != "token-expired") throw signedOut(refusal)
        val login = try {
            renew(old)
        } catch (e: Problem) {
            throw if (e.status == 401) signedOut(e) else e
        }
        storage.save(login)
        current = login
        login
    }

    private suspend fun signedOut(why: Problem): Problem {
        storage.clear()
        become(null)
        onSignedOut(why)
        return why
    }

    private fun become(login: Login?) {
        current = login
        counted.value++
    }

    private companion object {
        /** A token that ends so soon may end on the way. */
        val MARGIN = 30.seconds.inWholeMilliseconds
    }
}
