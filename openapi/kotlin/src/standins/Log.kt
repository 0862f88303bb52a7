/** Stand-ins; Android.kt says for what. */
@file:Suppress("UNUSED_PARAMETER")

package android.util

object Log {
    fun w(tag: String, message: String, cause: Throwable): Int = 0
}
