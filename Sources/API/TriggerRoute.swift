import Domain
import Hummingbird

/// `POST /v1/cameras/{id}/trigger`: a clip now, because somebody asks for one.
struct TriggerRoute {
    let cameras: any CameraStore
    let triggers: any CameraTriggers

    private enum Kind: String, CaseIterable {
        case manual, api

        var event: Event.Kind { self == .manual ? .manual : .api }
    }

    private struct ReceiptDTO: Encodable, Sendable {
        var eventId: String
        var kind: String
        var joined: Bool
        var triggeredAt: String
        var endsAt: String
    }

    func add(to router: some RouterMethods<VedetteContext>) {
        router.post("/v1/cameras/:id/trigger") { request, context in
            let camera = try await cameras.camera(
                try context.identifier("id", "camera"), of: context.organization)
            let trigger = try await Self.read(request)
            let receipt = try await fire(trigger, on: camera)
            // The event is there when its clip is.
            var response = jsonResponse(
                ReceiptDTO(
                    eventId: receipt.event.description, kind: trigger.kind.rawValue, joined: receipt.joined,
                    triggeredAt: receipt.triggeredAt.rfc3339, endsAt: receipt.endsAt.rfc3339), status: .accepted)
            response.headers[.location] = "/v1/events/\(receipt.event)"
            return response
        }
    }

    private static func read(_ request: Request) async throws -> Trigger {
        var fields = try await FieldReader(request)
        let kind = fields.choice("kind", Kind.self) ?? .api
        let label = fields.text("label", maximumLength: TriggerRules.longestLabel, nullable: true)
        if let problem = label.flatMap(TriggerRules.problem(label:)) { fields.complain("label", problem) }
        let seconds = fields.number("duration_seconds", in: TriggerRules.seconds) ?? TriggerRules.standardSeconds
        try fields.finish()
        return Trigger(kind: kind.event, label: label, seconds: seconds)
    }

    private func fire(_ trigger: Trigger, on camera: Camera) async throws -> TriggerReceipt {
        do {
            return try await triggers.trigger(trigger, on: camera.id)
        } catch {
            switch error {
            case .disabled:
                throw Problem(.conflict, "camera `\(camera.name)` is switched off; set `enabled` to true first")
            case .notConnected(let reason):
                throw Problem(
                    .unavailable,
                    "camera `\(camera.name)` is not recorded now: \(reason ?? "it has not delivered a picture yet")",
                    headers: [.retryAfter: "2"])
            case .notRecorded:
                throw Problem(
                    .unavailable,
                    "the clip of camera `\(camera.name)` could not be begun; the server's log says why",
                    headers: [.retryAfter: "10"])
            }
        }
    }
}
