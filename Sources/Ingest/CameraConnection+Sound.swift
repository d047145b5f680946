import Domain

/// What a connection hears.
extension CameraConnection {
    /// The camera has said what it sends.
    func beginHearing(_ stream: StreamDescription) {
        guard let remark = hearing?.begin(stream) else { return }
        board.deaf(remark)
        logger.warning("\(remark)")
    }

    /// Looks at how loud it was, and begins or lengthens what follows.
    func listen() {
        guard let hearing else { return }
        for finding in hearing.advance() {
            switch finding {
            case .begins(let since, let at, let dbfs):
                // A refusal was logged where the clip could not be opened.
                _ = try? fire(
                    Trigger(
                        kind: .audio, label: "\(Int(dbfs.rounded())) dBFS", seconds: SoundWatch.tailSeconds), at: at,
                    since: since)
            case .goesOn(let until):
                triggers.extend(.audio, until: until)
            }
        }
        for complaint in hearing.takeComplaints() {
            logger.warning("the camera's sound could not be heard", metadata: ["error": "\(complaint)"])
            board.deaf(
                "The sound could not be decoded, so `audio_trigger` hears nothing for some seconds: \(complaint)")
        }
        if let level = hearing.levelDBFS { board.heard(level) }
    }
}
