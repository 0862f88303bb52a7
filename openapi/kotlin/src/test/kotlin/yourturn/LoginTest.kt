package yourturn

import java.io.File
import java.io.IOException
import java.nio.file.Files
import java.nio.file.Path
import java.nio.file.attribute.PosixFilePermissions
import java.util.concurrent.CopyOnWriteArrayList
import java.util.concurrent.CountDownLatch
import java.util.concurrent.atomic.AtomicBoolean
import kotlin.time.Duration.Companion.milliseconds
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.runInterruptible
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir
import yourturn.wire.models.PlayerRequest
import yourturn.wire.models.TicTacToeMove

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
            assertEquals("GET /v1/me: the disk is full", failed?.message)
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
            val refused = List(5) { async { runCatching { pair.ann.api.players.getMe() }.exceptionOrNull() } }.awaitAll()
            assertTrue(refused.any { it is SignedOut && (it.cause as Problem).name == "token-invalid" }, "$refused")
            assertTrue(refused.all { it is SignedOut || it is Problem && it.name == "token-missing" }, "$refused")
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
    fun `who signs out is gone here at once, and when nobody waits for it`() = story {
        val storage = MemoryStorage()
        pair(storage = storage).use { pair ->
            val asked = CountDownLatch(1)
            pair.proxy.fault = { Proxy.Answer(503).also { asked.countDown() } }
            val leaving = launch { pair.ann.signOut() }
            runInterruptible(Dispatchers.IO) { asked.await() }
            assertNull(pair.ann.playerId)
            assertNull(storage.load())
            leaving.cancelAndJoin()
            assertNull(storage.load())
        }
    }

    @Test
    fun `signing out is heard though the token has ended, and though it is being renewed`() = story {
        val storage = MemoryStorage()
        pair(storage = storage).use { pair ->
            val elsewhere = MemoryStorage(storage.load())
            letTokensExpire()
            val asked = CountDownLatch(1)
            val held = AtomicBoolean()
            pair.proxy.fault = {
                if (it != "POST /v1/tokens" || !held.compareAndSet(false, true)) null
                else Proxy.Hold(CountDownLatch(1)).also { asked.countDown() }
            }
            val call = async { runCatching { pair.ann.api.players.getMe() }.exceptionOrNull() }
            runInterruptible(Dispatchers.IO) { asked.await() }
            pair.ann.signOut()
            assertTrue(call.await() is SignedOut, "${call.await()}")
            assertNull(storage.load())
            val ended = connect(server, elsewhere).use { runCatching { it.api.players.getMe() }.exceptionOrNull() }
            assertEquals("token-invalid", (ended?.cause as? Problem)?.name, "$ended")
        }
    }

    @Test
    fun `signing out leaves alone who has signed in to the same storage meanwhile`() = story {
        val storage = MemoryStorage()
        val bobs = MemoryStorage()
        pair(storage = storage).use { pair ->
            connect(server, bobs).close()
            storage.save(bobs.load()!!) // by another process
            pair.ann.signOut()
            assertEquals(bobs.load(), storage.load())
            connect(server, storage).use { assertEquals(it.playerId, it.api.players.getMe().id) }
        }
    }

    @Test
    fun `only the server's word ends a login`() = story {
        val storage = MemoryStorage()
        pair(storage = storage, onSignedOut = { throw AssertionError("$it") }).use { pair ->
            val before = storage.load()
            pair.proxy.fault = { Proxy.Answer(401, body = "<html>Welcome to the hotel</html>") }
            val failed = runCatching { pair.ann.api.players.getMe() }.exceptionOrNull()
            assertEquals(401, (failed as CallFailed).status)
            assertEquals(0, pair.proxy.count("POST /v1/tokens"))
            letTokensExpire()
            pair.proxy.fault = { if (it == "POST /v1/tokens") Proxy.Answer(401) else null }
            assertTrue(runCatching { pair.ann.api.players.getMe() }.exceptionOrNull() is CallFailed)
            assertEquals(before, storage.load())
            // What a call is told may be old news. A renewal is asked.
            val first = AtomicBoolean(true)
            val invalid = """{"type": "urn:yourturn:problem:token-invalid", "title": "no", "status": 401, "request_id": "r"}"""
            pair.proxy.fault = { if (it == "GET /v1/me" && first.getAndSet(false)) Proxy.Answer(401, body = invalid) else null }
            assertEquals(pair.ann.playerId, pair.ann.api.players.getMe().id)
        }
    }

    @Test
    fun `what was begun as one player is not done as another`() = story {
        pair().use { pair ->
            val session = pair.annsTurn()
            val code = pair.bob.api.players.createLinkCode().code
            val asked = CountDownLatch(2)
            pair.proxy.fault = { if (it == "POST /v1/tokens") null else Proxy.Answer(503).also { asked.countDown() } }
            val begun = listOf<suspend () -> Any>({ pair.ann.api.players.getMe() }, { pair.ann.play(session, TicTacToeMove(cell = 4)) })
                .map { async { runCatching { it() }.exceptionOrNull() } }
            runInterruptible(Dispatchers.IO) { asked.await() }
            pair.ann.signIn(linkCode = code)
            pair.proxy.fault = { null }
            assertTrue(begun.awaitAll().all { it is SignedOut }, "${begun.awaitAll()}")
        }
    }

    @Test
    fun `who is told of a lost login may sign in at once`() = story {
        val storage = MemoryStorage()
        lateinit var ann: Client
        lateinit var code: String
        pair(storage = storage, onSignedOut = { runBlocking { ann.signIn(linkCode = code) } }).use { pair ->
            ann = pair.ann
            code = pair.bob.api.players.createLinkCode().code
            connect(server, MemoryStorage(storage.load())).use { it.signOut() }
            assertTrue(runCatching { ann.api.players.getMe() }.exceptionOrNull() is SignedOut)
            assertEquals(pair.bob.playerId, ann.api.players.getMe().id)
        }
    }

    @Test
    fun `two first starts with one storage make one guest`() = story {
        val storage = MemoryStorage()
        Proxy(server).use { proxy ->
            val asked = CountDownLatch(1)
            val go = CountDownLatch(1)
            proxy.fault = { Proxy.Hold(go).also { asked.countDown() } }
            val starts = List(2) { async(start = CoroutineStart.UNDISPATCHED) { connect(proxy.url, storage, patience = quick) } }
            runInterruptible(Dispatchers.IO) { asked.await() }
            go.countDown()
            val clients = starts.awaitAll()
            assertEquals(1, clients.map { it.playerId }.toSet().size)
            assertEquals(listOf("POST /v1/players"), proxy.calls.toList())
            clients.forEach { it.close() }
        }
    }

    @Test
    fun `what a storage throws reaches who has called, whatever it is`() = story {
        val kept = MemoryStorage()
        val asked = CountDownLatch(2)
        var locked = false
        val storage = object : Storage by kept {
            override suspend fun load(): Login? {
                if (locked) asked.countDown()
                return if (locked) error("the keystore is locked") else kept.load()
            }
        }
        pair(storage = storage).use { pair ->
            pair.table()
            letTokensExpire()
            locked = true
            val failed = runCatching { pair.ann.api.players.getMe() }.exceptionOrNull()
            assertTrue(failed is CallFailed && failed.cause is IllegalStateException, "$failed")
            assertEquals("GET /v1/me: the keystore is locked", failed!!.message)
            pair.ann.seen(1) // by nobody in particular: it comes as soon as the storage does
            runInterruptible(Dispatchers.IO) { asked.await() }
            locked = false
            while (pair.ann.api.feed.listFeed().ackedSeq != 1L) Thread.yield()
        }
    }

    @Test
    fun `kept tokens can be read by their owner alone, and what cannot be kept leaves nothing behind`(@TempDir folder: Path) = story {
        val login = Login("access", "refresh", 1, "p1")
        val file = folder.resolve("login.json")
        FileStorage(file.toFile()).save(login)
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        val taken = Files.createDirectories(folder.resolve("taken/something"))
        assertTrue(runCatching { FileStorage(taken.parent.toFile()).save(login) }.exceptionOrNull() is IOException)
        assertEquals(listOf("login.json", "taken"), folder.toFile().list()!!.sorted())
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
