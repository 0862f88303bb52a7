/** Stand-ins; Android.kt says for what. */
@file:Suppress("UNUSED_PARAMETER")

package android.view

import android.content.Context

open class View(val context: Context) {
    var fitsSystemWindows = false
    var isEnabled = true
    fun setOnClickListener(listener: OnClickListener?) {}

    fun interface OnClickListener {
        fun onClick(view: View)
    }
}

abstract class ViewGroup(context: Context) : View(context) {
    fun addView(child: View) {}
}
