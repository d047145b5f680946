/// What OpenCV said when it could not decode, load or run.
package struct ObjectDetectorError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What was tried, on which thing.
    package var action: String
    /// OpenCV's words.
    package var message: String

    package init(action: String, message: String) {
        self.action = action
        self.message = message
    }

    package var description: String { "\(action): \(message)" }
}

/// Calls `body` with a buffer for a C++ exception's text; `nil` from `body` throws it.
func reporting<Result>(
    _ action: String, _ body: (UnsafeMutablePointer<CChar>, Int) -> Result?
) throws(ObjectDetectorError) -> Result {
    var message = ""
    let result = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 512) { buffer -> Result? in
        guard let address = buffer.baseAddress else { return nil }
        buffer.initialize(repeating: 0)
        let result = body(address, buffer.count)
        if result == nil { message = String(cString: address) }
        return result
    }
    guard let result else {
        throw ObjectDetectorError(action: action, message: message.isEmpty ? "failed without a message" : message)
    }
    return result
}
