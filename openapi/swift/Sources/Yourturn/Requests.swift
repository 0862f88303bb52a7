import Foundation
#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

// The generated operations send their requests through the kit. These are the names by which generated code asks for
// what sends; its own URLSession code is left out (see pom.xml), because it would know neither tokens nor repeats.

final class ConnectedConfiguration: YourturnAPIConfiguration, @unchecked Sendable {
    let caller: Caller
    let logins: Logins

    init(_ caller: Caller, _ logins: Logins) {
        self.caller = caller
        self.logins = logins
        let address = caller.address.absoluteString
        super.init(basePath: address.hasSuffix("/") ? String(address.dropLast()) : address)
    }
}

public protocol OpenAPIInterceptor: Sendable {}

public struct DefaultOpenAPIInterceptor: OpenAPIInterceptor {
    public init() {}
}

protocol URLSessionDataTaskProtocol { func cancel() }

public struct URLSessionRequestBuilderFactory: RequestBuilderFactory {
    public init() {}

    public func getNonDecodableBuilder<T>() -> RequestBuilder<T>.Type { KitRequestBuilder<T>.self }
    public func getBuilder<T: Decodable>() -> RequestBuilder<T>.Type { DecodingKitRequestBuilder<T>.self }
}

struct NotConnected: Error {}

class KitRequestBuilder<T>: RequestBuilder<T>, @unchecked Sendable {
    func decode(_ data: Data) throws -> T {
        guard let nothing = () as? T else { throw NotConnected() }
        return nothing
    }

    override func execute(completion: @Sendable @escaping (Swift.Result<Response<T>, ErrorResponse>) -> Void) -> RequestTask {
        let task = Task {
            do {
                let (data, response) = try await send()
                completion(.success(Response(response: response, body: try decode(data), bodyData: data)))
            } catch let problem as Problem {
                completion(.failure(.error(Int(problem.status), nil, nil, problem)))
            } catch {
                completion(.failure(.error(-1, nil, nil, error)))
            }
        }
        requestTask.set(task: Cancelling(task: task))
        return requestTask
    }

    private func send() async throws -> (Data, HTTPURLResponse) {
        guard let connected = apiConfiguration as? ConnectedConfiguration, let url = URL(string: URLString) else { throw NotConnected() }
        var request = URLRequest(url: url)
        request.httpMethod = method
        for (name, value) in headers { request.setValue(value, forHTTPHeaderField: name) }
        request = JSONDataEncoding().encode(request: request, with: parameters)
        let ready = request, caller = connected.caller
        guard requiresAuthentication else { return try await caller.send(ready) }
        let logins = connected.logins
        return try await logins.with(of: logins.number) { token in try await caller.send(ready.bearing(token)) }
    }
}

final class DecodingKitRequestBuilder<T: Decodable>: KitRequestBuilder<T>, @unchecked Sendable {
    override func decode(_ data: Data) throws -> T { try decoder().decode(T.self, from: data) }
}

struct Cancelling: URLSessionDataTaskProtocol {
    let task: Task<Void, Never>
    func cancel() { task.cancel() }
}
