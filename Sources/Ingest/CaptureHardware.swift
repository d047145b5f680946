import FoundationEssentials
import GStreamerKit
import Pipelines

/// The cameras of the machine itself. Real: `InstalledCaptures`.
protocol CaptureHardware: Sendable {
    /// The files of all devices that may be cameras, in order.
    func paths() -> [String]
    /// What a device is and offers.
    func look(at path: String) throws(CaptureDevice.Failure) -> CaptureDevice
    /// The beginning of the pipeline, up to a free pad that gives what the caps of its element "format" say.
    func description() throws(PipelineTemplateError) -> String
    /// Sets the beginning up for a device.
    func prepare(_ pipeline: Pipeline, for path: String) throws(GStreamerError)
}

/// The cameras that the kernel knows.
struct InstalledCaptures: CaptureHardware {
    func paths() -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/dev")) ?? []
        return names.compactMap { name in name.hasPrefix("video") ? Int(name.dropFirst(5)) : nil }
            .sorted().map { "/dev/video\($0)" }
    }

    func look(at path: String) throws(CaptureDevice.Failure) -> CaptureDevice { try CaptureDevice(path: path) }

    func description() throws(PipelineTemplateError) -> String { try PipelineTemplate.v4l2.filled() }

    func prepare(_ pipeline: Pipeline, for path: String) throws(GStreamerError) {
        try pipeline.set("device", of: "device", to: .text(path))
    }
}

extension CaptureHardware {
    /// All devices that are cameras and can be looked at.
    func devices() -> [CaptureDevice] {
        paths().compactMap { path in
            do throws(CaptureDevice.Failure) { return try look(at: path) } catch { return nil }
        }
    }
}

/// A camera of this machine, for people.
package struct CaptureListing: Sendable, Hashable {
    package var path: String
    package var name: String
    /// "mjpeg 1920x1080 at 30, 15", best known formats first.
    package var modes: [String]

    init(_ device: CaptureDevice) {
        path = device.path
        name = device.name
        modes = device.modes.map { mode in
            let known = CaptureFormat(fourCC: mode.fourCC).map { $0.codec.rawValue }
            let rates = mode.rates.map { rate in
                let value = (rate.perSecond * 100).rounded() / 100
                return value == value.rounded() ? "\(Int(value))" : "\(value)"
            }
            return "\(known.map { $0 == "raw" ? "raw (\(mode.fourCC))" : $0 } ?? "\(mode.fourCC) (not used)") "
                + "\(mode.widthPixels)x\(mode.heightPixels)"
                + (rates.isEmpty ? "" : " at \(rates.joined(separator: ", "))")
        }
    }

    /// All cameras of this machine that this user may look at.
    package static func all() -> [CaptureListing] { InstalledCaptures().devices().map(Self.init) }
}
