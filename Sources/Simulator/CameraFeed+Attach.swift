extension CameraFeed {
    /// Connects a media that the server has just made: on a client's thread, which waits here while a scene is still
    /// being made. `wake` asks for a tick.
    func attach(to media: borrowing NewMedia, wake: @escaping @Sendable () -> Void) throws(SimulatorError) {
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
}
