/// When which camera of a simulated site misbehaves, and how. Times in seconds from when the site began to listen.
package struct FaultScript: Sendable, Hashable {
    package struct Entry: Sendable, Hashable {
        package var atSeconds: Double
        /// Nil for all cameras.
        package var camera: String?
        package var fault: Misbehaviour
        /// Nil until the site stops. Unused by what happens once.
        package var forSeconds: Double?
        /// Begins again each time so long after it began; nil for once.
        package var everySeconds: Double?

        package init(
            atSeconds: Double, camera: String? = nil, fault: Misbehaviour, forSeconds: Double? = nil,
            everySeconds: Double? = nil
        ) {
            self.atSeconds = atSeconds
            self.camera = camera
            self.fault = fault
            self.forSeconds = forSeconds
            self.everySeconds = everySeconds
        }
    }

    package var entries: [Entry]
    /// Makes every camera misbehave at random besides, the same way for the same number.
    package var randomSeed: UInt64?

    package init(entries: [Entry] = [], randomSeed: UInt64? = nil) {
        self.entries = entries
        self.randomSeed = randomSeed
    }

    /// Throws what these streams cannot do.
    func check(_ streams: [SimulatedSite.Stream]) throws(SimulatorError) {
        for entry in entries {
            if let camera = entry.camera, !streams.contains(where: { $0.name == camera }) {
                let names = streams.map(\.name).joined(separator: ", ")
                throw SimulatorError(
                    .configuration, "the script names a camera \(camera); this site has \(names)")
            }
            guard entry.fault.name.needsScene else { continue }
            for stream in streams where entry.camera == nil || entry.camera == stream.name {
                if case .file = stream.source {
                    throw SimulatorError(
                        .configuration,
                        "camera \(stream.name) plays a file and cannot change its \(entry.fault.name.rawValue); "
                            + "only generated scenes can")
                }
            }
        }
    }
}
