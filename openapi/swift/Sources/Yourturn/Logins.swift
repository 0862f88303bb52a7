import Foundation

/// Who the client is now. Renewing, signing in and out, and losing the login happen one after the other.
///
/// Each login has a number, which signing in, signing out and losing the login raise. What was begun with one number fails
/// with `SignedOut` under the next: so nothing is done as another player than the one it was meant for.
actor Logins {
    private let storage: any Storage
    private let caller: Caller
    private let onSignedOut: @Sendable () -> Void
    private(set) var number = 0
    private var held: StoredLogin?
    private var last: Task<Void, Never>?
    private var ends: [UUID: @Sendable () -> Void] = [:] // of loops over messages
    private var changed: @Sendable (Int) -> Void = { _ in }

    /// How long before its end a token is renewed.
    private let early: TimeInterval = 30

    init(storage: any Storage, caller: Caller, onSignedOut: @escaping @Sendable () -> Void) {
        self.storage = storage
        self.caller = caller
        self.onSignedOut = onSignedOut
    }

    var playerId: String? { held?.playerId }

    /// Loads what is stored, or becomes a guest.
    func begin(_ profile: PlayerRequest) async throws {
        held = try storage.load()
        guard held == nil else { return }
        let asked = Date()
        let made: NewPlayer = try await post("v1/players", profile)
        // Somebody with the same storage may have been faster: a guest that is left behind harms nobody.
        held = try storage.load()
        guard held == nil else { return }
        held = try keep(asked, made.player.id, made.accessToken, made.refreshToken, made.expiresIn)
    }

    /// Throws when the login with this number is over.
    func check(_ number: Int) throws {
        guard number == self.number, held != nil else { throw SignedOut() }
    }

    /// Calls `end` when the login with this number is over, at once if it is already.
    func whenOver(_ number: Int, _ id: UUID, _ end: @escaping @Sendable () -> Void) {
        guard number == self.number, held != nil else { return end() }
        ends[id] = end
    }

    func forgetEnd(_ id: UUID) { ends[id] = nil }

    /// Calls `changed` with each number that follows this one.
    func whenChanged(_ changed: @escaping @Sendable (Int) -> Void) { self.changed = changed }

    /// Returns an access token other than the one that was refused. Whoever comes while it is renewed waits for that.
    func token(of number: Int, refused: String? = nil) async throws -> String {
        try check(number)
        if let held, serves(held, refused) { return held.accessToken }
        return try await alone { try await self.renew(number, refused) }
    }

    func signIn(_ shown: TokenRequest) async throws {
        try await alone { try await self.replace(shown) }
    }

    /// Forgets the login at once, then tells the server.
    func signOut() async throws {
        guard let mine = held else { return }
        change(to: nil)
        try await alone { try await self.end(mine) }
    }

    /// Runs when all is done that was begun before.
    private func alone<Answer: Sendable>(_ work: @escaping @Sendable () async throws -> Answer) async throws -> Answer {
        let before = last
        let task = Task {
            _ = await before?.value
            return try await work()
        }
        last = Task { _ = try? await task.value }
        return try await task.value
    }

    private func change(to next: StoredLogin?) {
        held = next
        number += 1
        let over = ends.values
        ends = [:]
        for end in over { end() }
        changed(number)
    }

    private func serves(_ login: StoredLogin, _ refused: String?) -> Bool {
        login.accessToken != refused && Date() < login.expiresAt.addingTimeInterval(-early)
    }

    private func renew(_ number: Int, _ refused: String?) async throws -> String {
        try check(number)
        // An extension of the app may have been here: renewed the tokens, signed out, or in as somebody else.
        guard let stored = try storage.load(), stored.playerId == held?.playerId else { throw lost() }
        held = stored
        if serves(stored, refused) { return stored.accessToken }
        do {
            let renewed = try await exchange(TokenRequest(refreshToken: stored.refreshToken))
            try check(number)
            held = renewed
            return renewed.accessToken
        } catch let problem as Problem where problem.name == "token-invalid" {
            try check(number)
            if try storage.load()?.refreshToken == stored.refreshToken { try storage.clear() }
            throw lost()
        }
    }

    /// The end of a login that nobody here has asked for.
    private func lost() -> SignedOut {
        change(to: nil)
        onSignedOut()
        return SignedOut()
    }

    private func replace(_ shown: TokenRequest) async throws {
        let made = try await exchange(shown)
        change(to: made)
    }

    /// Forgets a login where it is stored, unless somebody else's is there by now, and ends it on the server. A token that
    /// has ended is renewed for that, but not stored again.
    private func end(_ login: StoredLogin) async throws {
        var mine = login
        if let stored = try storage.load(), stored.playerId == mine.playerId {
            mine = stored // renewed while this waited, perhaps
            try storage.clear()
        }
        do {
            if serves(mine, nil), try await told(mine.accessToken) { return }
            let renewed: Tokens = try await post("v1/tokens", TokenRequest(refreshToken: mine.refreshToken))
            _ = try await told(renewed.accessToken)
        } catch let problem as Problem where problem.name == "token-invalid" {
            return // it was over already
        }
    }

    /// Whether the server has ended the login of a token; not when that token has had its time.
    private func told(_ token: String) async throws -> Bool {
        do {
            let request = try jsonRequest(caller.address, "DELETE", "v1/tokens", Optional<String>.none)
            _ = try await caller.send(request.bearing(token))
            return true
        } catch let problem as Problem where problem.name == "token-expired" {
            return false
        }
    }

    /// Turns what is shown into a login, which is stored. If the answer is lost the same may be shown again.
    private func exchange(_ shown: TokenRequest) async throws -> StoredLogin {
        let asked = Date()
        let made: Tokens = try await post("v1/tokens", shown)
        return try keep(asked, made.playerId, made.accessToken, made.refreshToken, made.expiresIn)
    }

    /// Stores a login before anything uses it: one that is used and then lost would be lost with its player.
    private func keep(_ asked: Date, _ player: String, _ access: String, _ refresh: String, _ expiresIn: Int64) throws -> StoredLogin {
        let made = StoredLogin(accessToken: access, refreshToken: refresh,
                               expiresAt: asked.addingTimeInterval(TimeInterval(expiresIn)), playerId: player)
        try storage.save(made)
        return made
    }

    private func post<Body: Encodable & Sendable, Answer: Decodable>(_ path: String, _ body: Body) async throws -> Answer {
        let request = try jsonRequest(caller.address, "POST", path, body)
        return try decoder().decode(Answer.self, from: try await caller.send(request).0)
    }
}
