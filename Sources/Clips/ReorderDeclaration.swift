import Domain

/// How far a stream says that it reorders its pictures: the first pictures of a clip may all be in order and B pictures
/// come later, and then decoding times that suited the first ones leave no room.
enum ReorderDeclaration {
    /// Most pictures that either codec can reorder.
    private static let most = 16

    /// Pictures that may precede one in decoding order and follow it in presentation order, from the sequence parameter
    /// set in an `avcC` or `hvcC` record; nil where it does not say.
    static func depth(codec: VideoCodec, configuration: [UInt8]) -> Int? {
        let depth =
            switch codec {
            case .h264: avcParameterSet(configuration).flatMap { h264($0) }
            case .h265: hvcParameterSet(configuration).flatMap { h265($0) }
            }
        return depth.flatMap { (0...most).contains($0) ? $0 : nil }
    }

    /// ISO/IEC 14496-15 §5.3.3.1.
    private static func avcParameterSet(_ record: [UInt8]) -> ArraySlice<UInt8>? {
        var cursor = ByteCursor(record[...])
        guard cursor.skip(5), let count = cursor.byte(), count & 31 > 0, let size = cursor.word16(), size > 1,
            cursor.rest.count >= size
        else { return nil }
        return cursor.rest.prefix(size).dropFirst()
    }

    /// ISO/IEC 14496-15 §8.3.3.1.
    private static func hvcParameterSet(_ record: [UInt8]) -> ArraySlice<UInt8>? {
        var cursor = ByteCursor(record[...])
        guard cursor.skip(22), let arrays = cursor.byte() else { return nil }
        for _ in 0..<arrays {
            guard let type = cursor.byte(), let count = cursor.word16() else { return nil }
            for _ in 0..<count {
                guard let size = cursor.word16(), cursor.rest.count >= size else { return nil }
                if type & 63 == 33, size > 2 { return cursor.rest.prefix(size).dropFirst(2) }
                guard cursor.skip(size) else { return nil }
            }
        }
        return nil
    }

    /// ITU-T H.264 §7.3.2.1.1 and §E.1.1, up to `max_num_reorder_frames`.
    private static func h264(_ payload: ArraySlice<UInt8>) -> Int? {
        var reader = BitReader(nalPayload: payload)
        guard let profile = reader.bits(8), reader.skip(16) != nil, reader.unsigned() != nil else { return nil }
        if [100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135].contains(profile) {
            guard let chroma = reader.unsigned() else { return nil }
            if chroma == 3, reader.skip(1) == nil { return nil }
            guard reader.skipUnsigned(2) != nil, reader.skip(1) != nil, let hasScaling = reader.flag() else {
                return nil
            }
            for index in 0..<(hasScaling ? (chroma == 3 ? 12 : 8) : 0) {
                guard let present = reader.flag() else { return nil }
                if present, skipScalingList(&reader, size: index < 6 ? 16 : 64) == nil { return nil }
            }
        }
        guard reader.unsigned() != nil, let orderType = reader.unsigned() else { return nil }
        switch orderType {
        case 0:
            guard reader.unsigned() != nil else { return nil }
        case 1:
            guard reader.skip(1) != nil, reader.skipUnsigned(2) != nil, let cycle = reader.unsigned(), cycle < 256,
                reader.skipUnsigned(cycle) != nil
            else { return nil }
        default:
            // Output order is decoding order.
            return 0
        }
        guard reader.skipUnsigned(1) != nil, reader.skip(1) != nil, reader.skipUnsigned(2) != nil,
            let framesOnly = reader.flag(), reader.skip(framesOnly ? 1 : 2) != nil, let isCropped = reader.flag(),
            reader.skipUnsigned(isCropped ? 4 : 0) != nil, reader.flag() == true
        else { return nil }
        return h264Usability(&reader)
    }

    private static func h264Usability(_ reader: inout BitReader) -> Int? {
        guard let hasAspect = reader.flag() else { return nil }
        if hasAspect {
            guard let aspect = reader.bits(8), reader.skip(aspect == 255 ? 32 : 0) != nil else { return nil }
        }
        guard let hasOverscan = reader.flag(), reader.skip(hasOverscan ? 1 : 0) != nil, let hasSignal = reader.flag()
        else { return nil }
        if hasSignal {
            guard reader.skip(4) != nil, let hasColour = reader.flag(), reader.skip(hasColour ? 24 : 0) != nil else {
                return nil
            }
        }
        guard let hasLocation = reader.flag(), reader.skipUnsigned(hasLocation ? 2 : 0) != nil,
            let hasTiming = reader.flag(), reader.skip(hasTiming ? 65 : 0) != nil
        else { return nil }
        var hasBuffering = false
        for _ in 0..<2 {
            guard let present = reader.flag() else { return nil }
            guard present else { continue }
            hasBuffering = true
            guard let count = reader.unsigned(), count < 32, reader.skip(8) != nil else { return nil }
            for _ in 0...count {
                guard reader.skipUnsigned(2) != nil, reader.skip(1) != nil else { return nil }
            }
            guard reader.skip(20) != nil else { return nil }
        }
        guard reader.skip(hasBuffering ? 2 : 1) != nil, reader.flag() == true, reader.skip(1) != nil,
            reader.skipUnsigned(4) != nil
        else { return nil }
        return reader.unsigned()
    }

    private static func skipScalingList(_ reader: inout BitReader, size: Int) -> Void? {
        var (last, next) = (8, 8)
        for _ in 0..<size {
            if next != 0 {
                guard let delta = reader.signed(), abs(delta) <= 256 else { return nil }
                next = (last + delta + 256) % 256
            }
            last = next == 0 ? last : next
        }
        return ()
    }

    /// ITU-T H.265 §7.3.2.2.1, up to `sps_max_num_reorder_pics` of the highest sub-layer.
    private static func h265(_ payload: ArraySlice<UInt8>) -> Int? {
        var reader = BitReader(nalPayload: payload)
        guard reader.skip(4) != nil, let layers = reader.bits(3), reader.skip(1 + 96) != nil else { return nil }
        var skipped = 0
        for _ in 0..<layers {
            guard let hasProfile = reader.flag(), let hasLevel = reader.flag() else { return nil }
            skipped += (hasProfile ? 88 : 0) + (hasLevel ? 8 : 0)
        }
        if layers > 0, reader.skip((8 - layers) * 2) == nil { return nil }
        guard reader.skip(skipped) != nil, reader.unsigned() != nil, let chroma = reader.unsigned(),
            reader.skip(chroma == 3 ? 1 : 0) != nil, reader.skipUnsigned(2) != nil, let isCropped = reader.flag(),
            reader.skipUnsigned(isCropped ? 4 : 0) != nil, reader.skipUnsigned(3) != nil, let forEach = reader.flag()
        else { return nil }
        var depth: Int?
        for _ in (forEach ? 0 : layers)...layers {
            guard reader.unsigned() != nil, let pictures = reader.unsigned(), reader.unsigned() != nil else {
                return nil
            }
            depth = pictures
        }
        return depth
    }
}
