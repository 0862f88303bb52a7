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
        let client = YourturnClient(caller, logins, onBadge), badge = client.badge
        await logins.whenChanged { [weak badge] next in
            guard let badge else { return }
            Task { await badge.begin(next) } // nothing waits for nobody
        }
        return client
    }

    public var playerId: String? { get async { await logins.playerId } }

    /// Replaces the login by another: for a link code that another device made, or an identity. What was begun before
    /// fails with `SignedOut` where it is not done yet, and so do `messages`: begin them anew.
    public func signIn(_ shown: TokenRequest) async throws {
        try await logins.signIn(shown)
    }

    /// Forgets the login here, at once and whatever happens, and ends it on the server; when the server cannot be told, the
    /// error says so. A guest who signs out of the only login cannot come back.
    public func signOut() async throws {
        try await logins.signOut()
    }

    /// Answers the session's turn with a move, in the words of its game (a `TicTacToeMove`, say, or one of
    /// `session.legalMoves`), and returns the session as it is then. The server takes a move exactly once, so this may be
    /// called again with the same arguments whatever the error was. A refusal is a `Problem`, with the session as it is.
    public func play(_ session: Session, _ move: some Encodable & Sendable) async throws -> Session {
        let number = await logins.number, badge = badge
        let answer = try await data("POST", "v1/sessions/\(session.id)/moves", Played(turn: session.turn, move: move), of: number)
        Task { await badge.touch(number) }
        return try decoder().decode(Session.self, from: answer)
    }

    /// Acknowledges every message up to `seq`. Call it when a person has seen them on a visible screen, never on receipt.
    /// One acknowledgement is sent at a time, and the highest number wins.
    public func seen(_ seq: Int64) async throws {
        let number = await logins.number
        try await seen.raise(number, seq) { wanted in
            let answer = try await self.data("POST", "v1/me/feed/ack", AckRequest(seq: wanted), of: number)
            return try decoder().decode(FeedAck.self, from: answer).ackedSeq
        }
        try await logins.check(number)
    }

    /// The number of sessions that wait for the player, as far as it is known here: `messages` keeps it current.
    public var waiting: Int64 { get async { await badge.waiting(of: logins.number) } }

    /// Any operation: what the generated ones do, for types of your own.
    public func data(_ method: String, _ path: String, _ body: (some Encodable & Sendable)?) async throws -> Data {
        try await data(method, path, body, of: logins.number)
    }

    func data(_ method: String, _ path: String, _ body: (some Encodable & Sendable)?, of number: Int) async throws -> Data {
        let request = try jsonRequest(caller.address, method, path, body)
        return try await logins.with(of: number) { token in try await self.caller.send(request.bearing(token)).0 }
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

/// How far a person has seen, and how far the server knows: under one login, and until a reset.
actor Seen {
    private var number = 0 // of the login
    private var resets = 0
    private var here: Int64 = 0, there: Int64 = 0
    private var sending: Task<Void, any Error>?

    func raise(_ number: Int, _ seq: Int64, _ send: @escaping @Sendable (Int64) async throws -> Int64) async throws {
        if number > self.number { forget(number) }
        let resets = resets
        guard number == self.number else { throw SignedOut() }
        here = max(here, seq)
        while resets == self.resets, here > there {
            if let sending {
                try? await sending.value // whose error is told to whoever began it
                continue
            }
            let wanted = here
            let task = Task {
                defer { if resets == self.resets { sending = nil } }
                let known = try await send(wanted)
                if resets == self.resets { there = max(there, known) }
            }
            sending = task
            do {
                try await task.value
            } catch {
                if resets == self.resets { throw error } // what a reset has made meaningless is no failure
            }
            return
        }
    }

    /// An acknowledgement that is on its way says nothing about the numbers that come now.
    func forget(_ number: Int) {
        guard number >= self.number else { return }
        sending?.cancel()
        (here, there, sending) = (0, 0, nil)
        self.number = number
        resets += 1
    }
}

/// One number, read again and again, one time at a time.
actor Badge {
    private var number = 0 // of the login
    private var last: Int64 = 0
    private var known = false, reading = false, again = false
    private let caller: Caller, logins: Logins, tell: @Sendable (Int64) -> Void

    init(_ caller: Caller, _ logins: Logins, _ tell: @escaping @Sendable (Int64) -> Void) {
        (self.caller, self.logins, self.tell) = (caller, logins, tell)
    }

    func waiting(of number: Int) -> Int64 { number == self.number ? last : 0 }

    func touch(_ number: Int) async {
        begin(number)
        guard !reading else { again = true; return }
        reading = true
        defer { reading = false }
        repeat {
            again = false
            let number = self.number
            // A number that cannot be read stays as it is; the next contact or message brings the next try.
            guard let now = try? await read(number), number == self.number else { continue }
            accept(now)
        } while again
    }

    /// Nothing is known yet of a login with a higher number.
    func begin(_ number: Int) {
        guard number > self.number else { return }
        self.number = number
        if known { accept(0) }
    }

    private func accept(_ now: Int64) {
        guard !known || now != last else { return }
        (last, known) = (now, true)
        tell(now)
    }

    private func read(_ number: Int) async throws -> Int64 {
        let request = try jsonRequest(caller.address, "GET", "v1/sessions?limit=1", Optional<String>.none)
        let caller = caller
        let data = try await logins.with(of: number) { token in try await caller.send(request.bearing(token)).0 }
        return try decoder().decode(SessionList.self, from: data).waitingForMe
    }
}

extension Logins {
    /// Calls with a token, and once more with a new one if the server refuses the first. A 401 that does not speak of tokens
    /// comes from something on the way, which knows nothing of them.
    nonisolated func with<Answer: Sendable>(of number: Int, _ call: @Sendable (String) async throws -> Answer) async throws -> Answer {
        let first = try await token(of: number)
        do {
            return try await call(first)
        } catch let problem as Problem where problem.name.hasPrefix("token-") {
            let second = try await token(of: number, refused: first)
            return try await call(second)
        } catch {
            try await check(number) // that it is over explains whatever went wrong
            throw error
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
