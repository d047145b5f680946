/// Sends HTTP requests, many at once, on one thread of its own; connections are kept and shared.
///
/// Safe to use from anywhere. When the last reference goes, the engine's thread ends.
package final class HTTPClient: Sendable {
    private let engine: Engine

    /// Starts the engine's thread.
    package init() throws(HTTPError) { engine = try Engine() }

    deinit { engine.stop() }

    /// Sends one request and returns its whole response, of any status. Cancelling the task ends the transfer at once
    /// with the code `cancelled`.
    package func send(_ request: HTTPRequest) async throws(HTTPError) -> HTTPResponse {
        let canceller = Canceller()
        let result: Result<HTTPResponse, HTTPError> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let transfer = Transfer(request, continuation)
                // In this order: a cancellation from here on marks the transfer, and `submit` makes the engine look.
                canceller.attach(transfer)
                engine.submit(transfer)
            }
        } onCancel: {
            if canceller.cancel() { engine.wakeUp() }
        }
        return try result.get()
    }
}
