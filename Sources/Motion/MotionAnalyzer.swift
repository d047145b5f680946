package import Domain
package import OpenCVKit

/// Measures motion with OpenCV, one instance per camera connection. Not shared between threads.
package final class MotionAnalyzer: MotionDetector {
    private let model: MotionModel

    /// Fails only without memory, with parameters out of bounds, or with more zones than `ZoneRules` allow.
    package init(parameters: MotionModel.Parameters = MotionModel.Parameters(), zones: [Zone] = []) throws {
        var model = try MotionModel(parameters: parameters)
        for zone in zones {
            try model.add(
                MotionModel.Zone(corners: zone.points.map { ($0.x, $0.y) }, includes: zone.kind == .include))
        }
        self.model = model
    }

    package func measure(_ picture: PictureView, at presentation: MediaTime) throws -> MotionMeasurement {
        try measure(picture, at: presentation, learns: true)
    }

    package func look(_ picture: PictureView, at presentation: MediaTime) throws -> MotionMeasurement {
        try measure(picture, at: presentation, learns: false)
    }

    package func scene() throws -> SceneSample? {
        let scene = try model.scene()
        return SceneSample(levels: scene.levels, edges: scene.edges)
    }

    private func measure(
        _ picture: PictureView, at presentation: MediaTime, learns: Bool
    ) throws -> MotionMeasurement {
        let measured = try model.measure(
            luma: picture.luma.bytes, widthPixels: picture.widthPixels, heightPixels: picture.heightPixels,
            strideBytes: picture.luma.strideBytes, seconds: presentation.seconds,
            learns: learns)
        let regions = measured.regions.map {
            MotionRegion(
                box: Box(x: $0.x, y: $0.y, width: $0.width, height: $0.height), centreX: $0.centreX,
                centreY: $0.centreY, area: $0.area, active: $0.active, zoneAreas: $0.zoneAreas)
        }
        return MotionMeasurement(
            presentation: presentation, changedFraction: measured.changed, globalChangeFraction: measured.lightChange,
            shakeFraction: measured.shake, boxes: regions.map(\.box), regions: regions,
            aspectRatio: Double(picture.widthPixels) / Double(max(picture.heightPixels, 1)),
            restarted: measured.restarted, activity: ActivityGrid(words: measured.activity))
    }
}
