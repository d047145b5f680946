import Domain

/// Codecs as RFC 6381 and ISO/IEC 14496-15 Annex E name them, for `MediaSource.isTypeSupported` of a browser.
enum CodecText {
    /// From an `avcC` or `hvcC` record; nil where it is cut.
    static func video(_ codec: VideoCodec, configuration: [UInt8]) -> String? {
        switch codec {
        case .h264:
            guard configuration.count > 3 else { return nil }
            return "avc1." + configuration[1...3].map { hexadecimal($0, digits: 2) }.joined()
        case .h265:
            guard configuration.count > 12 else { return nil }
            let profile = configuration[1]
            let space = ["", "A", "B", "C"][Int(profile >> 6)]
            let compatible = configuration[2...5].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            // The flags count from the other end here.
            let reversed = (0..<32).reduce(UInt32(0)) { $0 << 1 | (compatible >> UInt32($1)) & 1 }
            let tier = profile & 0x20 == 0 ? "L" : "H"
            var constraints = Array(configuration[6...11])
            while constraints.last == 0 { constraints.removeLast() }
            let general = ["hvc1", "\(space)\(profile & 0x1f)", hexadecimal(reversed), "\(tier)\(configuration[12])"]
            return (general + constraints.map { hexadecimal($0) }).joined(separator: ".")
        }
    }

    /// From an AudioSpecificConfig (ISO/IEC 14496-3 §1.6.2.1).
    static func aac(configuration: [UInt8]) -> String? {
        var reader = BitReader(bytes: configuration)
        guard var type = reader.bits(5) else { return nil }
        if type == 31 {
            guard let more = reader.bits(6) else { return nil }
            type = 32 + more
        }
        return "mp4a.40.\(type)"
    }

    private static func hexadecimal(_ value: some BinaryInteger, digits: Int = 1) -> String {
        let text = String(value, radix: 16, uppercase: true)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }
}
