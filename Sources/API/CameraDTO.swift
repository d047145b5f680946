import Domain

/// A camera as clients see it: the address without its password.
struct CameraDTO: Encodable, Sendable {
    var id: String
    var organizationId: String
    var siteId: String
    var name: String
    var enabled: Bool
    var url: String
    @Nullable var detectUrl: String?
    var transport: String
    var certificate: String
    var analysis: String
    var record: String
    var timeoutSeconds: Double
    var preRollSeconds: Double
    var postRollSeconds: Double
    var mergeGapSeconds: Double
    var coolDownSeconds: Double
    var maximumLengthSeconds: Double
    var sensitivity: Double
    var minimumArea: Double
    var tamper: Bool
    var schedule: [ScheduleRuleDTO]
    @Nullable var audioTrigger: AudioTriggerDTO?
    var revision: Int64
    var status: CameraStatusDTO

    init(_ camera: Camera, status: CameraStatus?) {
        id = camera.id.description
        organizationId = camera.organization.description
        siteId = camera.site.description
        name = camera.name
        enabled = camera.enabled
        url = CameraRules.masked(url: camera.settings.url)
        detectUrl = camera.settings.detectURL.map { CameraRules.masked(url: $0) }
        transport = camera.settings.transport.rawValue
        certificate = camera.settings.certificate.text
        analysis = camera.settings.analysis.rawValue
        record = camera.settings.record.rawValue
        timeoutSeconds = camera.settings.timeoutSeconds
        preRollSeconds = camera.settings.preRollSeconds
        postRollSeconds = camera.settings.postRollSeconds
        mergeGapSeconds = camera.settings.mergeGapSeconds
        coolDownSeconds = camera.settings.coolDownSeconds
        maximumLengthSeconds = camera.settings.maximumLengthSeconds
        sensitivity = camera.settings.sensitivity
        minimumArea = camera.settings.minimumArea
        tamper = camera.settings.tamper
        schedule = camera.settings.schedule.map(ScheduleRuleDTO.init)
        audioTrigger = camera.settings.audioTrigger.map(AudioTriggerDTO.init)
        revision = camera.revision
        self.status = CameraStatusDTO(status ?? CameraStatus(state: camera.enabled ? .offline : .disabled))
    }
}

/// A camera's status as clients see it.
struct CameraStatusDTO: Encodable, Sendable {
    struct ErrorDTO: Encodable, Sendable {
        var type: String
        var detail: String
        @Nullable var since: String?
    }
    /// The small stream.
    struct DetectDTO: Encodable, Sendable {
        var state: String
        var analysed: Bool
        @Nullable var width: Int?
        @Nullable var height: Int?
        @Nullable var error: ErrorDTO?
    }
    var state: String
    @Nullable var connectedAt: String?
    @Nullable var lastAccessUnitAt: String?
    @Nullable var error: ErrorDTO?
    @Nullable var codec: String?
    @Nullable var sourceCodec: String?
    @Nullable var encoder: String?
    @Nullable var width: Int?
    @Nullable var height: Int?
    @Nullable var framesPerSecond: Double?
    @Nullable var bitrateKbps: Double?
    @Nullable var keyframeIntervalSeconds: Double?
    var hasAudio: Bool
    @Nullable var audioCodec: String?
    @Nullable var soundRemark: String?
    @Nullable var soundLevelDbfs: Double?
    @Nullable var decoder: String?
    @Nullable var decoderFallback: String?
    @Nullable var detect: DetectDTO?
    var rung: String
    @Nullable var rungReason: String?
    var decoderWaitSeconds: Double
    var audits: Int
    var auditMisses: Int
    @Nullable var estimatedMissesPerHour: Double?
    @Nullable var openEventId: String?
    var reconnects: Int
    var gaps: Int
    var framesAnalysed: Int
    var framesDropped: Int
    var accessUnits: Int

    init(_ status: CameraStatus) {
        state = status.state.rawValue
        connectedAt = status.connectedAt?.rfc3339
        lastAccessUnitAt = status.lastAccessUnitAt?.rfc3339
        error = status.error.map {
            ErrorDTO(type: $0.kind.rawValue, detail: $0.detail, since: status.errorSince?.rfc3339)
        }
        codec = status.codec?.rawValue
        sourceCodec = status.sourceCodec?.rawValue
        encoder = status.encoder
        width = status.widthPixels
        height = status.heightPixels
        framesPerSecond = status.framesPerSecond.map { ($0 * 10).rounded() / 10 }
        bitrateKbps = status.bitrateKbps.map { $0.rounded() }
        keyframeIntervalSeconds = status.keyframeIntervalSeconds.map { ($0 * 1000).rounded() / 1000 }
        hasAudio = status.hasAudio
        audioCodec = status.audioCodec?.rawValue
        soundRemark = status.soundRemark
        soundLevelDbfs = status.soundLevelDBFS.map { ($0 * 10).rounded() / 10 }
        decoder = status.decoder
        decoderFallback = status.decoderFallback
        detect = status.detect.map {
            DetectDTO(
                state: $0.state.rawValue, analysed: $0.isAnalysed, width: $0.widthPixels, height: $0.heightPixels,
                error: $0.error.map { ErrorDTO(type: $0.kind.rawValue, detail: $0.detail, since: nil) })
        }
        rung = status.rung.rawValue
        rungReason = status.rungReason
        decoderWaitSeconds = (status.decoderWaitSeconds * 1000).rounded() / 1000
        audits = status.audits.audits
        auditMisses = status.audits.misses
        estimatedMissesPerHour = status.audits.missesPerHour.map { ($0 * 10).rounded() / 10 }
        openEventId = status.openEvent?.description
        reconnects = status.reconnects
        gaps = status.gaps
        framesAnalysed = status.framesAnalysed
        framesDropped = status.framesDropped
        accessUnits = status.accessUnits
    }
}
