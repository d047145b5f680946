import Domain
import GStreamerKit

/// A device's format as we can read it.
struct CaptureFormat: Sendable, Hashable {
    var codec: SourceCodec
    /// The beginning of GStreamer's caps for it.
    var caps: String

    /// From V4L2's four letters; nil for what is not read.
    init?(fourCC: String) {
        switch fourCC {
        case "H264": (codec, caps) = (.h264, "video/x-h264")
        case "HEVC": (codec, caps) = (.h265, "video/x-h265")
        case "MJPG", "JPEG": (codec, caps) = (.mjpeg, "image/jpeg")
        default:
            guard let format = Self.raw[fourCC] else { return nil }
            (codec, caps) = (.raw, "video/x-raw,format=\(format)")
        }
    }

    /// GStreamer's names of raw formats.
    private static let raw = [
        "YUYV": "YUY2", "UYVY": "UYVY", "YVYU": "YVYU", "NV12": "NV12", "NV21": "NV21", "YU12": "I420", "YV12": "YV12",
        "422P": "Y42B", "GREY": "GRAY8", "RGB3": "RGB", "BGR3": "BGR",
    ]
}

/// How a device is to be read: what its address asks for, and for the rest what suits a recorder best. A value.
struct CaptureChoice: Sendable, Hashable {
    var codec: SourceCodec
    var widthPixels: Int
    var heightPixels: Int
    /// Nil where the driver does not tell its rates.
    var rate: CaptureDevice.Rate?
    /// For GStreamer.
    var caps: String

    /// Without a wish: as a recorder's camera, and no larger than this.
    static let usualRate = 15.0
    static let usualPixels = 1920 * 1080
    /// A size that comes slower than this is not taken unless it is asked for.
    static let slowestRate = 10.0

    private static let order: [SourceCodec] = [.h264, .h265, .mjpeg, .raw]

    /// Chooses the size, then the format that costs least, then the nearest rate. Throws what the device offers instead.
    init(_ device: CaptureDevice, _ address: DeviceAddress) throws(SourceError) {
        let all = device.modes.compactMap { mode in CaptureFormat(fourCC: mode.fourCC).map { (mode, $0) } }
        let wanted = all.filter { mode, format in
            (address.format == nil || address.format == format.codec)
                && (address.widthPixels == nil
                    || address.widthPixels == mode.widthPixels && address.heightPixels == mode.heightPixels)
        }
        guard !wanted.isEmpty else {
            let offers = CaptureListing(device).modes.prefix(16).joined(separator: "; ")
            throw SourceError(
                .unsupported,
                "\(device.path) (\(device.name)) does not give pictures of that format and size. It offers: "
                    + "\(offers.isEmpty ? "nothing that can be recorded" : offers).")
        }
        func pixels(_ mode: CaptureDevice.Mode) -> Int { mode.widthPixels * mode.heightPixels }
        let fast = wanted.filter { mode, _ in
            pixels(mode) <= Self.usualPixels
                && (mode.rates.isEmpty || mode.rates.contains { $0.perSecond >= Self.slowestRate })
        }
        let size = fast.map { pixels($0.0) }.max() ?? wanted.map { pixels($0.0) }.min()
        let rateWish = address.rate ?? Self.usualRate
        func distance(_ rate: CaptureDevice.Rate) -> Double {
            // Too slow loses something, too fast only costs.
            let more = rate.perSecond - rateWish
            return more < 0 ? -3 * more : more
        }
        func rank(_ candidate: (CaptureDevice.Mode, CaptureFormat)) -> (Int, Double) {
            (
                Self.order.firstIndex(of: candidate.1.codec) ?? Self.order.count,
                candidate.0.rates.map(distance).min() ?? 0
            )
        }
        guard let (mode, format) = wanted.filter({ pixels($0.0) == size }).min(by: { rank($0) < rank($1) }) else {
            throw SourceError(.unsupported, "\(device.path) offers nothing that can be recorded.")
        }
        codec = format.codec
        widthPixels = mode.widthPixels
        heightPixels = mode.heightPixels
        rate = mode.rates.min { distance($0) < distance($1) }
        caps =
            "\(format.caps),width=\(widthPixels),height=\(heightPixels)"
            + (rate.map { ",framerate=\($0.numerator)/\($0.denominator)" } ?? "")
    }
}
