import Domain
import Foundation
import Hummingbird
import HummingbirdTesting
import Synchronization
import TestSupport
import Testing

@testable import API

/// A camera that sends three pieces to whoever watches.
private struct ThreePieces: CameraMonitor {
    private final class View: LiveView {
        let contentType = "video/mp4; codecs=\"avc1.64001F\""
        private let left: Mutex<[String]>
        init(_ pieces: [String]) { left = Mutex(pieces) }
        func next() async -> [UInt8]? { left.withLock { $0.isEmpty ? nil : Array($0.removeFirst().utf8) } }
    }

    func status(of camera: Identifier<Camera>) -> CameraStatus? { nil }
    func snapshot(of camera: Identifier<Camera>, longestSidePixels: Int) async throws -> Still? { nil }
    func live(
        of camera: Identifier<Camera>, _ wish: LiveWish, onTooSlow: @escaping @Sendable () -> Void
    ) async throws -> (any LiveView)? {
        let moov = wish.codecs == [.h264] ? "moov " : "moov hvc1 "
        return View(["ftyp ", moov, wish.withAudio ? "moof with sound" : "moof"])
    }
}

@Suite(.enabled(if: TestDatabase.isAvailable, "needs an installed PostgreSQL server"))
struct LiveRouteTests {
    @Test func `the stream is sent as it comes, to its end, and its place is free again`() async throws {
        try await TestAPI.with(monitor: ThreePieces()) { api async throws in
            let path = "/v1/cameras/\(api.own.camera.id)/live.mp4"
            // More often than there are places.
            for _ in 0...LiveSeats.mostOfOne {
                let response = try await api.send(.get, path, key: api.own.keys[.viewer])
                #expect(response.status == .ok)
                #expect(response.headers[.contentType] == "video/mp4; codecs=\"avc1.64001F\"")
                #expect(response.headers[.cacheControl] == "no-store")
                #expect(String(buffer: response.body) == "ftyp moov moof with sound")
            }
            let mute = try await api.send(.get, path + "?audio=false", key: api.own.keys[.viewer])
            #expect(String(buffer: mute.body) == "ftyp moov moof")
            for list in ["h264,h265", "h265", "h265%2Ch264"] {
                let asItIs = try await api.send(.get, path + "?video=\(list)", key: api.own.keys[.viewer])
                #expect(String(buffer: asItIs.body) == "ftyp moov hvc1 moof with sound")
            }
            let plain = try await api.send(.get, path + "?video=h264", key: api.own.keys[.viewer])
            #expect(String(buffer: plain.body) == "ftyp moov moof with sound")
            for wrong in ["audio=loud", "video=vp9", "video=", "video=h264,", "video=H265"] {
                let response = try await api.send(.get, path + "?" + wrong, key: api.own.keys[.viewer])
                #expect(response.status == .unprocessableContent, "\(wrong)")
            }
            // A HEAD has no body to end it.
            for _ in 0...LiveSeats.mostOfOne {
                let head = try await api.send(.head, path, key: api.own.keys[.viewer])
                #expect(head.status == .ok && head.body.readableBytes == 0)
            }
        }
    }

    /// A camera whose pictures nobody can encode now.
    private struct Refusing: CameraMonitor {
        let refusal: LiveRefusal
        func status(of camera: Identifier<Camera>) -> CameraStatus? { nil }
        func snapshot(of camera: Identifier<Camera>, longestSidePixels: Int) async throws -> Still? { nil }
        func live(
            of camera: Identifier<Camera>, _ wish: LiveWish, onTooSlow: @escaping @Sendable () -> Void
        ) async throws -> (any LiveView)? { throw refusal }
    }

    @Test(arguments: [
        (LiveRefusal.noRoom(most: 3), "3 cameras are being encoded"), (.noRoom(most: 0), "switched off"),
        (.cannotEncode("There is no encoder."), "There is no encoder."),
    ])
    func `pictures that cannot be encoded now are a problem that says what to do`(
        refusal: LiveRefusal, words: String
    ) async throws {
        try await TestAPI.with(monitor: Refusing(refusal: refusal)) { api async throws in
            let response = try await api.send(
                .get, "/v1/cameras/\(api.own.camera.id)/live.mp4", key: api.own.keys[.viewer])
            #expect(response.status == .serviceUnavailable && response.headers[.retryAfter] == "10")
            #expect(response.headers[.contentType] == "application/problem+json")
            let detail = try #require(try TestAPI.object(response)["detail"] as? String)
            #expect(detail.contains(words) && detail.contains("video=h264,h265"), "\(detail)")
        }
    }

    @Test func `another organization's camera is not there`() async throws {
        try await TestAPI.with(monitor: ThreePieces()) { api async throws in
            let response = try await api.send(
                .get, "/v1/cameras/\(api.other.camera.id)/live.mp4", key: api.own.keys[.administrator])
            #expect(response.status == .notFound)
        }
    }

    @Test func `a camera without a picture is a problem, and says when to ask again`() async throws {
        try await TestAPI.with { api async throws in
            let response = try await api.send(
                .get, "/v1/cameras/\(api.own.camera.id)/live.mp4", key: api.own.keys[.viewer])
            #expect(response.status == .serviceUnavailable)
            #expect(response.headers[.contentType] == "application/problem+json")
            #expect(response.headers[.retryAfter] == "2")
            #expect(try TestAPI.object(response)["detail"] as? String != nil)
        }
    }

    @Test func `so many for one, so many for all, and who leaves makes room`() throws {
        let seats = LiveSeats()
        func actor() -> Principal.Actor { .key(.make(at: WallTime(secondsSinceEpoch: 1_700_000_000))) }
        let one = actor()
        var taken = try (0..<LiveSeats.mostOfOne).map { _ in try seats.take(for: one) }
        #expect(kind { try seats.take(for: one) } == .rateLimited)
        taken.removeLast()
        taken.append(try seats.take(for: one))
        while taken.count < LiveSeats.most { taken.append(try seats.take(for: actor())) }
        #expect(kind { try seats.take(for: actor()) } == .unavailable)
        taken = []
        #expect(kind { try seats.take(for: one) } == nil)
    }

    private func kind(_ body: () throws -> LiveSeats.Seat) -> Problem.Kind? {
        do {
            _ = try body()
            return nil
        } catch {
            return (error as? Problem)?.kind
        }
    }

    @Test func `who loses the key, the camera or the right to see it does not watch on`() async throws {
        try await TestAPI.with { api async throws in
            let key = try #require(api.own.keys[.viewer])
            let principal = try #require(try await api.accounts.principal(of: key[...]))
            func check(_ camera: Identifier<Camera>) -> LiveCheck {
                LiveCheck(
                    cameras: api.store.cameras, accounts: api.accounts, camera: camera, principal: principal,
                    credential: .secret(key))
            }
            #expect(await check(api.own.camera.id).mayGoOn())
            #expect(await check(api.other.camera.id).mayGoOn() == false)
            let revoked = try await api.send(
                .delete, "/v1/api-keys/\(try #require(api.own.keyIDs[.viewer]))", key: api.own.keys[.administrator])
            #expect(revoked.status == .noContent)
            #expect(await check(api.own.camera.id).mayGoOn() == false)
        }
    }
}
