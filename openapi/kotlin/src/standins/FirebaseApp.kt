/** Stand-ins; Android.kt says for what. */
@file:Suppress("UNUSED_PARAMETER")

package com.google.firebase

import android.content.Context

class FirebaseApp {
    companion object {
        fun getApps(context: Context): List<FirebaseApp> = emptyList()
    }
}
