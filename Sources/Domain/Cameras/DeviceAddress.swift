/// The address of a camera of this machine, taken apart: `v4l2:///dev/video0?format=mjpeg&width=1280&height=720&rate=15`.
/// What the query leaves open is chosen from what the device offers. Holds no secret.
package struct DeviceAddress: Sendable, Hashable {
    /// Why an address cannot be used, as the end of a sentence about it.
    package struct Problem: Error, Sendable, Hashable {
        package var text: String
    }

    package static let scheme = "v4l2://"

    /// The device's file: `/dev/video0`, `/dev/v4l/by-id/…`.
    package var path: String
    package var format: SourceCodec?
    package var widthPixels: Int?
    package var heightPixels: Int?
    /// Pictures a second.
    package var rate: Double?

    /// True for an address of this kind, whether or not the rest of it is right.
    package static func isMeant(by url: String) -> Bool { url.lowercased().hasPrefix("v4l2:") }

    package init(_ url: String) throws(Problem) {
        guard url.lowercased().hasPrefix(Self.scheme + "/") else {
            throw Problem(text: "names no device; write v4l2:///dev/video0")
        }
        let parts = url.dropFirst(Self.scheme.count).split(separator: "?", maxSplits: 1)
        path = String(parts[0])
        // Nothing but cameras: the address comes over the network, and the file is opened as the service's user.
        let name = path.dropFirst("/dev/video".count)
        let isNode = path.hasPrefix("/dev/video") && !name.isEmpty && name.utf8.allSatisfy { (48...57).contains($0) }
        guard url.utf8.count <= 512, isNode || path.hasPrefix("/dev/v4l/"), !path.contains("/.."),
            path.utf8.allSatisfy({ $0 > 32 && $0 < 127 })
        else { throw Problem(text: "must name a device of the kind /dev/video0 or /dev/v4l/by-id/…") }
        for setting in parts.count > 1 ? parts[1].split(separator: "&") : [] {
            let pair = setting.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            try take(String(pair[0]), pair.count > 1 ? String(pair[1]) : "")
        }
        guard (widthPixels == nil) == (heightPixels == nil) else {
            throw Problem(text: "needs both of `width` and `height`, or neither")
        }
    }

    private mutating func take(_ key: String, _ value: String) throws(Problem) {
        func number<Value: Comparable>(_ parsed: Value?, _ range: ClosedRange<Value>) throws(Problem) -> Value {
            guard let parsed, range.contains(parsed) else {
                throw Problem(text: "has a `\(key)` that is no number from \(range.lowerBound) to \(range.upperBound)")
            }
            return parsed
        }
        switch key {
        case "format":
            guard let codec = SourceCodec(rawValue: value) else {
                let words = SourceCodec.allCases.map(\.rawValue).joined(separator: ", ")
                throw Problem(text: "has a `format` that is none of \(words)")
            }
            format = codec
        case "width": widthPixels = try number(Int(value), 16...16384)
        case "height": heightPixels = try number(Int(value), 16...16384)
        case "rate": rate = try number(Double(value), 0.1...1000)
        default: throw Problem(text: "has a setting that is none of format, width, height and rate")
        }
    }
}
