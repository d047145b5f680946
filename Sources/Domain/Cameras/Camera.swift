import FoundationEssentials

/// The tenant.
package enum Organization {
    /// The one that the first migration makes, so that a single-tenant installation need not think of it.
    package static let first = Identifier<Organization>(
        UUID(uuid: (0, 0, 0, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, 1)))
}

/// A place with cameras and a time zone.
package struct Site: Sendable, Hashable {
    package var id: Identifier<Site>
    package var organization: Identifier<Organization>
    package var name: String
    /// IANA name ("Europe/Helsinki").
    package var timeZone: String

    /// The one that the first migration makes.
    package static let first = Identifier<Site>(
        UUID(uuid: (0, 0, 0, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, 2)))

    package init(id: Identifier<Site>, organization: Identifier<Organization>, name: String, timeZone: String) {
        self.id = id
        self.organization = organization
        self.name = name
        self.timeZone = timeZone
    }
}

/// One video source and how it is watched.
package struct Camera: Sendable, Hashable {
    package var id: Identifier<Camera>
    package var organization: Identifier<Organization>
    package var site: Identifier<Site>
    /// Unique within its site.
    package var name: String
    package var enabled: Bool
    package var settings: CameraSettings
    /// Grows with every change, for `ETag` and for ingest to notice.
    package var revision: Int64

    package init(
        id: Identifier<Camera>, organization: Identifier<Organization>, site: Identifier<Site>, name: String,
        enabled: Bool, settings: CameraSettings, revision: Int64
    ) {
        self.id = id
        self.organization = organization
        self.site = site
        self.name = name
        self.enabled = enabled
        self.settings = settings
        self.revision = revision
    }
}

/// How a camera is reached, analysed and recorded. `url` and `detectURL` may hold credentials: never
/// log or return them as they are.
package struct CameraSettings: Sendable, Hashable {
    package var url: String
    /// Address of a smaller stream of the same view, to be analysed in place of `url`'s. As secret as that.
    package var detectURL: String?
    package var transport: SourceLocation.Transport
    package var timeoutSeconds: Double
    package var preRollSeconds: Double
    package var postRollSeconds: Double
    /// Motion that resumes within this time after it stopped belongs to the same event.
    package var mergeGapSeconds: Double
    /// After an event no new one starts for this long.
    package var coolDownSeconds: Double
    /// A longer event is cut and continued in the next one.
    package var maximumLengthSeconds: Double
    /// 0 (blind) to 1 (everything); 0.5 is the default.
    package var sensitivity: Double
    /// Smallest moving region that counts, as a fraction of the picture.
    package var minimumArea: Double
    package var analysis: AnalysisMode
    /// What is kept besides events.
    package var record: RecordMode
    /// Where motion counts and where not; at most `ZoneRules.maximumZones`.
    package var zones: [Zone]
    /// Whether a covered, blurred or turned camera makes an event.
    package var tamper: Bool
    /// When its sound asks for a clip; nil: never, and its sound is not decoded.
    package var audioTrigger: AudioTrigger?
    /// Clips at fixed times; at most `ScheduleRules.mostRules`.
    package var schedule: [ScheduleRule]
    /// For `rtsps://` addresses.
    package var certificate: CertificateTrust

    package init(
        url: String, transport: SourceLocation.Transport = .tcp, timeoutSeconds: Double = 10,
        preRollSeconds: Double = 5, postRollSeconds: Double = 5, mergeGapSeconds: Double = 1.0,
        coolDownSeconds: Double = 0, maximumLengthSeconds: Double = 60, sensitivity: Double = 0.5,
        minimumArea: Double = 0.0003, analysis: AnalysisMode = .ladder, zones: [Zone] = [],
        detectURL: String? = nil, tamper: Bool = true, schedule: [ScheduleRule] = [], record: RecordMode = .events,
        audioTrigger: AudioTrigger? = nil,
        certificate: CertificateTrust = .system
    ) {
        self.url = url
        self.detectURL = detectURL
        self.transport = transport
        self.timeoutSeconds = timeoutSeconds
        self.preRollSeconds = preRollSeconds
        self.postRollSeconds = postRollSeconds
        self.mergeGapSeconds = mergeGapSeconds
        self.coolDownSeconds = coolDownSeconds
        self.maximumLengthSeconds = maximumLengthSeconds
        self.sensitivity = sensitivity
        self.minimumArea = minimumArea
        self.analysis = analysis
        self.zones = zones
        self.tamper = tamper
        self.schedule = schedule
        self.record = record
        self.audioTrigger = audioTrigger
        self.certificate = certificate
    }

    package var location: SourceLocation {
        SourceLocation(url: url, transport: transport, timeoutSeconds: timeoutSeconds, certificate: certificate)
    }

    /// Where the stream to analyse is; nil where it is the one that is recorded.
    package var detectLocation: SourceLocation? {
        guard analysis == .substream, let detectURL else { return nil }
        return SourceLocation(
            url: detectURL, transport: transport, timeoutSeconds: timeoutSeconds, certificate: certificate)
    }
}
