package yourturn

import java.io.File
import java.io.IOException
import java.nio.file.Path
import java.util.concurrent.CopyOnWriteArrayList
import java.util.concurrent.atomic.AtomicBoolean
import kotlin.time.Duration.Companion.milliseconds
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.flow.toList
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir
import yourturn.wire.models.PlayerRequest

class LoginTest {
    @Test
    fun `a first start makes a guest, and the next goes on as it without a call`(@TempDir folder: Path) = story {
        val file = File(folder.toFile(), "login.json")
        val first = connect(server, FileStorage(file), PlayerRequest(displayName = "Ann")).use { it.api.players.getMe() }
        Proxy(server).use { proxy ->
            connect(proxy.url, FileStorage(file)).use { again ->
                assertEquals(0, proxy.calls.size)
                assertEquals(first.id, again.playerId)
                assertEquals(first, again.api.players.getMe())
            }
        }
        assertEquals("Ann", first.displayName)
        assertEquals(listOf("login.json"), folder.toFile().list()!!.toList())
    }

    @Test
    fun `a lost answer to the first call makes another guest`() = story {
        Proxy(server).use { proxy ->
            val lost = AtomicBoolean()
            proxy.fault = { if (lost.compareAndSet(false, true)) Proxy.LoseAnswer else null }
            connect(proxy.url, patience = quick).use { assertEquals(it.playerId, it.api.players.getMe().id) }
        }
    }

    @Test
    fun `twenty calls with an expired token renew it once`() = story {
        pair().use { pair ->
            repeat(3) { round ->
                letTokensExpire()
                val answers = List(20) { async { pair.ann.api.players.getMe() } }.awaitAll()
                assertTrue(answers.all { it.id == pair.ann.playerId })
                assertEquals(round + 1, pair.proxy.count("POST /v1/tokens"))
            }
        }
    }

    @Test
    fun `new tokens are stored before they are used`() = story {
        var storable = true
        val kept = MemoryStorage()
        val storage = object : Storage by kept {
            override suspend fun save(login: Login) = if (storable) kept.save(login) else throw IOException("the disk is full")
        }
        pair(quick.copy(calls = 1.milliseconds), storage).use { pair ->
            val old = storage.load()
            letTokensExpire()
            storable = false
            val failed = runCatching { pair.ann.api.players.getMe() }.exceptionOrNull()
            assertEquals("the disk is full", failed?.message)
            assertEquals(listOf("GET /v1/me", "POST /v1/tokens"), pair.proxy.calls.toList().takeLast(2))
            assertEquals(old, storage.load())
            storable = true
            assertEquals(pair.ann.playerId, pair.ann.api.players.getMe().id)
        }
    }

    @Test
    fun `a lost answer to a renewal does not end the login`() = story {
        pair().use { pair ->
            letTokensExpire()
            var lose = 2
            pair.proxy.fault = { if (it == "POST /v1/tokens" && lose-- > 0) Proxy.LoseAnswer else null }
            assertEquals(pair.ann.playerId, pair.ann.api.players.getMe().id)
            assertEquals(3, pair.proxy.count("POST /v1/tokens"))
            letTokensExpire()
            assertEquals(pair.ann.playerId, pair.ann.api.players.getMe().id)
        }
    }

    @Test
    fun `what another process has renewed is not renewed again`() = story {
        val storage = MemoryStorage()
        pair(storage = storage).use { pair ->
            connect(pair.proxy.url, storage, patience = quick).use { other ->
                letTokensExpire()
                other.api.players.getMe()
                pair.ann.api.players.getMe()
                assertEquals(1, pair.proxy.count("POST /v1/tokens"))
            }
        }
    }

    @Test
    fun `a token that is about to expire is renewed before it is used`() = story {
        val storage = MemoryStorage()
        connect(server, storage).close()
        storage.save(storage.load()!!.copy(expiresAt = System.currentTimeMillis() + 5_000))
        Proxy(server).use { proxy ->
            connect(proxy.url, storage).use { it.api.players.getMe() }
            assertEquals(listOf("POST /v1/tokens", "GET /v1/me"), proxy.calls.toList())
        }
    }

    @Test
    fun `a login that the server has ended is forgotten, and told once`() = story {
        val storage = MemoryStorage()
        val told = CopyOnWriteArrayList<String>()
        pair(storage = storage, onSignedOut = { told += it.name }).use { pair ->
            val following = async { pair.ann.messages().toList() }
            connect(server, MemoryStorage(storage.load())).use { it.signOut() }
            val refused = List(5) { async { runCatching { pair.ann.api.players.getMe() }.exceptionOrNull() as Problem } }.awaitAll()
            assertTrue(refused.all { it.status == 401 }, "$refused")
            following.await() // ends, for there is nobody to tell any more
            assertEquals(listOf("token-invalid"), told.toList())
            assertNull(storage.load())
            assertNull(pair.ann.playerId)
        }
    }

    @Test
    fun `who signs out is gone here even when the server cannot be told`() = story {
        val storage = MemoryStorage()
        pair(Patience(calls = quick.longestPause), storage).use { pair ->
            pair.proxy.fault = { Proxy.Answer(503) }
            val failed = runCatching { pair.ann.signOut() }.exceptionOrNull()
            assertEquals(503, (failed as CallFailed).status)
            assertNull(storage.load())
        }
    }

    @Test
    fun `a link code makes this device the same player, even when the answer is lost`() = story {
        val storage = MemoryStorage()
        pair(storage = storage).use { pair ->
            val following = async { pair.ann.messages().toList() }
            val code = pair.bob.api.players.createLinkCode().code
            val lost = AtomicBoolean()
            pair.proxy.fault = { if (it == "POST /v1/tokens" && lost.compareAndSet(false, true)) Proxy.LoseAnswer else null }
            pair.ann.signIn(linkCode = code)
            assertEquals(pair.bob.playerId, pair.ann.playerId)
            assertEquals(pair.bob.playerId, storage.load()!!.playerId)
            assertEquals(pair.bob.playerId, pair.ann.api.players.getMe().id)
            assertEquals(emptyList<Any>(), following.await()) // the feed was another player's
        }
    }

    @Test
    fun `a sign-in that is refused leaves the login as it was`() = story {
        val storage = MemoryStorage()
        pair(storage = storage).use { pair ->
            val before = storage.load()
            val refused = runCatching { pair.ann.signIn(linkCode = "00000000") }.exceptionOrNull()
            assertTrue(refused is Problem && refused.status in 400..499, "$refused")
            assertEquals(before, storage.load())
            assertEquals(pair.ann.playerId, pair.ann.api.players.getMe().id)
        }
    }

    @Test
    fun `tokens do not get into logs`() {
        val login = Login("secret-access", "secret-refresh", 1, "p1")
        assertFalse("secret" in login.toString())
    }
}
