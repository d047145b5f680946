import Domain

/// What was found out about one kind of decoder on this machine.
package struct DecoderFinding: Sendable, Hashable {
    package enum Outcome: Sendable, Hashable {
        /// Decoded the trial stream, or was not tried because it needs no device.
        case usable
        /// The setting `decoder` asks for others.
        case notWanted
        case noPlugin
        case noDevice
        /// Plugin and device are there, but the plugin offers no such element: no driver, or hardware without the codec.
        case notOffered
        /// Opened or not, it did not decode the trial stream; says why.
        case failed(String)
    }

    package var codec: VideoCodec
    package var kind: DecoderKind
    package var outcome: Outcome

    /// Why it is not used and what would help, as a sentence; nil where it is usable.
    package var reason: String? {
        let family = kind.family
        let folder = family.devices.map { "\($0.folder)/\($0.prefix)*" } ?? ""
        return switch outcome {
        case .usable: nil
        case .notWanted: "The setting `decoder` asks for others."
        case .noPlugin:
            "GStreamer's plugin \(family.plugin) is not installed, or blocked: install \(family.package)."
        case .noDevice: "There is no \(folder) that this user may open."
        case .notOffered:
            "The plugin does not offer it here: it needs \(family.driver) and hardware for the codec."
        case .failed(let reason): "It does not decode: \(reason)"
        }
    }
}

/// What the survey asks about the machine. Real: `InstalledDecoders`.
protocol DecoderMachine: Sendable {
    func hasPlugin(_ name: String) -> Bool
    func hasElement(_ name: String) -> Bool
    /// True when a device of the family is there and this user may open it, or the family needs none.
    func hasDevice(for family: DecoderFamily) -> Bool
    /// Decodes the trial stream. Nil when that went well, otherwise why not. Takes a bounded time.
    func tryOut(_ kind: DecoderKind, for codec: VideoCodec) async -> String?
}

/// Which decoders this machine has, from one survey; a value.
package struct DecoderCatalogue: Sendable, Hashable {
    /// By codec, best first.
    package let findings: [DecoderFinding]

    /// Software decoders, untried: for measurements that are to be the same everywhere.
    package static var software: Self {
        let machine = InstalledDecoders()
        return Self(
            findings: VideoCodec.allCases.flatMap { codec in
                DecoderKind.allowed(for: codec).map { kind in
                    let outcome: DecoderFinding.Outcome =
                        kind.family != .software
                        ? .notWanted : machine.hasElement(kind.element) ? .usable : .noPlugin
                    return DecoderFinding(codec: codec, kind: kind, outcome: outcome)
                }
            })
    }

    /// Asks the machine, and tries every wanted decoder that is there on a small real stream. Takes milliseconds for
    /// software, up to some seconds for hardware.
    package static func survey(_ preference: DecoderPreference) async -> Self {
        await survey(preference, of: InstalledDecoders())
    }

    static func survey(_ preference: DecoderPreference, of machine: any DecoderMachine) async -> Self {
        var findings: [DecoderFinding] = []
        for codec in VideoCodec.allCases {
            for kind in DecoderKind.allowed(for: codec) {
                let outcome = await judge(kind, for: codec, preference, machine)
                findings.append(DecoderFinding(codec: codec, kind: kind, outcome: outcome))
            }
        }
        return Self(findings: findings)
    }

    private static func judge(
        _ kind: DecoderKind, for codec: VideoCodec, _ preference: DecoderPreference, _ machine: any DecoderMachine
    ) async -> DecoderFinding.Outcome {
        guard kind.family == .software || preference == .auto || preference.rawValue == kind.family.rawValue else {
            return .notWanted
        }
        guard machine.hasPlugin(kind.family.plugin) else { return .noPlugin }
        guard machine.hasDevice(for: kind.family) else { return .noDevice }
        guard machine.hasElement(kind.element) else { return .notOffered }
        if let reason = await machine.tryOut(kind, for: codec) { return .failed(reason) }
        return .usable
    }

    /// Decoders that may be used for a codec, best first.
    package func usable(for codec: VideoCodec) -> [DecoderKind] {
        findings.filter { $0.codec == codec && $0.outcome == .usable }.map(\.kind)
    }

    /// Why there is no decoder for a codec.
    func absence(of codec: VideoCodec) -> SourceError {
        let reasons = findings.filter { $0.codec == codec && $0.outcome != .notWanted }
            .compactMap { finding in finding.reason.map { "\(finding.kind.element): \($0)" } }
        return SourceError(
            .internalFailure,
            "There is no decoder for \(codec.rawValue). \(reasons.joined(separator: " ")) `vedette doctor` shows more.")
    }
}
