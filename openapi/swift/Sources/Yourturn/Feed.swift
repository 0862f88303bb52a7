import Foundation
#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

extension FeedMessage {
    /// The kind of a message that the client makes itself: what was asked for is not kept any more. Read your sessions
    /// anew; the messages go on after it.
    public static let reset = "reset"
}

extension YourturnClient {
    /// Follows the player's feed after a number, or from what a person has not seen yet: in order, each message once,
    /// while connections come and go. It ends with its task, or with an error when the player is signed out.
    public func messages(after: Int64? = nil) -> AsyncThrowingStream<FeedMessage, any Error> {
        AsyncThrowingStream { messages in
            let id = UUID(), logins = logins
            let follower = Task {
                do {
                    let number = await logins.number
                    await logins.whenOver(number, id) { messages.finish(throwing: SignedOut()) }
                    try await Follower(client: self, number: number, after: after, messages: messages).follow()
                } catch {
                    messages.finish(throwing: error)
                }
            }
            messages.onTermination = { _ in
                follower.cancel()
                Task { await logins.forgetEnd(id) }
            }
        }
    }
}

struct StreamEnded: Error {}

/// One loop over the feed.
final class Follower {
    private let client: YourturnClient
    private let number: Int // of the login that this loop belongs to
    private let messages: AsyncThrowingStream<FeedMessage, any Error>.Continuation
    private var after: Int64? // the last number that was handed over; nil while only the server knows where to begin
    private var greeted = false

    private let silence: TimeInterval = 45 // after which a stream is dead; the server says something every 17 s
    private let streamAgain: TimeInterval = 180 // until a stream is tried again by who polls

    init(client: YourturnClient, number: Int, after: Int64?, messages: AsyncThrowingStream<FeedMessage, any Error>.Continuation) {
        (self.client, self.number, self.after, self.messages) = (client, number, after, messages)
    }

    /// Holds a stream for as long as one can be had, and asks with long-polls for a while when two in a row have not even
    /// said hello.
    func follow() async throws {
        touchBadge()
        var misses = 0, failures = 0
        while true {
            var failure: any Error = StreamEnded()
            greeted = false
            do {
                try await stream()
            } catch {
                try end(error)
                failure = error
            }
            misses = greeted ? 0 : misses + 1
            failures = greeted ? 0 : failures + 1
            if misses == 2 {
                try await poll(until: Date().addingTimeInterval(streamAgain))
                (misses, failures) = (1, 0) // one more is enough to know
                continue
            }
            try await pause(failures, failure)
        }
    }

    private func end(_ error: any Error) throws {
        try Task.checkCancellation()
        if error is SignedOut { throw error }
    }

    private let mostAsked: TimeInterval = 300 // bounds how long a feed stays away because somebody asked it to

    private func pause(_ failures: Int, _ error: any Error) async throws {
        let asked = min(mostAsked, (error as? Problem)?.wait ?? 0)
        try await sleep(max(asked, backoff(failures, least: 1, most: 30)))
    }

    private func poll(until: Date) async throws {
        var failures = 0, contact = false
        while Date() < until {
            do {
                let from = after.map { "&after=\($0)" } ?? ""
                let data = try await client.data("GET", "v1/me/feed?limit=100&wait=25" + from, Optional<String>.none, of: number)
                let page = try decoder().decode(FeedPage.self, from: data)
                if !contact { touchBadge() } // who knows what was missed
                (failures, contact) = (0, true)
                try await take(page)
            } catch {
                try end(error)
                if let problem = error as? Problem, problem.isOfTheQuestion { throw problem }
                try await pause(failures, error)
                failures += 1
                contact = false
            }
        }
    }

    private func take(_ page: FeedPage) async throws {
        if page.reset == true { return try await reset(page.lastSeq) }
        after = after ?? page.ackedSeq
        for each in page.items { try await message(each) }
    }

    /// Hands a message over, unless it was before.
    private func message(_ message: FeedMessage) async throws {
        if let after, message.seq <= after { return }
        try await deliver(message)
    }

    private func reset(_ seq: Int64) async throws {
        await client.seen.forget(number)
        try await deliver(FeedMessage(at: Date(), data: [:], kind: FeedMessage.reset, seq: seq))
    }

    private func deliver(_ message: FeedMessage) async throws {
        try await client.logins.check(number)
        after = message.seq
        messages.yield(message)
        if message.sessionId != nil || message.kind == FeedMessage.reset { touchBadge() }
    }

    /// It is read in a task of its own: the number is not this loop's alone.
    private func touchBadge() {
        let badge = client.badge, number = number
        Task { await badge.touch(number) }
    }

    /// Follows the feed on one connection until that ends, as it always does.
    private func stream() async throws {
        let from = after.map { "?after=\($0)" } ?? ""
        var request = try jsonRequest(client.caller.address, "GET", "v1/me/stream" + from, Optional<String>.none)
        request.setValue("text/event-stream", forHTTPHeaderField: "Accept")
        request.timeoutInterval = silence
        let ready = request
        let chunks = try await client.logins.with(of: number) { token in try await EventConnection.open(ready.bearing(token)) }
        var events = EventParser()
        for try await chunk in chunks {
            for event in events.take(chunk) { try await take(event) }
        }
        throw StreamEnded()
    }

    /// Takes what a stream says. Names that came later than this client are no concern of its.
    private func take(_ event: ServerSentEvent) async throws {
        struct Named: Decodable { let acked_seq: Int64?, seq: Int64? }
        let data = Data(event.data.utf8)
        switch event.name {
        case "": try await message(decoder().decode(FeedMessage.self, from: data))
        case "hello":
            greeted = true
            after = try after ?? decoder().decode(Named.self, from: data).acked_seq
            touchBadge() // who knows what was missed
        case "reset": if let seq = try decoder().decode(Named.self, from: data).seq { try await reset(seq) }
        case "bye": throw StreamEnded()
        default: break
        }
    }
}

extension Problem {
    /// Asking again is no use. What something on the way refuses, a portal that wants to be paid, may be answered soon;
    /// unless there is no such place.
    var isOfTheQuestion: Bool {
        if name.isEmpty { return status == 404 }
        return status < 500 && ![408, 429].contains(status)
    }
}

/// A connection that is held, by a delegate: URLSession's own bytes are not everywhere.
final class EventConnection: NSObject, URLSessionDataDelegate, @unchecked Sendable {
    private var opened: CheckedContinuation<Void, any Error>?
    private var refusal: (HTTPURLResponse, Data)?
    private let chunks: AsyncThrowingStream<Data, any Error>.Continuation

    private init(_ chunks: AsyncThrowingStream<Data, any Error>.Continuation) { self.chunks = chunks }

    static func open(_ request: URLRequest) async throws -> AsyncThrowingStream<Data, any Error> {
        let (stream, chunks) = AsyncThrowingStream<Data, any Error>.makeStream()
        let connection = EventConnection(chunks)
        let configuration = URLSessionConfiguration.ephemeral
        configuration.timeoutIntervalForRequest = request.timeoutInterval
        let queue = OperationQueue()
        queue.maxConcurrentOperationCount = 1 // the delegate's state needs no lock
        let session = URLSession(configuration: configuration, delegate: connection, delegateQueue: queue)
        let task = session.dataTask(with: request)
        chunks.onTermination = { _ in task.cancel(); session.finishTasksAndInvalidate() }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { opened in
                queue.addOperation {
                    connection.opened = opened
                    task.resume()
                }
            }
        } onCancel: {
            task.cancel()
        }
        return stream
    }

    func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive response: URLResponse,
                    completionHandler: @escaping (URLSession.ResponseDisposition) -> Void) {
        let answer = response as? HTTPURLResponse
        if answer?.statusCode == 200, response.mimeType == "text/event-stream" {
            opened?.resume()
            opened = nil
        } else if let answer, answer.statusCode >= 400 {
            refusal = (answer, Data()) // its reasons follow
        } else {
            return completionHandler(.cancel) // somebody on the way answers in the server's name
        }
        completionHandler(.allow)
    }

    func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
        if refusal != nil {
            refusal?.1.append(data)
        } else {
            chunks.yield(data)
        }
    }

    func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
        let reason: any Error = refusal.map { Problem(answer: $0.1, $0.0) } ?? error ?? StreamEnded()
        opened?.resume(throwing: reason)
        opened = nil
        chunks.finish(throwing: reason)
    }
}

struct ServerSentEvent: Equatable {
    var name = "", data = ""
}

/// Takes a stream of server-sent events apart, as the HTML standard says. What is not closed by an empty line has not
/// happened.
struct EventParser {
    private var rest = Data()
    private var name = ""
    private var data: [String] = []

    mutating func take(_ chunk: Data) -> [ServerSentEvent] {
        rest.append(chunk)
        var events: [ServerSentEvent] = []
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            var line = String(decoding: rest[rest.startIndex..<end], as: UTF8.self)
            rest = Data(rest[rest.index(after: end)...])
            if line.last == "\r" { line.removeLast() }
            if line.isEmpty {
                if !data.isEmpty { events.append(ServerSentEvent(name: name, data: data.joined(separator: "\n"))) }
                (name, data) = ("", [])
                continue
            }
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            var value = parts.count > 1 ? String(parts[1]) : ""
            if value.first == " " { value.removeFirst() }
            switch parts[0] {
            case "event": name = value
            case "data": data.append(value)
            default: break
            }
        }
        return events
    }
}
