import Foundation
import Settings
import Testing

struct DocumentTests {
    @Test func `the configuration page is what the table says`() throws {
        #expect(
            try Repository.text("docs/reference/configuration.md") == ConfigurationReference.markdown(),
            "run `make generate`")
    }

    @Test func `relative links in documents lead somewhere`() throws {
        let pages =
            Repository.files(under: "docs", endings: [".md"]) + Repository.files(under: "pipelines", endings: [".md"])
            + ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"]
        #expect(pages.count >= 8)
        for page in pages {
            let folder = Repository.root.appendingPathComponent(page).deletingLastPathComponent()
            for match in try Repository.text(page).matches(of: /\]\(([^)#\s]+)(#[^)]*)?\)/) {
                let target = String(match.output.1)
                if target.contains("://") || target.hasPrefix("mailto:") { continue }
                #expect(
                    FileManager.default.fileExists(atPath: folder.appendingPathComponent(target).path),
                    "\(page) links to \(target)")
            }
        }
    }

    @Test func `design pages open with their status`() throws {
        for page in Repository.files(under: "docs/design", endings: [".md"]) {
            let lines = try Repository.text(page).split(separator: "\n").prefix(3)
            #expect(lines.contains { $0.hasPrefix("Status: ") }, "\(page)")
        }
    }

    @Test func `migrations are numbered without a hole`() throws {
        let names = Repository.files(under: "Sources/Store/Migrations", endings: [".sql"])
            .compactMap { $0.split(separator: "/").last }.sorted()
        #expect(!names.isEmpty)
        for (index, name) in names.enumerated() {
            let digits = String(repeating: "0", count: 4 - "\(index + 1)".count) + "\(index + 1)"
            #expect(name.hasPrefix("V\(digits)_"), "\(name)")
        }
    }

    @Test func `no file holds a path of somebody's machine`() throws {
        for file in Repository.files(under: "", endings: [".swift", ".md", ".py", ".sh", "Makefile", ".yaml", ".yml"])
        where !file.contains("RepositoryTests") {
            let text = try Repository.text(file)
            for fragment in ["/home/", "/work/", "/Users/"] {
                #expect(!text.contains(fragment), "\(file) holds \(fragment)")
            }
        }
    }

    @Test func `unchecked sendability gives its reason in the next line`() throws {
        for file in Repository.files(under: "Sources", endings: [".swift"]) {
            let lines = try Repository.text(file).split(separator: "\n", omittingEmptySubsequences: false)
            for (index, line) in lines.enumerated()
            where line.contains("@unchecked Sendable") || line.contains("nonisolated(unsafe)") {
                let around = lines[max(0, index - 1)...min(lines.count - 1, index + 2)]
                #expect(around.contains { $0.contains("//") }, "\(file):\(index + 1)")
            }
        }
    }
}
