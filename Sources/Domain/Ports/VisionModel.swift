/// What an analyzer is asked.
package struct JudgeRequest: Sendable {
    package struct Picture: Sendable {
        /// The JPEG file's bytes.
        package var jpeg: [UInt8]
        /// Seconds from the clip's first picture.
        package var atSeconds: Double
        /// The moving region at that instant.
        package var box: Box?
        /// For people who are shown what would be sent: `evidence 1, 768 x 432`.
        package var name: String

        package init(jpeg: [UInt8], atSeconds: Double, box: Box?, name: String = "picture") {
            self.jpeg = jpeg
            self.atSeconds = atSeconds
            self.box = box
            self.name = name
        }
    }

    /// What the place looks like when all is normal; no part of the event.
    package struct Reference: Sendable {
        /// The JPEG file's bytes.
        package var jpeg: [UInt8]
        /// In the owner's words.
        package var caption: String
        /// As a picture's.
        package var name: String

        package init(jpeg: [UInt8], caption: String, name: String = "example") {
            self.jpeg = jpeg
            self.caption = caption
            self.name = name
        }
    }
    package var cameraName: String
    package var triggeredAt: WallTime
    package var definition: DefinitionVersion
    /// At least one, in time order.
    package var pictures: [Picture]
    package var references: [Reference]
    /// Of the camera: what lies outside is none of the event's.
    package var zones: [Zone]
    /// Asked before each request to a server; nil: no budgets.
    package var gate: (any RequestGate)?

    package init(
        cameraName: String, triggeredAt: WallTime, definition: DefinitionVersion, pictures: [Picture],
        references: [Reference] = [], zones: [Zone] = [], gate: (any RequestGate)? = nil
    ) {
        self.cameraName = cameraName
        self.triggeredAt = triggeredAt
        self.definition = definition
        self.pictures = pictures
        self.references = references
        self.zones = zones
        self.gate = gate
    }
}

/// Why there is no judgement; classed once, here. `detail` holds no secret and no prompt.
package struct JudgeError: Error, Sendable, Hashable {
    package enum Outcome: Sendable, Hashable {
        /// Try again, not before `afterSeconds` where the server said so.
        case retry(afterSeconds: Double?)
        /// Nothing was asked, because a budget or a breaker forbids it for now: not a failed attempt.
        case postpone(seconds: Double)
        /// Asking again cannot help.
        case discard
    }
    package var outcome: Outcome
    package var detail: String

    package init(_ outcome: Outcome, _ detail: String) {
        self.outcome = outcome
        self.detail = detail
    }
}

/// A model that judges events.
package protocol VisionModel: Sendable {
    /// Judges one event. An answer that is not usable after one repair attempt is a judgement of state `uncertain`, not
    /// an error. Cancellation ends it within a second.
    func judge(_ request: JudgeRequest) async throws(JudgeError) -> Judgement
    /// What it would send; nil where there is no prompt.
    func preview(_ request: JudgeRequest) -> PromptPreview?
}

extension VisionModel {
    package func preview(_ request: JudgeRequest) -> PromptPreview? { nil }
}
