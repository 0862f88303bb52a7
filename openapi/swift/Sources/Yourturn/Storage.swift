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

    /// Writes beside the file, for its owner's eyes from the first byte on, and moves: a power cut leaves the old login or
    /// the new one.
    public func save(_ login: StoredLogin) throws {
        let beside = url.appendingPathExtension(UUID().uuidString)
        let descriptor = open(beside.path, O_WRONLY | O_CREAT | O_EXCL, 0o600)
        guard descriptor >= 0 else { throw CocoaError(.fileWriteUnknown) }
        do {
            let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
            try file.write(contentsOf: JSONEncoder().encode(login))
            try file.synchronize()
            try file.close()
            guard rename(beside.path, url.path) == 0 else { throw CocoaError(.fileWriteUnknown) }
        } catch {
            try? FileManager.default.removeItem(at: beside)
            throw error
        }
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
