/** Stand-ins; Android.kt says for what. */
package android.widget

import android.content.Context
import android.view.View
import android.view.ViewGroup

class Button(context: Context) : View(context) {
    var text: CharSequence = ""
}

class GridLayout(context: Context) : ViewGroup(context) {
    var columnCount = 0
}

class LinearLayout(context: Context) : ViewGroup(context) {
    var orientation = 0

    companion object {
        const val VERTICAL = 1
    }
}
