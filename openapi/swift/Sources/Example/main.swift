// Two players play tic-tac-toe against each other on a server, as two phones would: each finds the other with a ticket, is
// told by its own feed when it must move, and moves.

import Foundation
import Yourturn

func marks(_ view: TicTacToeView) -> String {
    var text = ""
    for (cell, mark) in view.board.enumerated() {
        text += " " + (mark.isEmpty ? "." : mark) + ((cell + 1) % Int(view.size) == 0 ? "\n" : "")
    }
    return text
}

/// Print would keep lines back while its output is no terminal.
func say(_ text: String) { FileHandle.standardOutput.write(Data(text.utf8)) }

/// All that one of the two phones does.
func play(_ address: String, _ name: String) async throws {
    let me = try await YourturnClient.connect(address, profile: PlayerRequest(displayName: name))
    let sessions = SessionsAPI(apiConfiguration: me.api)
    _ = try await MatchmakingAPI(apiConfiguration: me.api).createTicket(ticketRequest: TicketRequest(game: "tictactoe", turnSeconds: 86400))
    for try await message in me.messages(after: 0) {
        guard let id = message.sessionId else { continue }
        var session = try await sessions.getSession(sessionId: id)
        if session.yourTurn, let move = session.legalMoves?.first {
            let number = session.turn
            session = try await me.play(session, move)
            say("move \(number) by \(name)\n\(marks(try view(of: session, as: TicTacToeView.self)))")
        }
        try await me.seen(message.seq)
        guard session.status == "finished", let result = session.result else { continue }
        if let seat = session.yourSeat, result.winners == [seat] {
            let history = try await sessions.listEvents(sessionId: id, limit: 100)
            say("\(name) won after \(history.items.filter { $0.kind == "move" }.count) moves\n")
        }
        return
    }
}

let address = CommandLine.arguments.count > 1 ? CommandLine.arguments[1] : "http://127.0.0.1:8080"
try await withThrowingTaskGroup(of: Void.self) { players in
    for name in ["Ann", "Bob"] { players.addTask { try await play(address, name) } }
    try await players.waitForAll()
}
