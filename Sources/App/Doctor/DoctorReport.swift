import Foundation

/// What `vedette doctor` found, as text and as JSON.
struct DoctorReport: Encodable, Sendable {
    enum State: String, Encodable, Sendable {
        case ok, warning, failed
    }
    struct Check: Encodable, Sendable {
        var name: String
        var state: State
        var detail: String
        /// What to do about it.
        var remedy: String?
    }
    struct PassedOver: Encodable, Sendable {
        var decoder: String
        var reason: String
    }
    struct Decoding: Encodable, Sendable {
        var codec: String
        /// The element that will be used; nil: none.
        var decoder: String?
        var passedOver: [PassedOver]
    }

    struct Encoding: Encodable, Sendable {
        struct PassedOver: Encodable, Sendable {
            var encoder: String
            var reason: String
        }
        /// The element that will be used where a camera's pictures have to be encoded; nil: none.
        var encoder: String?
        var passedOver: [PassedOver]
    }
    struct Device: Encodable, Sendable {
        var path: String
        var name: String
        var modes: [String]
    }

    var version: String
    /// True when nothing has failed; warnings do not count.
    var healthy: Bool { !checks.contains { $0.state == .failed } }
    var checks: [Check] = []
    var decoding: [Decoding] = []
    var encoding = Encoding(encoder: nil, passedOver: [])
    /// Cameras of this machine.
    var devices: [Device] = []

    private enum CodingKeys: String, CodingKey { case version, healthy, checks, decoding, encoding, devices }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(version, forKey: .version)
        try container.encode(healthy, forKey: .healthy)
        try container.encode(checks, forKey: .checks)
        try container.encode(decoding, forKey: .decoding)
        try container.encode(encoding, forKey: .encoding)
        try container.encode(devices, forKey: .devices)
    }

    /// One JSON object with sorted keys in snake case.
    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }

    var text: String {
        var lines = ["Vedette \(version)", ""]
        for check in checks {
            lines.append("\(Self.mark(check.state)) \(check.name): \(check.detail)")
            if let remedy = check.remedy { lines.append("          \(remedy)") }
        }
        for codec in decoding {
            lines += ["", "\(codec.codec): \(codec.decoder ?? "no decoder")"]
            lines += codec.passedOver.map { "          not \($0.decoder): \($0.reason)" }
        }
        lines += ["", "encoding: \(encoding.encoder ?? "no encoder")"]
        lines += encoding.passedOver.map { "          not \($0.encoder): \($0.reason)" }
        lines += ["", devices.isEmpty ? "devices: no camera that this user may open" : "devices:"]
        for device in devices {
            lines.append("          \(device.path)  \(device.name)")
            lines += device.modes.map { "              \($0)" }
        }
        lines += ["", healthy ? "Nothing is broken." : "Something is broken; see the lines marked FAILED."]
        return lines.joined(separator: "\n")
    }

    private static func mark(_ state: State) -> String {
        switch state {
        case .ok: "ok       "
        case .warning: "warning  "
        case .failed: "FAILED   "
        }
    }
}
