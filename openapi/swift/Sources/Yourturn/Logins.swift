import Foundation

/// Who the client is now, and one renewal of its tokens at a time.
actor Logins {
    private let storage: any Storage
    private let caller: Caller
    private let onSignedOut: @Sendable () -> Void
    private var held: StoredLogin?
    private var renewal: Task<String, any Error>?

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
        try keep(asked, made.player.id, made.accessToken, made.refreshToken, made.expiresIn)
    }

    /// Returns an access token other than the one that was refused. Whoever comes while it is renewed waits for that.
    func token(refused: String? = nil) async throws -> String {
        if let renewal { return try await renewal.value }
        if let held, serves(held, refused) { return held.accessToken }
        let task = Task { try await renew(refused) }
        renewal = task
        defer { renewal = nil }
        return try await task.value
    }

    func signIn(_ shown: TokenRequest) async throws {
        _ = try? await renewal?.value
        try await exchange(shown)
    }

    func forget() throws {
        held = nil
        try storage.clear()
    }

    private func serves(_ login: StoredLogin, _ refused: String?) -> Bool {
        login.accessToken != refused && Date() < login.expiresAt.addingTimeInterval(-early)
    }

    private func renew(_ refused: String?) async throws -> String {
        held = try storage.load() // an extension of the app may have been here
        guard let held else { throw SignedOut() }
        if serves(held, refused) { return held.accessToken }
        do {
            return try await exchange(TokenRequest(refreshToken: held.refreshToken))
        } catch let problem as Problem where problem.status == 401 {
            try forget()
            onSignedOut()
            throw SignedOut()
        }
    }

    /// Turns what is shown into tokens. If the answer is lost the same may be shown again.
    @discardableResult
    private func exchange(_ shown: TokenRequest) async throws -> String {
        let asked = Date()
        let made: Tokens = try await post("v1/tokens", shown)
        try keep(asked, made.playerId, made.accessToken, made.refreshToken, made.expiresIn)
        return made.accessToken
    }

    /// Stores a login before anything uses it: one that is used and then lost would be lost with its player.
    private func keep(_ asked: Date, _ player: String, _ access: String, _ refresh: String, _ expiresIn: Int64) throws {
        let made = StoredLogin(accessToken: access, refreshToken: refresh,
                               expiresAt: asked.addingTimeInterval(TimeInterval(expiresIn)), playerId: player)
        try storage.save(made)
        held = made
    }

    private func post<Body: Encodable & Sendable, Answer: Decodable>(_ path: String, _ body: Body) async throws -> Answer {
        let request = try jsonRequest(caller.address, "POST", path, body)
        return try decoder().decode(Answer.self, from: try await caller.send(request).0)
    }
}
