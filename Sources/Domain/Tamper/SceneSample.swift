/// What a picture looks like as a whole: a coarse grid, whatever the picture's size.
///
/// Levels are logarithmic (64·ln((luma + 16) / 16)), so that more or less light is an offset and edges keep their height.
package struct SceneSample: Sendable, Hashable {
    package static let columns = 64
    package static let rows = 36

    /// Mean level of each cell, row by row from the top left.
    package var levels: [Float]
    /// Mean height of the edges within each cell, in levels a pixel of the analysed picture.
    package var edges: [Float]

    /// Nil unless both have one value for each cell.
    package init?(levels: [Float], edges: [Float]) {
        guard levels.count == Self.columns * Self.rows, edges.count == levels.count else { return nil }
        self.levels = levels
        self.edges = edges
    }
}
