/// What OpenCV refused, in its own words.
package struct OpenCVError: Error, Sendable, Hashable, CustomStringConvertible {
    package var description: String

    package init(_ description: String) { self.description = description }

    /// Runs a shim that writes its complaint into the buffer it is given; nil or a negative result means it did.
    static func collecting<Result>(
        _ operation: String, _ body: (UnsafeMutablePointer<CChar>, Int) -> Result?
    ) throws(OpenCVError) -> Result {
        let (result, message) = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 512) {
            buffer -> (Result?, String) in
            guard let start = buffer.baseAddress else { return (nil, "no memory") }
            buffer.initialize(repeating: 0)
            let result = body(start, buffer.count)
            return (result, result == nil ? String(cString: start) : "")
        }
        guard let result else { throw OpenCVError("\(operation): \(message)") }
        return result
    }
}
