internal import COpenCVShims

/// The learnt background of one camera, and what differs from it. Not shared between threads.
package struct MotionModel: ~Copyable {
    /// How the model sees; see `opencv_motion.h` for the meaning of each default.
    package struct Parameters: Sendable, Hashable {
        /// Longest side of the analysed picture, in pixels.
        package var longestSidePixels: Int
        /// Difference that counts where there is no noise, in steps of 64·ln((luma + 16) / 16).
        package var baseThreshold: Double
        /// How many times the noise is added to it.
        package var noiseFactor: Double
        package var lightSlack: Double
        package var textureSlack: Double
        package var textureSeconds: Double
        package var backgroundSeconds: Double
        package var noiseSeconds: Double
        /// A region that does not stir for this long becomes background.
        package var absorbSeconds: Double
        package var activitySeconds: Double
        /// Smallest region reported, as a fraction of the picture.
        package var minimumArea: Double
        package var sceneChangeShare: Double
        package var sceneLikeness: Double

        /// The defaults.
        package init() {
            let values = vedette_motion_default_parameters()
            longestSidePixels = Int(values.longest_side)
            baseThreshold = values.base_threshold
            noiseFactor = values.noise_factor
            lightSlack = values.light_slack
            textureSlack = values.texture_slack
            textureSeconds = values.texture_seconds
            backgroundSeconds = values.background_seconds
            noiseSeconds = values.noise_seconds
            absorbSeconds = values.absorb_seconds
            activitySeconds = values.activity_seconds
            minimumArea = values.minimum_area
            sceneChangeShare = values.scene_change_share
            sceneLikeness = values.scene_likeness
        }

        var values: vedette_motion_parameters {
            vedette_motion_parameters(
                longest_side: Int32(clamping: longestSidePixels), base_threshold: baseThreshold,
                noise_factor: noiseFactor, light_slack: lightSlack, texture_slack: textureSlack,
                texture_seconds: textureSeconds, background_seconds: backgroundSeconds, noise_seconds: noiseSeconds,
                absorb_seconds: absorbSeconds, activity_seconds: activitySeconds, minimum_area: minimumArea,
                scene_change_share: sceneChangeShare, scene_likeness: sceneLikeness)
        }
    }

    /// A polygon whose inside counts or does not; corners as fractions of the picture, origin top left.
    package struct Zone: Sendable {
        package var corners: [(x: Double, y: Double)]
        package var includes: Bool

        package init(corners: [(x: Double, y: Double)], includes: Bool) {
            self.corners = corners
            self.includes = includes
        }
    }

    /// A connected region that differs from the background; positions are fractions of the picture, origin top left.
    package struct Region: Sendable, Hashable {
        package var x, y, width, height: Double
        package var centreX, centreY: Double
        /// Share of the picture it covers, and the part of that which changed just now.
        package var area, active: Double
        /// Shares of the picture that it covers in each including zone, in their order.
        package var zoneAreas: [Double]
    }

    /// What one picture showed. Shares are 0–1.
    package struct Measurement: Sendable, Hashable {
        package var changed: Double
        package var differing: Double
        package var lightChange: Double
        package var shake: Double
        package var noise: Double
        package var restarted: Bool
        /// Where regions stir: 18 rows of cells from the top, a bit for each of 32 columns, the lowest the leftmost.
        package var activity: [UInt32]
        /// The most active first, at most 32.
        package var regions: [Region]
    }

    private let handle: OpaquePointer
    private var includingZones = 0

    package init(parameters: Parameters = Parameters()) throws(OpenCVError) {
        var values = parameters.values
        handle = try OpenCVError.collecting("making a motion model") { error, size in
            vedette_motion_create(&values, error, size)
        }
    }

    deinit { vedette_motion_free(handle) }

    /// Adds a zone, before the first picture; at most 16. Without an including zone the whole picture counts; what an
    /// excluding one covers never does.
    package mutating func add(_ zone: Zone) throws(OpenCVError) {
        let corners = zone.corners.map { vedette_motion_point(x: Float($0.x), y: Float($0.y)) }
        let handle = handle
        _ = try OpenCVError.collecting("adding a zone to a motion model") { error, size in
            vedette_motion_add_zone(
                handle, corners, Int32(clamping: corners.count), zone.includes ? 1 : 0, error, size) == 0 ? true : nil
        }
        if zone.includes { includingZones += 1 }
    }

    /// Measures one 8-bit luma plane, in place; `seconds` grows from picture to picture, else all begins anew. Without
    /// `learns` the picture is only compared with what is known, and `restarted` says that it seems another scene.
    package func measure(
        luma: UnsafeRawPointer, widthPixels: Int, heightPixels: Int, strideBytes: Int, seconds: Double,
        learns: Bool = true
    ) throws(OpenCVError) -> Measurement {
        guard strideBytes > 0 else { throw OpenCVError("measuring motion: the stride is \(strideBytes) bytes") }
        var out = vedette_motion_measurement()
        let bytes = luma.assumingMemoryBound(to: UInt8.self)
        let handle = handle
        _ = try OpenCVError.collecting("measuring motion") { error, size in
            (learns ? vedette_motion_measure : vedette_motion_look)(
                handle, bytes, Int32(clamping: widthPixels), Int32(clamping: heightPixels), strideBytes, seconds, &out,
                error, size) == 0 ? true : nil
        }
        let count = Int(out.region_count)
        let zones = includingZones
        let regions = withUnsafeBytes(of: out.regions) { raw in
            raw.bindMemory(to: vedette_motion_region.self).prefix(count).map { region in
                Region(
                    x: Double(region.x), y: Double(region.y), width: Double(region.width),
                    height: Double(region.height),
                    centreX: Double(region.centre_x), centreY: Double(region.centre_y), area: Double(region.area),
                    active: Double(region.active),
                    zoneAreas: withUnsafeBytes(of: region.zone_areas) { areas in
                        areas.bindMemory(to: Float.self).prefix(zones).map(Double.init)
                    })
            }
        }
        return Measurement(
            changed: out.changed, differing: out.differing, lightChange: out.light_change, shake: out.shake,
            noise: out.noise, restarted: out.restarted != 0,
            activity: withUnsafeBytes(of: out.activity) { [UInt32]($0.bindMemory(to: UInt32.self)) }, regions: regions)
    }

    /// Cells of a `scene`: columns, then rows.
    package static let sceneCells = (columns: Int(VEDETTE_SCENE_COLUMNS), rows: Int(VEDETTE_SCENE_ROWS))

    /// The picture last measured as coarse cells, row by row from the top left: mean levels, and mean slopes in levels a pixel.
    package func scene() throws(OpenCVError) -> (levels: [Float], edges: [Float]) {
        let count = Self.sceneCells.columns * Self.sceneCells.rows
        var levels = [Float](repeating: 0, count: count)
        var edges = levels
        let handle = handle
        _ = try OpenCVError.collecting("describing a scene") { error, size in
            vedette_motion_scene(handle, &levels, &edges, error, size) == 0 ? true : nil
        }
        return (levels, edges)
    }
}
