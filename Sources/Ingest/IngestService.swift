import Domain
import Logging
import Synchronization

/// Keeps one `CameraSession` running for every enabled camera in the store, and follows changes.
package final class IngestService: CameraMonitor {
    private struct Running {
        var session: CameraSession
        var task: Task<Void, Never>
    }
    private let store: any CameraStore
    private let ports: IngestPorts
    private let logger: Logger
    private let running = Mutex<[Identifier<Camera>: Running]>([:])
    private let disabled = Mutex<Set<Identifier<Camera>>>([])

    package init(store: any CameraStore, ports: IngestPorts, logger: Logger) {
        self.store = store
        self.ports = ports
        self.logger = logger
    }

    /// Runs until cancelled; returns when every session has finished its clips.
    package func run() async throws {
        // A database that is away delays changes to cameras; those that run go on (I8).
        for await _ in try await store.changes() {
            do {
                await reconcile(try await store.camerasToIngest())
            } catch {
                logger.warning("the list of cameras could not be read", metadata: ["error": "\(error)"])
            }
        }
        let tasks = running.withLock { running in
            defer { running = [:] }
            return running.values.map(\.task)
        }
        for task in tasks { task.cancel() }
        for task in tasks { await task.value }
    }

    private func reconcile(_ cameras: [Camera]) async {
        let wanted = Dictionary(
            uniqueKeysWithValues: cameras.filter(\.enabled).map { ($0.id, $0) })
        disabled.withLock { $0 = Set(cameras.filter { !$0.enabled }.map(\.id)) }
        let stopping = running.withLock { running in
            let gone = running.filter { $0.value.session.camera != wanted[$0.key] }
            for id in gone.keys { running[id] = nil }
            return gone.values.map(\.task)
        }
        for task in stopping { task.cancel() }
        // A camera whose settings changed is let go before it is opened anew: many allow one session only.
        for task in stopping { await task.value }
        running.withLock { running in
            for (id, camera) in wanted where running[id] == nil {
                let session = CameraSession(camera: camera, ports: ports, logger: logger)
                // Held in `running`, cancelled and awaited when the camera goes or the service ends.
                running[id] = Running(session: session, task: Task { await session.run() })
            }
        }
    }

    package func status(of camera: Identifier<Camera>) -> CameraStatus? {
        if let session = running.withLock({ $0[camera]?.session }) { return session.status }
        return disabled.withLock { $0.contains(camera) } ? CameraStatus(state: .disabled) : nil
    }

    package func live(
        of camera: Identifier<Camera>, withAudio: Bool, onTooSlow: @escaping @Sendable () -> Void
    ) async throws -> (any LiveView)? {
        try await running.withLock { $0[camera]?.session }?.live(withAudio: withAudio, onTooSlow: onTooSlow)
    }

    package func snapshot(of camera: Identifier<Camera>, longestSidePixels: Int) async throws -> Still? {
        try running.withLock { $0[camera]?.session }?.snapshot(longestSidePixels: longestSidePixels)
    }
}
