import Crypto
import Domain
import Foundation
import HTTPTypes
import Hummingbird

/// A POST with an `Idempotency-Key` is done once: who repeats it within a day gets the first answer again.
///
/// Answers that hold a secret (`no-store`) are not kept, so making an API key is not covered.
struct IdempotencyMiddleware: RouterMiddleware {
    typealias Context = VedetteContext
    let store: any AccessStore
    private static let mostBytes = 64 << 10

    func handle(
        _ request: Request, context: VedetteContext,
        next: @concurrent (Request, VedetteContext) async throws -> Response
    ) async throws -> Response {
        guard request.method == .post, let key = request.headers[.idempotencyKey], let principal = context.principal,
            context.endpointPath.map({ !$0.contains("/v1/api-keys") && !$0.contains("/v1/me") }) ?? false
        else { return try await next(request, context) }
        guard (1...200).contains(key.utf8.count) else {
            throw Problem(
                .validation, "a header is not valid",
                errors: [.init(field: "Idempotency-Key", message: "must have 1 to 200 characters")])
        }
        var request = request
        let body = try await FieldReader.body(of: request, maximumBytes: Self.mostBytes)
        request.body = .init(buffer: body)
        var hash = SHA256()
        hash.update(data: Data("\(request.method.rawValue) \(request.uri.description)\n".utf8))
        hash.update(data: Data(body.readableBytesView))
        let actor =
            switch principal.actor {
            case .user(let id): "user \(id)"
            case .key(let id): "key \(id)"
            }
        let mark = IdempotentRequest(
            organization: principal.organization, actor: actor, key: key, fingerprint: Array(hash.finalize()))
        switch try await store.begin(mark) {
        case nil: break
        case .different:
            throw Problem(
                .validation, "a header is not valid",
                errors: [.init(field: "Idempotency-Key", message: "was used with another request")])
        case .underWay: throw Problem(.conflict, "the first request with this Idempotency-Key is still under way")
        case .answered(let answer): return Self.replay(answer)
        }
        do {
            let response = try await next(request, context)
            return try await keep(response, mark)
        } catch {
            try? await store.abandon(mark)
            throw error
        }
    }

    private func keep(_ response: Response, _ mark: IdempotentRequest) async throws -> Response {
        guard response.status.code < 300, response.headers[.cacheControl] != "no-store" else {
            try await store.abandon(mark)
            return response
        }
        var response = response
        let collector = BodyCollector()
        try await response.body.write(collector)
        let body = await collector.bytes.take()
        response.body = .init(byteBuffer: ByteBuffer(bytes: body))
        try await store.finish(
            mark,
            answer: IdempotentRequest.Answer(
                status: response.status.code, contentType: response.headers[.contentType] ?? "",
                location: response.headers[.location] ?? "", entityTag: response.headers[.eTag] ?? "",
                body: String(decoding: body, as: UTF8.self)))
        return response
    }

    private static func replay(_ answer: IdempotentRequest.Answer) -> Response {
        var headers: HTTPFields = [.idempotencyReplayed: "true"]
        if !answer.contentType.isEmpty { headers[.contentType] = answer.contentType }
        if !answer.location.isEmpty { headers[.location] = answer.location }
        if !answer.entityTag.isEmpty { headers[.eTag] = answer.entityTag }
        return Response(
            status: .init(code: answer.status), headers: headers,
            body: .init(byteBuffer: ByteBuffer(string: answer.body)))
    }
}

/// Takes the body of an answer into memory; answers of this surface that create something are small.
private struct BodyCollector: ResponseBodyWriter {
    actor Bytes {
        private var bytes: [UInt8] = []
        func add(_ buffer: ByteBuffer) { bytes += buffer.readableBytesView }
        func take() -> [UInt8] { bytes }
    }
    let bytes = Bytes()

    func write(_ buffer: ByteBuffer) async throws { await bytes.add(buffer) }
    func finish(_ trailingHeaders: HTTPFields?) async throws {}
}
