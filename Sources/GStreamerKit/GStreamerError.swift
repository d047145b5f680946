/// What went wrong inside GStreamer, on which element; carries no credentials.
package struct GStreamerError: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Code: Sendable, Hashable {
        /// The library does not start.
        case initialization
        /// A pipeline description is wrong, or names an element whose plugin is not installed.
        case description
        /// The pipeline has no element of that name, or it is of another kind.
        case element
        /// The element has no such property, or the value does not fit.
        case property
        /// Elements or pads do not connect.
        case link
        /// An element refuses a state.
        case state
        /// Used after `close()`.
        case closed
        /// An element refuses data.
        case flow
        /// A buffer cannot be made, mapped or understood.
        case buffer
    }
    package var code: Code
    package var detail: String

    package init(_ code: Code, _ detail: String) {
        self.code = code
        self.detail = Redaction.withoutCredentials(detail)
    }

    package var description: String { detail }
}
