import CurlKit
import Domain
import Foundation
import Logging
import TestSupport

@testable import VisionModels

let noon = WallTime(secondsSinceEpoch: 1_777_636_800)

func makeRequest(
    _ pictures: [[UInt8]] = [SolidPictures.red], labels: [String] = ["person", "vehicle", "animal"],
    normal: String = "The yard is empty."
) -> JudgeRequest {
    JudgeRequest(
        cameraName: "gate", triggeredAt: noon,
        definition: DefinitionVersion(
            id: .make(at: noon), definition: .make(at: noon), version: 1, normal: normal, labels: labels),
        pictures: pictures.enumerated().map { index, jpeg in
            JudgeRequest.Picture(
                jpeg: jpeg, atSeconds: Double(index) + 5.25, box: Box(x: 0.1, y: 0.2, width: 0.3, height: 0.4))
        })
}

func makeModel(
    _ baseURL: String, key: String? = nil, timeoutSeconds: Double = 20, maximumTokens: Int = 600,
    maximumResponseBytes: Int = 1 << 20, connection: AnalyzerConnection = AnalyzerConnection(),
    shrink: @escaping OpenAICompatibleModel.Shrink = { _, _ in nil }
) throws -> OpenAICompatibleModel {
    OpenAICompatibleModel(
        .init(
            name: "vlm", baseURL: baseURL, model: "tiny-vlm", apiKey: key, timeoutSeconds: timeoutSeconds,
            maximumTokens: maximumTokens, maximumResponseBytes: maximumResponseBytes, connection: connection),
        client: try HTTPClient(), logger: Logger(label: "test"), shrink: shrink, now: { noon })
}

/// Runs `body` with a fake server that is stopped afterwards.
func withFake<Result>(
    _ script: FakeVisionBehaviour..., body: (FakeVisionServer) async throws -> Result
) async throws -> Result {
    let server = try FakeVisionServer(script)
    defer { server.stop() }
    return try await body(server)
}

/// The error that `model` gives instead of a judgement; nil if it gives a judgement.
func failure(of model: OpenAICompatibleModel, _ request: JudgeRequest = makeRequest()) async -> JudgeError? {
    do throws(JudgeError) {
        _ = try await model.judge(request)
        return nil
    } catch {
        return error
    }
}
