/// Why a simulated site, or one of its streams, cannot be made. Carries no credentials.
package struct SimulatorError: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Code: Sendable, Hashable {
        /// A name, a fraction or a combination that makes no sense.
        case configuration
        /// The file is not there, is not a video we can serve, or is too large.
        case file
        /// A generated scene could not be encoded.
        case encoding
        /// The address or port cannot be listened on.
        case listening
        /// There is no stream of that name.
        case unknownStream
    }
    package var code: Code
    package var description: String

    package init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }
}
