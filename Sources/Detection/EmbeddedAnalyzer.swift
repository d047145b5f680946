package import Domain
package import Logging
internal import OpenCVKit

/// The judge that needs no server: YOLOX-nano, or without its weights OpenCV's HOG people detector.
///
/// Seeing one of the definition's labels move is `abnormal`, perhaps seeing one `uncertain`, seeing none `normal`.
/// Inference runs on one thread of its own; several judgements queue up for it.
package final class EmbeddedAnalyzer: VisionModel {
    /// Which detector is in use; told once in the log, and by `doctor`.
    package let status: EmbeddedStatus
    private let queue = BlockingQueue(label: "vedette.embedded", limit: 32)
    private let looker: QueueBound<Looker>

    /// More pictures than this are thinned out evenly.
    package static let maximumPictures = 8

    /// Looks for the weights in the folders, in order, and loads them; blocks for about a tenth of a second. Throws only
    /// if not even OpenCV's own detector can be made.
    package init(modelFolders: [String], logger: Logger) throws(JudgeError) {
        var amiss =
            modelFolders.isEmpty
            ? "`models_dir` is not set" : "no \(WeightsFile.name) in \(modelFolders.joined(separator: ", "))"
        if let file = WeightsFile.locate(in: modelFolders) {
            do throws(ObjectDetectorError) {
                let network = try ObjectDetector(
                    path: file.path, sidePixels: YOLOX.sidePixels, outputCount: YOLOX.outputCount)
                looker = QueueBound(Looker(.yolox(network)))
                let warning = file.isExpected ? "" : "; its SHA-256 differs from the expected \(WeightsFile.sha256)"
                status = EmbeddedStatus(
                    detector: .yoloxNano, isLesser: false, detail: "YOLOX-nano from \(file.path)\(warning)")
                logger.log(level: file.isExpected ? .info : .warning, "embedded analyzer: \(status.detail)")
                return
            } catch {
                amiss = error.description
            }
        }
        do throws(ObjectDetectorError) {
            looker = QueueBound(Looker(.hog(try PeopleDetector())))
        } catch {
            throw JudgeError(.discard, "the embedded analyzer has no detector: \(amiss); \(error)")
        }
        status = EmbeddedStatus(
            detector: .hog, isLesser: true,
            detail: "OpenCV's HOG people detector, the lesser one (upright people only): \(amiss)")
        logger.warning("embedded analyzer: \(status.detail)")
    }

    package func judge(_ request: JudgeRequest) async throws(JudgeError) -> Judgement {
        guard !request.pictures.isEmpty else { throw JudgeError(.discard, "the event has no evidence pictures") }
        let labels = request.definition.labels.map(WantedLabel.init)
        let canSee: (WantedLabel) -> Bool = { [status] label in
            status.detector == .hog ? label.classes == [COCOClasses.person] : !label.classes.isEmpty
        }
        let known = labels.filter(canSee)
        let unknown = labels.filter { !canSee($0) }.map(\.text)
        let pictures = Self.thinned(request.pictures)
        let model = status.detector.rawValue
        let start = ContinuousClock.now
        let outcome: Result<[Sighting]?, ObjectDetectorError>
        do throws(BlockingQueue.Refusal) {
            outcome = try await queue.run { [looker] ticket in
                Result { () throws(ObjectDetectorError) in
                    try looker.value.sightings(in: pictures, labels: known, zones: request.zones) { ticket.isCancelled }
                }
            }
        } catch {
            switch error {
            case .full: throw JudgeError(.retry(afterSeconds: 2), "the embedded analyzer has too many events waiting")
            case .cancelled: throw JudgeError(.retry(afterSeconds: nil), "cancelled")
            }
        }
        switch outcome {
        case .success(.none): throw JudgeError(.retry(afterSeconds: nil), "cancelled")
        case .success(.some(let sightings)):
            let opinion = Opinion(labels: known, sightings: sightings, pictureCount: pictures.count)
            let elapsed = ContinuousClock.now - start
            return opinion.judgement(
                model: model, latencySeconds: elapsed / .seconds(1), unknownLabels: unknown)
        case .failure(let error):
            throw JudgeError(.discard, "the embedded analyzer: \(error)")
        }
    }

    private static func thinned(_ pictures: [JudgeRequest.Picture]) -> [JudgeRequest.Picture] {
        guard pictures.count > maximumPictures else { return pictures }
        return (0..<maximumPictures).map { pictures[$0 * (pictures.count - 1) / (maximumPictures - 1)] }
    }
}

/// A value that only the analyzer's queue touches after its making.
private struct QueueBound<Value>: @unchecked Sendable {
    // Unchecked because: touched only on the queue `vedette.embedded`, one piece of work at a time.
    let value: Value
    init(_ value: Value) { self.value = value }
}
