import Foundation
#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// One player on one server. Begin with `connect`; what is generated from the API's schema is reachable with `api`:
///
///     let me = try await YourturnClient.connect("https://play.example.com", storage: FileStorage(file))
///     let session = try await SessionsAPI(apiConfiguration: me.api).createSession(sessionRequest: …)
///     for try await message in me.messages() { … }
public final class YourturnClient: Sendable {
    /// Hand this to the generated operations: they have the login's token, repeats, and errors that hold a `Problem`.
    public let api: YourturnAPIConfiguration

    let caller: Caller
    let logins: Logins
    let seen = Seen()
    let badge: Badge

    private init(_ caller: Caller, _ logins: Logins, _ onBadge: @escaping @Sendable (Int64) -> Void) {
        self.caller = caller
        self.logins = logins
        api = ConnectedConfiguration(caller, logins)
        badge = Badge(caller, logins, onBadge)
    }

    /// Goes on as the player whose login is stored, without a call, or becomes a guest and stores that before anything else.
    ///
    /// `onSignedOut` is called when the server does not know the login any more; the tokens are gone by then. `onBadge` is
    /// called with the number of sessions that wait for the player, when it is known and when it changes.
    public static func connect(
        _ address: String, storage: any Storage = MemoryStorage(), profile: PlayerRequest = PlayerRequest(), patience: TimeInterval = 60,
        onSignedOut: @escaping @Sendable () -> Void = {}, onBadge: @escaping @Sendable (Int64) -> Void = { _ in }
    ) async throws -> YourturnClient {
        guard let url = URL(string: address) else { throw URLError(.badURL) }
        let caller = Caller(address: url, patience: patience, session: URLSession(configuration: .ephemeral))
        let logins = Logins(storage: storage, caller: caller, onSignedOut: onSignedOut)
        try await logins.begin(profile)
        return YourturnClient(caller, logins, onBadge)
    }

    public var playerId: String? { get async { await logins.playerId } }

    /// Replaces the login by another: for a link code that another device made, or an identity.
    public func signIn(_ shown: TokenRequest) async throws {
        try await logins.signIn(shown)
        await seen.forget()
    }

    /// Ends the login on the server and forgets it here, even when the server cannot be reached; the error says so then.
    public func signOut() async throws {
        do {
            _ = try await data("DELETE", "v1/tokens", Optional<String>.none)
        } catch is SignedOut {
        } catch {
            try await logins.forget()
            throw error
        }
        try await logins.forget()
    }

    /// Answers the session's turn with a move, in the words of its game (a `TicTacToeMove`, say, or one of
    /// `session.legalMoves`), and returns the session as it is then. The server takes a move exactly once, so this may be
    /// called again with the same arguments whatever the error was. A refusal is a `Problem`, with the session as it is.
    public func play(_ session: Session, _ move: some Encodable & Sendable) async throws -> Session {
        let answer = try await data("POST", "v1/sessions/\(session.id)/moves", Played(turn: session.turn, move: move))
        Task { await badge.touch() }
        return try decoder().decode(Session.self, from: answer)
    }

    /// Acknowledges every message up to `seq`. Call it when a person has seen them on a visible screen, never on receipt.
    /// One acknowledgement is sent at a time, and the highest number wins.
    public func seen(_ seq: Int64) async throws {
        try await seen.raise(seq) { wanted in
            let answer = try await self.data("POST", "v1/me/feed/ack", AckRequest(seq: wanted))
            return try decoder().decode(FeedAck.self, from: answer).ackedSeq
        }
    }

    /// The number of sessions that wait for the player, as far as it is known here: `messages` keeps it current.
    public var waiting: Int64 { get async { await badge.waiting } }

    /// Any operation: what the generated ones do, for types of your own.
    public func data(_ method: String, _ path: String, _ body: (some Encodable & Sendable)?, held: TimeInterval = 0) async throws -> Data {
        let request = try jsonRequest(caller.address, method, path, body)
        return try await logins.with { token in try await self.caller.send(request.bearing(token), held: held).0 }
    }
}

/// What the player sees of a session, in the words of its game: `try view(of: session, as: TicTacToeView.self)`.
public func view<View: Decodable>(of session: Session, as type: View.Type) throws -> View {
    try decoder().decode(View.self, from: encoder().encode(session.view))
}

private struct Played<Move: Encodable & Sendable>: Encodable, Sendable {
    let turn: Int64
    let move: Move
}

/// How far a person has seen, and how far the server knows.
actor Seen {
    private var here: Int64 = 0, there: Int64 = 0
    private var sending: Task<Void, any Error>?

    func raise(_ seq: Int64, _ send: @escaping @Sendable (Int64) async throws -> Int64) async throws {
        here = max(here, seq)
        while here > there {
            if let sending {
                try? await sending.value // whose error is told to whoever began it
                continue
            }
            let task = Task { there = max(there, try await send(here)) }
            sending = task
            defer { sending = nil }
            try await task.value
            return
        }
    }

    func forget() { (here, there) = (0, 0) }
}

/// One number, read again and again, one time at a time.
actor Badge {
    private(set) var waiting: Int64 = 0
    private var known = false, reading = false, again = false
    private let caller: Caller, logins: Logins, tell: @Sendable (Int64) -> Void

    init(_ caller: Caller, _ logins: Logins, _ tell: @escaping @Sendable (Int64) -> Void) {
        (self.caller, self.logins, self.tell) = (caller, logins, tell)
    }

    func touch() async {
        guard !reading else { again = true; return }
        reading = true
        defer { reading = false }
        repeat {
            again = false
            // A number that cannot be read stays as it is; the next message brings the next try.
            guard let now = try? await read(), !known || now != waiting else { continue }
            (waiting, known) = (now, true)
            tell(now)
        } while again
    }

    private func read() async throws -> Int64 {
        let request = try jsonRequest(caller.address, "GET", "v1/sessions?limit=1", Optional<String>.none)
        let caller = caller
        let data = try await logins.with { token in try await caller.send(request.bearing(token)).0 }
        return try decoder().decode(SessionList.self, from: data).waitingForMe
    }
}

extension Logins {
    /// Calls with a token, and once more with a new one if the server refuses the first.
    nonisolated func with<Answer: Sendable>(_ call: @Sendable (String) async throws -> Answer) async throws -> Answer {
        let first = try await token()
        do {
            return try await call(first)
        } catch let problem as Problem where problem.status == 401 {
            return try await call(token(refused: first))
        }
    }
}

func jsonRequest(_ address: URL, _ method: String, _ path: String, _ body: (some Encodable)?) throws -> URLRequest {
    let base = address.absoluteString
    guard let url = URL(string: (base.hasSuffix("/") ? base : base + "/") + path) else { throw URLError(.badURL) }
    var request = URLRequest(url: url)
    request.httpMethod = method
    if let body {
        request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        request.httpBody = try encoder().encode(body)
    }
    return request
}

extension URLRequest {
    func bearing(_ token: String) -> URLRequest {
        var request = self
        request.setValue("Bearer \(token)", forHTTPHeaderField: "Authorization")
        return request
    }
}
