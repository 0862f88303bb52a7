package yourturn

import java.io.File
import java.io.FileOutputStream
import java.io.IOException
import java.nio.file.Files
import java.nio.file.StandardCopyOption
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.withContext
import kotlinx.serialization.SerialName
import kotlinx.serialization.Serializable

/** What a signed-in app must keep. [expiresAt] is in milliseconds of this device's own clock. */
@Serializable
data class Login(
    @SerialName("access_token") val accessToken: String,
    @SerialName("refresh_token") val refreshToken: String,
    @SerialName("expires_at") val expiresAt: Long,
    @SerialName("player_id") val playerId: String? = null,
) {
    /** Tokens are secrets: they stay out of logs. */
    override fun toString() = "Login(playerId=$playerId)"
}

/** Where a [Login] is kept. Whoever reads it is the player, so it belongs where no other app and no backup can look. */
interface Storage {
    suspend fun load(): Login?

    /** Returns when the login is safe: only then are its tokens used. */
    suspend fun save(login: Login)

    suspend fun clear()
}

/** Forgets everything when the program ends. */
class MemoryStorage(@Volatile private var login: Login? = null) : Storage {
    override suspend fun load() = login

    override suspend fun save(login: Login) {
        this.login = login
    }

    override suspend fun clear() {
        login = null
    }
}

/**
 * Keeps the login in a file of its own. On Android that is `File(context.noBackupFilesDir, "yourturn.json")`, which only
 * the app can read and which no backup takes to another phone.
 */
class FileStorage(private val file: File) : Storage {
    override suspend fun load(): Login? = withContext(Dispatchers.IO) {
        if (file.exists()) wireJson.decodeFromString<Login>(file.readText()) else null
    }

    /**
     * Written beside its place and moved, so that a phone that dies meanwhile has the old login or the new one. A temporary
     * file can be read by its owner alone, from the beginning.
     */
    override suspend fun save(login: Login): Unit = withContext(Dispatchers.IO) {
        val fresh = Files.createTempFile(file.absoluteFile.parentFile.toPath(), file.name, null)
        try {
            FileOutputStream(fresh.toFile()).use {
                it.write(wireJson.encodeToString(Login.serializer(), login).toByteArray())
                it.fd.sync()
            }
            Files.move(fresh, file.toPath(), StandardCopyOption.ATOMIC_MOVE)
        } finally {
            Files.deleteIfExists(fresh) // of what failed nothing stays behind
        }
    }

    override suspend fun clear() = withContext(Dispatchers.IO) {
        if (file.exists() && !file.delete()) throw IOException("$file cannot be deleted")
    }
}
