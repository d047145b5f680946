import Domain
import Testing
import TestSupport

@testable import Store

@Suite(.enabled(if: TestDatabase.isAvailable, "needs an installed PostgreSQL server"))
struct CameraStoreTests {
    private let organization = Organization.first

    @Test func `a camera comes back as it was inserted`() async throws {
        try await TestStore.with { test async throws in
            var camera = try await test.makeCamera()
            camera.id = .make(at: .now)
            camera.name = "yard"
            camera.enabled = false
            camera.settings = CameraSettings(
                url: "rtsp://u:p@host/x", transport: .udp, timeoutSeconds: 3.5, preRollSeconds: 7, postRollSeconds: 8,
                mergeGapSeconds: 0.1, coolDownSeconds: 2, maximumLengthSeconds: 90, sensitivity: 0.75,
                minimumArea: 0.01,
                zones: [
                    Zone(
                        name: "drive", points: [(0.1, 0.45), (0.9, 0.45), (1, 1)].map { Zone.Point(x: $0.0, y: $0.1) },
                        sensitivity: 0.7, minimumArea: 0.002),
                    Zone(
                        name: "tree \"é\"", kind: .exclude,
                        points: [(0, 0), (1, 0), (0, 1)].map { Zone.Point(x: $0.0, y: $0.1) }),
                ], detectURL: "rtsp://u:p@host/small")
            camera.settings.analysis = .substream
            camera.settings.certificate = .fingerprint(String(repeating: "0a", count: 32))
            try await test.store.cameras.insert(camera)
            #expect(try await test.store.cameras.camera(camera.id, of: organization) == camera)
            #expect(try await test.store.cameras.cameras(of: organization).map(\.name) == ["gate", "yard"])
            #expect(try await test.store.cameras.camerasToIngest().map(\.name) == ["gate", "yard"])
            #expect(try await test.store.cameras.cameras(of: .make(at: .now)).isEmpty)
        }
    }

    @Test func `a name is taken until its camera is deleted`() async throws {
        try await TestStore.with { test async throws in
            let camera = try await test.makeCamera()
            let error = await #expect(throws: StoreError.self) { _ = try await test.makeCamera() }
            #expect(error == .duplicate("camera \"gate\": the name is taken"))
            let record = TestStore.record(camera)
            try await test.store.events.handOver(record)
            try await test.store.cameras.delete(camera.id, of: organization, ifRevision: nil)
            await #expect(throws: StoreError.self) {
                try await test.store.cameras.delete(camera.id, of: organization, ifRevision: nil)
            }
            await #expect(throws: StoreError.self) { try await test.store.cameras.camera(camera.id, of: organization) }
            #expect(try await test.store.cameras.camerasToIngest().isEmpty)
            _ = try await test.makeCamera()
            // Its events keep its name, and one that was under way is still taken.
            #expect(try await test.store.events.event(record.id, of: organization).cameraName == "gate")
            try await test.store.events.handOver(TestStore.record(camera))
        }
    }

    @Test func `a change wants the revision that is stored`() async throws {
        try await TestStore.with { test async throws in
            var camera = try await test.makeCamera()
            camera.settings.sensitivity = 0.9
            camera.settings.zones = [
                Zone(name: "all", points: [(0, 0), (1, 0), (1, 1)].map { Zone.Point(x: $0.0, y: $0.1) })
            ]
            camera.settings.tamper = false
            camera.settings.schedule = [
                ScheduleRule(name: "opening", moment: .at(minute: 390), days: [.mon, .sun], seconds: 30),
                ScheduleRule(name: "hourly", moment: .every(seconds: 3600)),
            ]
            camera.settings.audioTrigger = AudioTrigger(levelDBFS: -32.5, seconds: 1, hysteresisDB: 3, rearmSeconds: 0)
            #expect(try await test.store.cameras.update(camera) == 2)
            let stored = try await test.store.cameras.camera(camera.id, of: organization).settings
            #expect(stored == camera.settings)
            let error = await #expect(throws: StoreError.self) { _ = try await test.store.cameras.update(camera) }
            if case .conflict = error {} else { Issue.record("\(String(describing: error)) is no conflict") }
            camera.revision = 2
            #expect(try await test.store.cameras.update(camera) == 3)
            #expect(try await test.store.cameras.camera(camera.id, of: organization).settings.sensitivity == 0.9)
            camera.revision = 3
            camera.settings.detectURL = "rtsp://host/small"
            #expect(try await test.store.cameras.update(camera) == 4)
            #expect(
                try await test.store.cameras.camera(camera.id, of: organization).settings.detectURL
                    == "rtsp://host/small")
            camera.id = .make(at: .now)
            await #expect(throws: StoreError.self) { _ = try await test.store.cameras.update(camera) }
        }
    }

    @Test func `whoever watches is told at once and of every change`() async throws {
        try await TestStore.with { test async throws in
            var changes = try await test.store.cameras.changes().makeAsyncIterator()
            #expect(await changes.next() != nil)
            var camera = try await test.makeCamera()
            #expect(await changes.next() != nil)
            camera.enabled = false
            _ = try await test.store.cameras.update(camera)
            #expect(await changes.next() != nil)
            try await test.store.cameras.delete(camera.id, of: organization, ifRevision: nil)
            #expect(await changes.next() != nil)
        }
    }

    @Test func `an error about a camera does not hold its address`() async throws {
        try await TestStore.with { test async throws in
            var camera = try await test.makeCamera()
            camera.id = .make(at: .now)
            camera.name = "other"
            camera.settings.sensitivity = 7
            do {
                try await test.store.cameras.insert(camera)
                Issue.record("a sensitivity of 7 was stored")
            } catch {
                #expect(!"\(error)".contains("secret"))
            }
        }
    }
}
