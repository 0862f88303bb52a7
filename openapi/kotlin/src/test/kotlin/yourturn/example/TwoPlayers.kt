/**
 * Ann and Bob find each other on a server and play a whole game, as two phones would. The arguments: the server's address,
 * and how many seconds a person thinks.
 */
package yourturn.example

import kotlin.time.Duration
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.mapNotNull
import kotlinx.serialization.json.jsonObject
import yourturn.Client
import yourturn.connect
import yourturn.play
import yourturn.viewAs
import yourturn.wire.models.PlayerRequest
import yourturn.wire.models.Session
import yourturn.wire.models.TicTacToeMove
import yourturn.wire.models.TicTacToeView
import yourturn.wire.models.TicketRequest

suspend fun main(arguments: Array<String>) = coroutineScope {
    val address = arguments.firstOrNull() ?: "http://127.0.0.1:8080"
    val thinking = (arguments.getOrNull(1)?.toInt() ?: 0).seconds
    val annWaits = CompletableDeferred<Unit>()
    val ann = async { person(address, "Ann", thinking) { annWaits.complete(Unit) } }
    annWaits.await()
    val bob = async { person(address, "Bob", thinking) {} }
    println(awaitAll(ann, bob).first())
}

/** One player from the first start of the app to the end of a game. Returns who won. */
private suspend fun person(address: String, name: String, thinking: Duration, looking: () -> Unit): String =
    connect(address, profile = PlayerRequest(displayName = name)).use { client ->
        client.api.matchmaking.createTicket(TicketRequest(game = "tictactoe"))
        looking()
        val over = client.messages().mapNotNull { message ->
            val session = message.sessionId?.let { play(client, name, thinking, it) }
            client.seen(message.seq)
            session?.takeIf { it.status == "finished" }
        }.first()
        winner(client, over)
    }

/** Looks at the session, and plays when it is our turn: what a message says may have passed long ago. */
private suspend fun play(client: Client, name: String, thinking: Duration, id: String): Session {
    val session = client.api.sessions.getSession(id)
    if (!session.yourTurn) return session
    delay(thinking)
    val free = session.viewAs<TicTacToeView>()!!.board.indexOf("").toLong()
    val played = client.play(session, TicTacToeMove(cell = free))
    show(name, free, played)
    return played
}

private fun show(name: String, cell: Long, session: Session) {
    val board = session.viewAs<TicTacToeView>()!!.board
    val rows = board.chunked(3) { row -> row.joinToString(" ") { it.ifEmpty { "." } } }
    println("move ${board.count { it.isNotEmpty() }}: $name takes cell $cell\n" + rows.joinToString("\n")) // at once: there are two
}

private suspend fun winner(client: Client, over: Session): String {
    val events = client.api.sessions.listEvents(over.id, limit = 100).items
    val cells = events.filter { it.kind == "move" }.map { it.data["move"]!!.jsonObject["cell"] }
    val name = over.seats.firstOrNull { it.seat in over.result!!.winners }?.displayName
    return "the history: ${cells.joinToString(" ")}\n" + (name?.let { "$it has won" } ?: "nobody has won")
}
