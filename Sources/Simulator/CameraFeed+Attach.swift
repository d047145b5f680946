import Synchronization

extension CameraFeed {
    /// Connects a media that the server has just made: on a client's thread, which waits here while a scene is still
    /// being made. `wake` asks for a tick.
    func attach(
        to media: borrowing NewMedia, misbehaves: Bool = false, wake: @escaping @Sendable () -> Void
    ) throws(SimulatorError) {
        let program: Program
        do throws(SimulatorError) {
            program = try supply.wait()
        } catch {
            // Ends what would otherwise wait for a first unit for ever.
            media.source("track0")?.end()
            throw error
        }
        var sources: [MediaSource] = []
        for (number, track) in program.tracks.enumerated() {
            guard let source = media.source("track\(number)"), source.set(caps: track.caps) else {
                throw SimulatorError(.encoding, "stream \(name): track \(number) does not fit (\(track.caps))")
            }
            sources.append(source)
        }
        media.sendAtOnce()
        if parameterSets == .inBand {
            for number in program.tracks.indices { media.hideParameterSets(of: "pay\(number)") }
        }
        if misbehaves {
            for (number, track) in program.tracks.enumerated() { damagePackets(of: media, number, track) }
        }
        let number = add(sources, program: program)
        for (track, source) in sources.enumerated() {
            source.onNeed { [weak self] in self?.need(number, track: track, program: program) }
        }
        media.onState { [weak self] state in
            switch state {
            case .playing: self?.play(number, true)
            case .paused: self?.play(number, false)
            case .gone: self?.remove(number)
            }
            wake()
        }
    }

    /// Lets the packets of a track be lost, late and at wrong times while the camera's faults say so.
    private func damagePackets(of media: borrowing NewMedia, _ number: Int, _ track: EncodedTrack) {
        let rate = track.caps.firstMatch(of: /rate=\(int\)([0-9]+)/).flatMap { Double($0.1) }
        let packets = Mutex(
            PacketFaults(
                clockRate: track.codec.isVideo ? 90_000 : rate ?? 48_000, seed: UInt64(number) &+ 17,
                jumpedSeconds: faults.jumpedSeconds))
        media.onPacket("pay\(number)") { [faults] timestamp in
            let (active, jumped) = (faults.all, faults.jumpedSeconds)
            return packets.withLock { $0.next(timestamp: timestamp, active: active, jumpedSeconds: jumped) }
        }
    }
}
