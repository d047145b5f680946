import Foundation

/// A page of which a part is written by a measurement, between `<!-- NAME -->` and `<!-- /NAME -->`.
package enum MeasuredPage {
    /// Puts `text` in place of what was between the two lines. Throws when the page or the lines are not there.
    package static func write(_ text: String, as name: String, to path: String) throws {
        let page = try String(contentsOfFile: path, encoding: .utf8)
        guard let from = page.range(of: "<!-- \(name) -->\n"), let until = page.range(of: "<!-- /\(name) -->"),
            from.upperBound <= until.lowerBound
        else { throw StartError("\(path) has no place for figures: <!-- \(name) --> and <!-- /\(name) -->") }
        try (page[..<from.upperBound] + "\n" + text + "\n\n" + page[until.lowerBound...])
            .write(toFile: path, atomically: true, encoding: .utf8)
    }
}
