/** Stand-ins; Android.kt says for what. */
package android.os

class Bundle

object Build {
    object VERSION {
        const val SDK_INT = 26
    }
}
