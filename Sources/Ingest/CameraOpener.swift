import Domain

/// Opens cameras of every kind: of the network (RTSP), and of this machine (V4L2).
package struct CameraOpener: SourceOpener {
    private let network: RTSPOpener
    private let hardware: any CaptureHardware
    private let clock: any WallClock
    private let encoders: EncoderChoice

    /// `encoders` are for cameras whose pictures no clip can hold as they come.
    package init(clock: any WallClock, encoders: EncoderChoice = .software) {
        self.init(clock: clock, encoders: encoders, hardware: InstalledCaptures())
    }

    init(clock: any WallClock, encoders: EncoderChoice, hardware: any CaptureHardware) {
        network = RTSPOpener(clock: clock, encoders: encoders)
        self.hardware = hardware
        self.clock = clock
        self.encoders = encoders
    }

    package func open(
        _ location: SourceLocation, wake: @escaping @Sendable () -> Void
    ) throws(SourceError) -> any MediaSource {
        guard DeviceAddress.isMeant(by: location.url) else { return try network.open(location, wake: wake) }
        return try DeviceSource(location, hardware: hardware, clock: clock, encoders: encoders, wake: wake)
    }
}
