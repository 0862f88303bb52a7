/**
 * Stand-ins for what the app in docs/android.md uses of Android and Firebase, with the names and types that they have
 * there: enough to compile its blocks where there is no Android SDK. Nothing here does anything.
 */
@file:Suppress("UNUSED_PARAMETER")

package android.content

import java.io.File

abstract class Context {
    val noBackupFilesDir: File get() = File(".")
    fun <T> getSystemService(service: Class<T>): T = throw UnsupportedOperationException()
}

class Intent {
    fun getStringExtra(name: String): String? = null
}
