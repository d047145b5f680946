internal import Domain

/// Which sightings are of what moved, and not of what merely stands in the picture.
struct MovementFilter: Sendable {
    /// The moving region of each picture; nil where none is known.
    var boxes: [Box?]
    /// Of the camera; what neither stands in a watched place nor reaches half into one does not count.
    var zones: [Zone] = []

    /// Whether anything is known of what moved. If not, everything seen counts.
    var knowsMovement: Bool { boxes.contains { $0 != nil } }

    /// A sighting counts if it overlaps the moving region of its picture. Where that picture has none, something moved
    /// before or after, so any region of the event will do.
    ///
    /// Most of it must lie in the region: for a rigid thing a third, because it moves as a whole. People and animals may
    /// move a limb only, so for them it is enough that they hold a good part of the region.
    func counts(_ sighting: Sighting) -> Bool {
        guard zones.watch(sighting.box) else { return false }
        guard knowsMovement else { return true }
        let own = boxes.indices.contains(sighting.picture) ? boxes[sighting.picture] : nil
        let regions = own.map { [$0] } ?? boxes.compactMap { $0 }
        return regions.contains { region in
            let grown = region.grown
            let shared = sighting.box.intersectionArea(grown)
            guard shared > 0 else { return false }
            if shared >= 0.3 * sighting.box.area && sighting.kind != .person && sighting.kind != .animal { return true }
            guard sighting.kind == .person || sighting.kind == .animal else { return false }
            return shared >= 0.5 * sighting.box.area || shared >= 0.3 * grown.area
        }
    }

    /// The sightings that count. A vehicle that is found at the same place in every picture is parked, however much the
    /// light around it changed, and does not.
    func moving(_ sightings: [Sighting]) -> [Sighting] {
        let counted = sightings.filter(counts)
        guard knowsMovement, boxes.count >= 3 else { return counted }
        let vehicles = sightings.filter { $0.kind == .vehicle }
        return counted.filter { sighting in
            guard sighting.kind == .vehicle else { return true }
            return !boxes.indices.allSatisfy { picture in
                picture == sighting.picture
                    || vehicles.contains { $0.picture == picture && $0.box.likeness(sighting.box) >= 0.7 }
            }
        }
    }
}

extension Box {
    /// A tenth larger on each side, and a little more: a moving region is measured coarsely.
    fileprivate var grown: Box {
        Box(
            x: x - width * 0.1 - 0.02, y: y - height * 0.1 - 0.02, width: width * 1.2 + 0.04,
            height: height * 1.2 + 0.04)
    }
}
