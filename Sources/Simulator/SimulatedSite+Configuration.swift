extension SimulatedSite {
    /// Who may watch.
    package struct Credentials: Sendable, Hashable {
        package enum Scheme: String, Sendable, Hashable, CaseIterable { case basic, digest, both }
        package var user: String
        package var password: String
        package var scheme: Scheme

        package init(user: String, password: String, scheme: Scheme = .both) {
            self.user = user
            self.password = password
            self.scheme = scheme
        }
    }

    /// A certificate and its key, as PEM files.
    package struct Identity: Sendable, Hashable {
        package var certificateFile: String
        package var keyFile: String

        package init(certificateFile: String, keyFile: String) {
            self.certificateFile = certificateFile
            self.keyFile = keyFile
        }
    }

    /// One simulated camera.
    package struct Stream: Sendable, Hashable {
        package enum Source: Sendable, Hashable {
            /// A video file with H.264, H.265 or JPEG pictures.
            case file(path: String)
            case scene(Scene)
        }
        /// The path of its URL: letters, digits, `-`, `_` and `.`.
        package var name: String
        package var source: Source
        package var fault: Fault?
        /// RTP timestamp of the first picture; nil for a random one. They wrap at 2³², 90000 a second.
        package var firstTimestamp: UInt32?
        /// Where it tells how its pictures are encoded.
        package var parameterSets: ParameterSets

        package init(
            name: String, source: Source, fault: Fault? = nil, firstTimestamp: UInt32? = nil,
            parameterSets: ParameterSets = .everywhere
        ) {
            self.parameterSets = parameterSets
            self.name = name
            self.source = source
            self.fault = fault
            self.firstTimestamp = firstTimestamp
        }

        /// A generated scene, under its own name.
        package init(scene: Scene, fault: Fault? = nil) {
            self.init(name: scene.name, source: .scene(scene), fault: fault)
        }
    }

    /// What a client of a camera gets to see.
    package enum Sharing: String, Sendable, Hashable, CaseIterable {
        /// All clients of one camera see the same live feed, which runs since the first client came. When a client
        /// comes while nobody watches, the feed goes on where it would be, from the last keyframe before.
        case sharedFeed
        /// Each connection gets a feed of its own that starts with the program's first unit.
        case fromStart
    }

    package enum Repetition: String, Sendable, Hashable, CaseIterable {
        /// Over and over without a break in the timestamps.
        case loop
        /// Once; then the stream ends (RTCP BYE), while the connection stays.
        case once
    }

    /// What to serve, and where.
    package struct Configuration: Sendable {
        package var address: String
        /// 0 takes a free port.
        package var port: UInt16
        /// Empty: the built-in generated scenes.
        package var streams: [Stream]
        package var credentials: Credentials?
        /// With it the cameras speak TLS only (`rtsps://`).
        package var identity: Identity?
        package var sharing: Sharing
        package var repetition: Repetition
        /// Misbehaving by the clock. Each camera then has a port of its own, after `port` in the order of the streams,
        /// or free ones.
        package var script: FaultScript?

        package init(
            address: String = "127.0.0.1", port: UInt16 = 8554, streams: [Stream] = [], credentials: Credentials? = nil,
            sharing: Sharing = .sharedFeed, repetition: Repetition = .loop, script: FaultScript? = nil,
            identity: Identity? = nil
        ) {
            self.identity = identity
            self.address = address
            self.port = port
            self.streams = streams
            self.credentials = credentials
            self.sharing = sharing
            self.repetition = repetition
            self.script = script
        }

        /// The streams, with the built-in ones where none are given; throws what cannot be served.
        func checkedStreams() throws(SimulatorError) -> [Stream] {
            let streams = self.streams.isEmpty ? Scene.builtIn.map { Stream(scene: $0) } : self.streams
            var names: Set<String> = []
            for stream in streams {
                guard Self.isValid(name: stream.name) else {
                    throw SimulatorError(
                        .configuration,
                        "stream name \"\(stream.name)\": use 1 to 64 letters, digits, \"-\", \"_\" or \".\"")
                }
                guard names.insert(stream.name).inserted else {
                    throw SimulatorError(.configuration, "two streams are named \(stream.name); give each its own name")
                }
                try stream.fault?.check(stream: stream.name)
            }
            try script?.check(streams)
            return streams
        }

        static func isValid(name: String) -> Bool {
            (1...64).contains(name.utf8.count) && name != "." && name != ".."
                && name.utf8.allSatisfy { byte in
                    switch byte {
                    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                        true
                    default: false
                    }
                }
        }
    }

    /// A stream that is served.
    package struct ServedStream: Sendable, Hashable {
        package var name: String
        /// Without credentials.
        package var url: String
        /// What it is: codec, size, rate and length as far as they are known, source, script and fault.
        package var summary: String
    }
}

extension Fault {
    func check(stream: String) throws(SimulatorError) {
        switch self {
        case .corrupt(let fraction) where !(0...1).contains(fraction):
            throw SimulatorError(.configuration, "stream \(stream): corrupt fraction \(fraction) is not within 0–1")
        case .stall(let seconds) where !(seconds >= 0), .drop(let seconds) where !(seconds >= 0):
            throw SimulatorError(.configuration, "stream \(stream): \(seconds) s is not a time from 0 on")
        default: break
        }
    }
}
