import Domain
import Logging

/// Brings finished segments from the spool into the store, oldest first, again and again until it works (I3, I8).
package actor SegmentHandOver {
    private let layout: SpoolLayout
    private let store: any RecordingStore
    private let logger: Logger
    private var pending: Set<Identifier<Segment>> = []
    private let wakes: AsyncStream<Void>
    private let wake: AsyncStream<Void>.Continuation
    private static let retrySeconds = 1.0

    package init(layout: SpoolLayout, store: any RecordingStore, logger: Logger) {
        self.layout = layout
        self.store = store
        self.logger = logger
        (wakes, wake) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    /// A finished sidecar is there.
    package func submit(_ id: Identifier<Segment>) {
        pending.insert(id)
        wake.yield()
    }

    /// Segments that are on disk but not in the database yet.
    package var waiting: Int { pending.count }

    /// Runs until cancelled. What is left then is found again at the next start.
    package func run() async {
        for await _ in wakes { await drain() }
    }

    /// Hands over all that waits, stopping at the first failure, which it retries after a pause.
    package func drain() async {
        while let id = pending.min(), !Task.isCancelled {
            guard case .finished(let record)? = SegmentSidecar.read(layout.sidecar(of: id)) else {
                logger.error("a sidecar is gone before its hand-over", metadata: ["segment": "\(id)"])
                pending.remove(id)
                continue
            }
            do {
                try await store.handOver(record)
                try DurableFile.remove(layout.sidecar(of: id))
                pending.remove(id)
            } catch StoreError.notFound(let what) {
                // Its camera was removed for good: nobody can ever see it.
                logger.warning("a segment of something that is gone was dropped", metadata: ["reason": "\(what)"])
                try? DurableFile.remove(layout.mediaFolder + "/" + record.path)
                try? DurableFile.remove(layout.sidecar(of: id))
                pending.remove(id)
            } catch {
                // A stop in the middle: the last drain before the process ends does it again.
                guard !Task.isCancelled else { return }
                logger.warning(
                    "the hand-over of segments waits for the database",
                    metadata: ["waiting": "\(pending.count)", "error": "\(error)"])
                try? await Task.sleep(for: .milliseconds(Int(Self.retrySeconds * 1000)))
            }
        }
    }
}
