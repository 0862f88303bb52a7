/** Stand-ins; Android.kt says for what. */
@file:Suppress("UNUSED_PARAMETER")

package com.google.firebase.messaging

import android.app.Service

abstract class FirebaseMessagingService : Service() {
    open fun onNewToken(token: String) {}
    open fun onMessageReceived(message: RemoteMessage) {}
}

class RemoteMessage

fun interface OnSuccessListener<in T> {
    fun onSuccess(result: T)
}

class Task<T> {
    fun addOnSuccessListener(listener: OnSuccessListener<in T>): Task<T> = this
}

class FirebaseMessaging {
    val token: Task<String> get() = Task()

    companion object {
        fun getInstance() = FirebaseMessaging()
    }
}
