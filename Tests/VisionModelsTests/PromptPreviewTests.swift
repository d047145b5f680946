import Domain
import Foundation
import TestSupport
import Testing

@testable import VisionModels

struct PromptPreviewTests {
    private func asking() -> JudgeRequest {
        var request = makeRequest([SolidPictures.red, SolidPictures.blue])
        request.definition.questions = ["Is the gate open?", "Who\ncomes?"]
        request.references = [.init(jpeg: SolidPictures.red, caption: "an empty yard", name: "example 1, 64 x 48")]
        request.pictures[0].name = "evidence 1, 768 x 432"
        return request
    }

    private func texts(_ body: JSONValue) -> [String] {
        (body["messages"]?[1]?["content"]?.array ?? []).map {
            $0["text"]?.string ?? $0["image_url"]?["url"]?.string ?? "?"
        }
    }

    @Test func `the preview is what is then sent, but for the pictures' bytes`() async throws {
        try await withFake(.good) { server in
            let request = asking()
            let model = try makeModel(server.baseURL, key: "sk-secret")
            let preview = try #require(model.preview(request))
            #expect(!String(decoding: preview.body, as: UTF8.self).contains("sk-secret"))
            #expect(preview.url == server.baseURL + "/chat/completions")
            #expect(server.requests.isEmpty)
            let judgement = try await model.judge(request)
            #expect(preview.promptHash == judgement.promptHash)
            var sent = try #require(server.requests.first).text
            for (jpeg, name) in [
                (request.references[0].jpeg, request.references[0].name),
                (request.pictures[0].jpeg, request.pictures[0].name),
                (request.pictures[1].jpeg, request.pictures[1].name),
            ] {
                let data = "data:image/jpeg;base64," + Data(jpeg).base64EncodedString()
                let place = try #require(sent.range(of: data))
                sent.replaceSubrange(place, with: "<\(name), JPEG of \(jpeg.count) bytes>")
            }
            #expect(sent == String(decoding: preview.body, as: UTF8.self))
        }
    }

    @Test func `examples come first and apart from the event, and questions are asked`() throws {
        let preview = try #require(try makeModel("http://127.0.0.1:1/v1").preview(asking()))
        let parts = texts(try #require(JSONValue(bytes: preview.body)))
        #expect(parts.count == 8)
        #expect(parts[0].contains("not part of the event") && parts[1] == "Example 1: an empty yard")
        #expect(parts[2].hasPrefix("<example 1, 64 x 48, JPEG of "))
        #expect(parts[3].contains("1. Is the gate open?\n2. Who comes?") && parts[3].contains("2 pictures"))
        #expect(parts[5].hasPrefix("<evidence 1, 768 x 432"))
        // Without any, the prompt is as before, and so is its hash.
        let plain = Prompt(makeRequest())
        #expect(!plain.text.contains("Your reason must") && !plain.text.contains("Example"))
    }

    @Test(arguments: [
        (nil, 8, 3), (20, 8, 3), (11, 8, 3), (9, 8, 1), (8, 8, 0), (4, 4, 0), (2, 2, 0), (1, 1, 0),
    ])
    func `an analyzer gets as many pictures as it takes, the event's first`(
        limit: Int?, pictures: Int, references: Int
    ) {
        var request = makeRequest((0..<8).map { [UInt8($0)] })
        request.references = (0..<3).map { .init(jpeg: [UInt8($0)], caption: "") }
        let fitted = request.fitted(to: limit)
        #expect(fitted.pictures.count == pictures && fitted.references.count == references)
        let order = fitted.pictures.map { $0.jpeg[0] }
        #expect(order == Array(Set(order)).sorted())
        if pictures > 1 { #expect(order.first == 0 && order.last == 7) }
    }
}
