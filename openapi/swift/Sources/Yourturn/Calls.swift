import Foundation
#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// A refusal. Switch on its name.
extension Problem: Error {
    /// The part of `type` that tells problems apart: not-your-turn. Empty when what answered was no Yourturn server but
    /// something on the way to it; then there is a status and nothing else.
    public var name: String {
        let prefix = "urn:yourturn:problem:"
        return type.hasPrefix(prefix) ? String(type.dropFirst(prefix.count)) : ""
    }
}

/// There is no login: the server does not know it any more, or the player signed out.
public struct SignedOut: Error {}

/// A call was lost, and this is the last reason.
public struct CallFailed: Error {
    public let call: String
    public let reason: any Error
}

/// Sends requests: what may be repeated is, and a refusal becomes an error.
struct Caller: Sendable {
    let address: URL
    let patience: TimeInterval
    let session: URLSession

    /// Whether doing it twice is as good as once.
    static func isRepeatable(_ request: URLRequest) -> Bool {
        request.httpMethod != "POST" || request.value(forHTTPHeaderField: "Idempotency-Key") != nil
            || harmless.contains(request.url?.lastPathComponent ?? "")
    }

    /// The ends of paths to which the same may be posted twice: the server takes a move once and only lets grow what was
    /// seen; who is in a session, or out of it, or invited, is so already; one code, ticket or guest too many is no matter.
    private static let harmless: Set<String> = [
        "moves", "ack", "join", "forfeit", "leave", "rematch", "enter", "invitations", "players", "stream-tickets", "link-codes",
    ]

    /// How long the server was asked to hold its answer back.
    private static func held(_ request: URLRequest) -> TimeInterval {
        guard let url = request.url, let parts = URLComponents(url: url, resolvingAgainstBaseURL: false) else { return 0 }
        let wait = parts.queryItems?.first { $0.name == "wait" }?.value
        return wait.flatMap { TimeInterval($0) } ?? 0
    }

    /// Gives a wish a name, so that asking twice makes one thing.
    func named(_ request: URLRequest) -> URLRequest {
        guard request.httpMethod == "POST", request.value(forHTTPHeaderField: "Idempotency-Key") == nil,
              let path = request.url?.path,
              path.hasSuffix("/v1/tickets") || path.hasSuffix("/v1/tokens") || path.hasSuffix("/sessions") else { return request }
        var named = request
        named.setValue(UUID().uuidString, forHTTPHeaderField: "Idempotency-Key")
        return named
    }

    /// Returns an answer below 400.
    func send(_ unnamed: URLRequest) async throws -> (Data, HTTPURLResponse) {
        var request = named(unnamed)
        let held = Self.held(request)
        request.timeoutInterval = 15 + held
        let end = Date().addingTimeInterval(patience + held)
        var tries = 0
        while true {
            let pause: TimeInterval
            let failure: any Error
            do {
                let (data, answer) = try await session.data(for: request)
                guard let response = answer as? HTTPURLResponse else { throw URLError(.badServerResponse) }
                if response.statusCode < 400 { return (data, response) }
                let problem = Problem(answer: data, response)
                let undone = problem.status == 429
                guard undone || [502, 503, 504].contains(problem.status) && Self.isRepeatable(request) else { throw problem }
                pause = max(problem.wait, backoff(tries, least: 0.5, most: 8))
                failure = problem
            } catch let problem as Problem {
                throw problem
            } catch {
                try Task.checkCancellation()
                failure = CallFailed(call: "\(request.httpMethod ?? "") \(request.url?.path ?? "")", reason: error)
                guard Self.isRepeatable(request) else { throw failure }
                pause = backoff(tries, least: 0.5, most: 8)
            }
            guard Date().addingTimeInterval(pause) < end else { throw failure }
            try await sleep(pause)
            tries += 1
        }
    }
}

/// Doubles from try to try, and half of it is chance, so that not everybody comes back at once.
func backoff(_ tries: Int, least: TimeInterval, most: TimeInterval) -> TimeInterval {
    let pause = min(most, least * pow(2, Double(min(tries, 16))))
    return pause / 2 + .random(in: 0...pause / 2)
}

func sleep(_ pause: TimeInterval) async throws {
    try await Task.sleep(nanoseconds: UInt64(pause * 1e9))
}

extension Problem {
    init(answer data: Data, _ response: HTTPURLResponse) {
        if let problem = try? decoder().decode(Problem.self, from: data) {
            self = problem
        } else {
            self.init(requestId: "", status: Int64(response.statusCode), title: "HTTP \(response.statusCode)", type: "about:blank")
        }
        if retryAfter == nil {
            retryAfter = response.value(forHTTPHeaderField: "Retry-After").flatMap { Int64($0) }
        }
    }

    /// What the server asked for, and a little more.
    var wait: TimeInterval {
        guard let retryAfter else { return 0 }
        return TimeInterval(retryAfter) + .random(in: 0...0.5)
    }
}

func decoder() -> JSONDecoder {
    let decoder = JSONDecoder()
    decoder.dateDecodingStrategy = .iso8601
    return decoder
}

func encoder() -> JSONEncoder {
    let encoder = JSONEncoder()
    encoder.dateEncodingStrategy = .iso8601
    return encoder
}
