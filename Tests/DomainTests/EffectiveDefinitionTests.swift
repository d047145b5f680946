import Domain
import Testing

struct EffectiveDefinitionTests {
    private func version(_ level: DefinitionLevel, _ number: Int, _ parts: DefinitionParts) -> LeveledVersion {
        let time = WallTime(secondsSinceEpoch: 1_777_629_605)
        return LeveledVersion(
            level: level, id: .make(at: time), definition: .make(at: time), version: number, parts: parts)
    }

    @Test func `each part comes from the nearest level that says something, and an empty list says something`() throws {
        let organization = version(
            .organization, 4, DefinitionParts(normal: "quiet", labels: ["person"], questions: ["Who?"]))
        let site = version(.site, 2, DefinitionParts(normal: "busy"))
        let camera = version(.camera, 7, DefinitionParts(questions: []))
        let effective = try #require(EffectiveDefinition([camera, organization, site]))
        #expect(effective.definition.normal == "busy" && effective.normalFrom == site)
        #expect(effective.definition.labels == ["person"] && effective.labelsFrom == organization)
        #expect(effective.definition.questions.isEmpty && effective.questionsFrom == camera)
        #expect(effective.definition.examples.isEmpty && effective.examplesFrom == nil)
        // A verdict names the nearest level, also where that leaves a part open.
        #expect(effective.definition.id == camera.id && effective.definition.version == 7)
    }

    @Test func `of two that were chosen the later counts`() throws {
        let named = version(.chosen, 3, DefinitionParts(normal: "named", labels: ["a"]))
        let draft = version(.chosen, 0, DefinitionParts(labels: ["b"]))
        let effective = try #require(EffectiveDefinition([named, draft]))
        #expect(effective.definition.normal == "named" && effective.definition.labels == ["b"])
        #expect(effective.definition.version == 0)
    }

    @Test func `without words there is no definition`() {
        #expect(EffectiveDefinition([]) == nil)
        #expect(EffectiveDefinition([version(.camera, 1, DefinitionParts(labels: ["person"]))]) == nil)
    }

    @Test(
        arguments: [
            (["a", "b", "c"], ["a", "c", "d"], [" a", "-b", " c", "+d"]), ([], ["a"], ["+a"]), (["a"], [], ["-a"]),
            (["a", "b"], ["b", "a"], nil), (["x"], ["x"], [" x"]),
        ] as [([String], [String], [String]?)])
    func `a diff holds both texts in order`(old: [String], new: [String], expected: [String]?) {
        let diff = TextDiff.lines(from: old, to: new)
        #expect(diff.filter { $0.change != .added }.map(\.text) == old)
        #expect(diff.filter { $0.change != .removed }.map(\.text) == new)
        guard let expected else { return }
        let signs: [TextDiff.Change: String] = [.same: " ", .removed: "-", .added: "+"]
        #expect(diff.map { (signs[$0.change] ?? "?") + $0.text } == expected)
    }
}
