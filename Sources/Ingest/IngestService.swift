import Domain
import Logging
import Synchronization

/// Keeps one `CameraSession` running for every enabled camera in the store, and follows changes.
package final class IngestService: CameraMonitor, CameraTriggers {
    private struct Running {
        var session: CameraSession
        /// Of its site.
        var timeZone: String
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
                let cameras = try await store.camerasToIngest()
                await reconcile(cameras, timeZones: try await timeZones(of: cameras))
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

    /// Of the sites of cameras with a schedule; nobody else needs to know the time.
    private func timeZones(of cameras: [Camera]) async throws -> [Identifier<Site>: String] {
        var zones: [Identifier<Site>: String] = [:]
        for organization in Set(cameras.filter { !$0.settings.schedule.isEmpty }.map(\.organization)) {
            for site in try await store.sites(of: organization) { zones[site.id] = site.timeZone }
        }
        return zones
    }

    private func offset(of timeZone: String) -> ZoneOffset {
        if let offset = SiteZone.offset(of: timeZone) { return offset }
        logger.warning(
            "a site's time zone is not known; its schedules go by UTC", metadata: ["time_zone": "\(timeZone)"])
        return { _ in 0 }
    }

    private func reconcile(_ cameras: [Camera], timeZones: [Identifier<Site>: String]) async {
        let wanted = Dictionary(
            uniqueKeysWithValues: cameras.filter(\.enabled).map { ($0.id, $0) })
        disabled.withLock { $0 = Set(cameras.filter { !$0.enabled }.map(\.id)) }
        let stopping = running.withLock { running in
            let gone = running.filter { id, running in
                let camera = running.session.camera
                return camera != wanted[id]
                    || !camera.settings.schedule.isEmpty && running.timeZone != timeZones[camera.site] ?? "UTC"
            }
            for id in gone.keys { running[id] = nil }
            return gone.values.map(\.task)
        }
        for task in stopping { task.cancel() }
        // A camera whose settings changed is let go before it is opened anew: many allow one session only.
        for task in stopping { await task.value }
        running.withLock { running in
            for (id, camera) in wanted where running[id] == nil {
                let timeZone = timeZones[camera.site] ?? "UTC"
                let session = CameraSession(
                    camera: camera, ports: ports, logger: logger, offset: offset(of: timeZone))
                // Held in `running`, cancelled and awaited when the camera goes or the service ends.
                running[id] = Running(
                    session: session, timeZone: timeZone, task: Task { await session.run() })
            }
        }
    }

    package func status(of camera: Identifier<Camera>) -> CameraStatus? {
        if let session = running.withLock({ $0[camera]?.session }) { return session.status }
        return disabled.withLock { $0.contains(camera) } ? CameraStatus(state: .disabled) : nil
    }

    package func trigger(
        _ trigger: Trigger, on camera: Identifier<Camera>
    ) async throws(TriggerRefusal) -> TriggerReceipt {
        guard let session = running.withLock({ $0[camera]?.session }) else {
            throw disabled.withLock { $0.contains(camera) } ? .disabled : .notConnected(nil)
        }
        return try await session.trigger(trigger)
    }

    package func live(
        of camera: Identifier<Camera>, _ wish: LiveWish, onTooSlow: @escaping @Sendable () -> Void
    ) async throws -> (any LiveView)? {
        try await running.withLock { $0[camera]?.session }?.live(wish, onTooSlow: onTooSlow)
    }

    package func snapshot(of camera: Identifier<Camera>, longestSidePixels: Int) async throws -> Still? {
        try await running.withLock { $0[camera]?.session }?.snapshot(longestSidePixels: longestSidePixels)
    }
}
