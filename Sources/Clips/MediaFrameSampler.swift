import Domain

/// Takes pictures out of MP4 files: each group of pictures that holds a wanted one is decoded from its keyframe up to it.
package actor MediaFrameSampler: FrameSampler {
    private let mediaFolder: String
    private let decoders: any DecoderOpener
    private let encoder: any StillEncoder
    private let longestSidePixels: Int
    private let quality: Int
    /// Files that are decoded now.
    private var running = 0
    private var waiting: [CheckedContinuation<Void, Never>] = []

    /// Each decoder holds some dozens of frames.
    private static let mostAtOnce = 2
    /// Units that are inside a decoder at a time; more than any stream reorders.
    private static let mostInside = 32
    /// Units of one group that are decoded to reach a picture: five minutes at 20 pictures a second.
    private static let longestGroup = 6000
    /// For one group; a decoder that swallows everything and gives nothing must not hold a job for ever.
    private static let longestSeconds = 300.0

    package init(
        mediaFolder: String, decoders: any DecoderOpener, encoder: any StillEncoder, longestSidePixels: Int = 768,
        quality: Int = 85
    ) {
        self.mediaFolder = mediaFolder
        self.decoders = decoders
        self.encoder = encoder
        self.longestSidePixels = longestSidePixels
        self.quality = quality
    }

    package func stills(of files: [SampledFile], at times: [WallTime]) async throws -> [SampledStill] {
        let files = files.sorted { $0.startsAt < $1.startsAt }
        var wanted = [[WallTime]](repeating: [], count: files.count)
        for time in times.sorted() {
            if let index = files.lastIndex(where: { $0.startsAt <= time }) { wanted[index].append(time) }
        }
        if running >= Self.mostAtOnce {
            await withCheckedContinuation { waiting.append($0) }
        } else {
            running += 1
        }
        defer {
            // The place goes on to who waits longest.
            if waiting.isEmpty { running -= 1 } else { waiting.removeFirst().resume() }
        }
        var found: [SampledStill] = []
        for (file, times) in zip(files, wanted) where !times.isEmpty {
            try Task.checkCancellation()
            found += try await stills(of: file, at: times)
        }
        return found
    }

    private func stills(of file: SampledFile, at times: [WallTime]) async throws -> [SampledStill] {
        let path = mediaFolder + "/" + file.path
        let groups = try await DurableFile.run { () throws(ClipError) -> [WantedGroup] in
            try WantedGroup.find(in: path, at: times.map { MediaTime(seconds: $0.seconds(since: file.startsAt)) })
        }
        var found: [SampledStill] = []
        for group in groups {
            for (time, still) in try await decode(group, of: path) {
                found.append(SampledStill(at: file.startsAt.advanced(bySeconds: time.seconds), still: still))
            }
        }
        return found
    }

    /// The wanted pictures of one group; of a time before its first picture that one, after its last that.
    private func decode(_ group: WantedGroup, of path: String) async throws -> [(MediaTime, Still)] {
        let (wakes, wake) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let decoder = try decoders.open(group.stream) { wake.yield() }
        var picker = Picker(wanted: group.times)
        let watch = Task {
            try? await Task.sleep(for: .seconds(Self.longestSeconds))
            wake.finish()
        }
        defer { watch.cancel() }
        do {
            var next = wakes.makeAsyncIterator()
            func take() throws {
                for frame in decoder.drain() { try picker.take(frame, encode) }
                if let failure = decoder.failure { throw failure }
            }
            for index in group.units.prefix(Self.longestGroup) {
                guard let unit = try await DurableFile.run({ () throws(ClipError) in group.reader.unit(index) })
                else {
                    break
                }
                decoder.decode(unit)
                try take()
                while decoder.backlog > Self.mostInside, await next.next(isolation: #isolation) != nil { try take() }
                try Task.checkCancellation()
            }
            decoder.finish()
            try take()
            while !decoder.isFinished, await next.next(isolation: #isolation) != nil { try take() }
            try Task.checkCancellation()
            guard decoder.isFinished else {
                throw SourceError(.corrupt, "\(path) cannot be decoded: it took more than \(Self.longestSeconds) s")
            }
            try take()
            try picker.finish(encode)
        } catch {
            await decoder.close()
            throw error
        }
        await decoder.close()
        return picker.found
    }

    private nonisolated func encode(_ frame: any DecodedFrame) throws -> Still {
        try frame.withPicture {
            try encoder.encode($0, crop: nil, longestSidePixels: longestSidePixels, quality: quality)
        }
    }

    /// Chooses, of frames in the order of time, the one that is shown at each wanted time.
    private struct Picker {
        /// Ascending.
        var wanted: [MediaTime]
        private(set) var found: [(MediaTime, Still)] = []
        private var shown: (any DecodedFrame)?

        init(wanted: [MediaTime]) { self.wanted = wanted }

        mutating func take(_ frame: any DecodedFrame, _ encode: (any DecodedFrame) throws -> Still) throws {
            while let time = wanted.first, time < frame.presentation {
                try keep(shown ?? frame, encode)
            }
            shown = frame
        }

        mutating func finish(_ encode: (any DecodedFrame) throws -> Still) throws {
            guard let shown else { return }
            while !wanted.isEmpty { try keep(shown, encode) }
        }

        private mutating func keep(_ frame: any DecodedFrame, _ encode: (any DecodedFrame) throws -> Still) throws {
            wanted.removeFirst()
            // Two times may be in one picture's.
            if found.last?.0 == frame.presentation { return }
            found.append((frame.presentation, try encode(frame)))
        }
    }
}

/// The units of a file that lead to some pictures of one group of pictures.
private struct WantedGroup: Sendable {
    var reader: SharedReader
    var stream: StreamDescription
    /// Of the video's samples: from the keyframe to the last that is needed, in the order of decoding.
    var units: Range<Int>
    /// Ascending.
    var times: [MediaTime]

    /// Blocks. Times before the first picture are that one's.
    static func find(in path: String, at times: [MediaTime]) throws(ClipError) -> [WantedGroup] {
        guard let reader = try MP4Reader(path), var stream = try reader.description() else {
            throw ClipError("\(path) holds no video that can be read")
        }
        // Decoders take the caps themselves, which `Ingest`, where decoders are, has made a format.
        if let format = stream.videoFormat as? ClipFormat, let caps = format.caps as AnyObject as? any OpaqueFormat {
            stream.videoFormat = caps
        }
        let video = reader.video
        let starts = video.samples.indices.filter { video.samples[$0].isKeyframe }
        guard let first = starts.first else { throw ClipError("\(path) holds no keyframe") }
        let shared = SharedReader(reader)
        var groups: [WantedGroup] = []
        for time in times {
            let start = starts.last { video.presentation(of: video.samples[$0]) <= time } ?? first
            let end = starts.first { $0 > start } ?? video.samples.count
            // All that is shown up to it: what is shown earlier may be decoded later.
            let last = (start..<end).last { video.presentation(of: video.samples[$0]) <= time } ?? start
            if let index = groups.indices.last, groups[index].units.lowerBound == start {
                groups[index].times.append(time)
                groups[index].units = start..<max(groups[index].units.upperBound, last + 1)
            } else {
                groups.append(WantedGroup(reader: shared, stream: stream, units: start..<(last + 1), times: [time]))
            }
        }
        return groups
    }
}

/// A reader that is used by one call at a time: `unit` reads at a place of its own and changes nothing.
private final class SharedReader: @unchecked Sendable {
    // Unchecked because: after its making nothing of the reader changes; reading is `pread`.
    private let reader: MP4Reader

    init(_ reader: MP4Reader) { self.reader = reader }

    func unit(_ index: Int) -> AccessUnit? { reader.videoUnit(index) }
}
