import Domain
import Dispatch

extension DurableFile {
    private static let queue = DispatchQueue(label: "vedette.clips.files", attributes: .concurrent)

    /// Runs blocking file work off the shared pool.
    package static func run<Value: Sendable>(
        _ work: @escaping @Sendable () throws(ClipError) -> Value
    ) async throws(ClipError) -> Value {
        let result: Result<Value, ClipError> = await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: Result { () throws(ClipError) in try work() }) }
        }
        return try result.get()
    }
}
