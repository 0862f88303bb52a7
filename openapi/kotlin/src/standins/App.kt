/** Stand-ins; Android.kt says for what. */
@file:Suppress("UNUSED_PARAMETER")

package android.app

import android.content.Context
import android.content.Intent
import android.os.Bundle
import android.view.View

open class Application : Context() {
    open fun onCreate() {}
}

open class Activity : Context() {
    val application: Application = Application()
    var intent: Intent = Intent()
    var title: CharSequence? = null
    protected open fun onCreate(savedInstanceState: Bundle?) {}
    protected open fun onStart() {}
    protected open fun onStop() {}
    protected open fun onDestroy() {}
    protected open fun onNewIntent(intent: Intent) {}
    fun setContentView(view: View) {}
    fun requestPermissions(permissions: Array<String>, requestCode: Int) {}
}

open class Service : Context() {
    val application: Application = Application()
}

class NotificationChannel(id: String, name: CharSequence, importance: Int)

class NotificationManager {
    fun createNotificationChannel(channel: NotificationChannel) {}

    companion object {
        const val IMPORTANCE_HIGH = 4
    }
}
