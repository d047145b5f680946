/// Decides for each measured picture of one camera whether something of interest moves in it, zone by zone.
///
/// Each include zone has a `MotionGate` of its own with its own demands, which sees of every region what lies in the zone; a
/// camera without include zones has one for all there is. What is outside was taken out when the picture was measured.
package struct ZonedGate: Sendable {
    /// What one picture's measurement means, for all zones together.
    package struct Judgement: Sendable, Hashable {
        package var moving: Bool
        /// Largest share of the picture that moved in a zone, 0–1.
        package var score: Double
        /// What made it moving, the most active first.
        package var boxes: [ZonedBox]
        /// Set where `moving` is true: since when the first of them has been on its way.
        package var since: MediaTime?
        /// Nothing can be said about the picture: the scene is new, its light changes or the camera shakes.
        package var isBlind = false
    }

    private struct Part: Sendable {
        /// Name and place among the include zones; nil: the whole picture.
        var zone: (name: String, place: Int)?
        var gate: MotionGate
    }
    private var parts: [Part]

    /// What a camera's settings ask for.
    package init(_ camera: CameraSettings) {
        let includes = camera.zones.filter { $0.kind == .include }
        parts = includes.enumerated().map { place, zone in
            let settings = MotionGateSettings(
                sensitivity: zone.sensitivity ?? camera.sensitivity,
                minimumArea: zone.minimumArea ?? camera.minimumArea)
            return Part(zone: (zone.name, place), gate: MotionGate(settings: settings))
        }
        if parts.isEmpty { parts = [Part(zone: nil, gate: MotionGate(settings: MotionGateSettings(camera)))] }
    }

    /// Judges one measurement; they come in order of time.
    package mutating func judge(_ measurement: MotionMeasurement) -> Judgement {
        var judgement = Judgement(moving: false, score: 0, boxes: [], since: nil)
        for index in parts.indices {
            let part = parts[index].gate.judge(Self.share(of: measurement, for: parts[index].zone?.place))
            switch part.quiet {
            case .learning, .lighting, .shake: judgement.isBlind = true
            case .still, nil: break
            }
            guard part.moving else { continue }
            judgement.moving = true
            judgement.score = max(judgement.score, part.score)
            judgement.since = [judgement.since, part.since].compactMap { $0 }.min()
            let names = parts[index].zone.map { [$0.name] } ?? []
            for box in part.boxes {
                if let known = judgement.boxes.firstIndex(where: { $0.box == box }) {
                    judgement.boxes[known].zones += names
                } else {
                    judgement.boxes.append(ZonedBox(box: box, zones: names))
                }
            }
        }
        return judgement
    }

    /// As `MotionGate.stirs`, in any zone.
    package func stirs(_ measurement: MotionMeasurement) -> Bool {
        parts.contains { $0.gate.stirs(Self.share(of: measurement, for: $0.zone?.place)) }
    }

    /// The regions that reach into a zone, as large as what of them lies there.
    private static func share(of measurement: MotionMeasurement, for place: Int?) -> MotionMeasurement {
        guard let place else { return measurement }
        var shared = measurement
        shared.regions = measurement.regions.compactMap { region in
            guard region.zoneAreas.indices.contains(place), region.zoneAreas[place] > 0, region.area > 0 else {
                return nil
            }
            var part = region
            part.area = region.zoneAreas[place]
            part.active = region.active * region.zoneAreas[place] / region.area
            return part
        }
        shared.boxes = shared.regions.map(\.box)
        return shared
    }
}
