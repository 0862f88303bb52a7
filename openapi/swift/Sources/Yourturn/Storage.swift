import Foundation

/// One sign-in of a player: the tokens that say who calls.
public struct StoredLogin: Codable, Sendable, Equatable {
    public var accessToken: String
    public var refreshToken: String
    /// When the access token ends, by this device's clock.
    public var expiresAt: Date
    public var playerId: String

    enum CodingKeys: String, CodingKey {
        case accessToken = "access_token", refreshToken = "refresh_token", expiresAt = "expires_at", playerId = "player_id"
    }
}

/// Keeps a login between starts of the app. The refresh token is all there is to a guest's account: three lines around
/// the keychain are a good storage on a phone.
public protocol Storage: Sendable {
    func load() throws -> StoredLogin?
    func save(_ login: StoredLogin) throws
    func clear() throws
}

/// Keeps the login in a file, which on a phone belongs in the app's Application Support folder.
public struct FileStorage: Storage {
    public let url: URL

    public init(_ url: URL) { self.url = url }

    public func load() throws -> StoredLogin? {
        guard FileManager.default.fileExists(atPath: url.path) else { return nil }
        return try JSONDecoder().decode(StoredLogin.self, from: Data(contentsOf: url))
    }

    public func save(_ login: StoredLogin) throws {
        try JSONEncoder().encode(login).write(to: url, options: .atomic)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: url.path)
    }

    public func clear() throws {
        if FileManager.default.fileExists(atPath: url.path) {
            try FileManager.default.removeItem(at: url)
        }
    }
}

/// Forgets with the process.
public final class MemoryStorage: Storage, @unchecked Sendable {
    private let lock = NSLock()
    private var held: StoredLogin?

    public init() {}

    public func load() -> StoredLogin? { lock.withLock { held } }
    public func save(_ login: StoredLogin) { lock.withLock { held = login } }
    public func clear() { lock.withLock { held = nil } }
}
