internal import CGStreamer
internal import CGStreamerShims
import Glibc

/// A camera of this machine (V4L2) and what it offers.
package struct CaptureDevice: Sendable, Hashable {
    /// Pictures a second, as a fraction.
    package struct Rate: Sendable, Hashable {
        package var numerator: Int
        package var denominator: Int
        package var perSecond: Double { Double(numerator) / Double(denominator) }

        package init(_ numerator: Int, _ denominator: Int = 1) {
            self.numerator = numerator
            self.denominator = max(1, denominator)
        }
    }
    /// One format in one size.
    package struct Mode: Sendable, Hashable {
        /// V4L2's four letters ("MJPG", "YUYV").
        package var fourCC: String
        package var widthPixels: Int
        package var heightPixels: Int
        /// Empty where the driver does not tell.
        package var rates: [Rate]

        package init(fourCC: String, widthPixels: Int, heightPixels: Int, rates: [Rate]) {
            self.fourCC = fourCC
            self.widthPixels = widthPixels
            self.heightPixels = heightPixels
            self.rates = rates
        }
    }

    /// The file ("/dev/video0").
    package var path: String
    package var name: String
    package var driver: String
    /// Where it is connected ("usb-0000:00:14.0-1").
    package var bus: String
    package var modes: [Mode]

    package init(path: String, name: String, driver: String = "", bus: String = "", modes: [Mode]) {
        self.path = path
        self.name = name
        self.driver = driver
        self.bus = bus
        self.modes = modes
    }

    /// Why a device cannot be looked at: an `errno`. `ENOTTY` means that it is something else than a camera.
    package struct Failure: Error, Sendable, Hashable {
        package var code: Int32
        /// The system's words for it.
        package var text: String { String(cString: strerror(code)) }

        package init(code: Int32) { self.code = code }
    }

    /// Asks the device; takes milliseconds, and works while another program uses it.
    package init(path: String) throws(Failure) {
        final class Modes { var all: [Mode] = [] }
        let modes = Modes()
        var info = cgst_capture_info()
        let code = cgst_capture_look(
            path, &info,
            { format, width, height, numerator, denominator, context in
                let modes = Unmanaged<Modes>.fromOpaque(context).takeUnretainedValue()
                let letters = (0..<4).map { UInt8(truncatingIfNeeded: format >> (8 * $0)) }
                let fourCC = String(decoding: letters, as: UTF8.self)
                let rate = numerator > 0 ? [Rate(Int(numerator), Int(denominator))] : []
                if let last = modes.all.last, last.fourCC == fourCC, last.widthPixels == Int(width),
                    last.heightPixels == Int(height)
                {
                    modes.all[modes.all.count - 1].rates += rate
                } else {
                    modes.all.append(
                        Mode(fourCC: fourCC, widthPixels: Int(width), heightPixels: Int(height), rates: rate))
                }
            }, Unmanaged.passUnretained(modes).toOpaque())
        guard code == 0 else { throw Failure(code: code) }
        self.init(
            path: path, name: Self.text(&info.name), driver: Self.text(&info.driver), bus: Self.text(&info.bus),
            modes: modes.all)
    }

    /// A C array of characters that ends with a zero.
    private static func text<Characters>(_ characters: inout Characters) -> String {
        withUnsafeBytes(of: &characters) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
}
