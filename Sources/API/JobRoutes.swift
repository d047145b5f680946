import Domain
import HTTPTypes
import Hummingbird

/// What waits, runs and has ended, and what a person may do about it.
struct JobRoutes {
    let desk: any JobDesk
    let queue: any JobQueue

    func add(to router: some RouterMethods<VedetteContext>) {
        router.get("/v1/jobs") { request, context in
            let query = try Self.query(request)
            let found = try await desk.jobs(query, of: context.organization)
            let last = found.count == query.limit ? found.last?.position : nil
            return jsonResponse(
                PageDTO(
                    items: found.map { JobDTO($0) },
                    nextCursor: last.map {
                        Cursor.encode([
                            $0.isFinished ? "ended" : "open", "\($0.at.nanosecondsSinceEpoch)", $0.id.description,
                        ])
                    }))
        }
        // Before the routes by id, which would take "counts" for one.
        router.get("/v1/jobs/counts") { _, context in
            let depths = try await desk.depths(of: context.organization)
            return jsonResponse(PageDTO(items: depths.map(DepthDTO.init), nextCursor: nil))
        }
        router.get("/v1/jobs/:id") { _, context in try await shown(context) }
        router.post("/v1/jobs/:id/retry") { _, context in
            let record = try await record(context)
            switch record.job.state {
            case .succeeded: throw Problem(.conflict, "the job succeeded; ask for the event anew to judge it again")
            case .leased: throw Problem(.conflict, "the job runs now")
            case .discarded where record.batch != nil, .cancelled where record.batch != nil:
                throw Problem(.conflict, "the job belongs to a re-analysis that has counted it; begin another one")
            case .available, .scheduled, .retryable, .discarded, .cancelled: break
            }
            guard try await queue.revive(record.job.id, of: context.organization) else {
                throw Problem(
                    .conflict, "the job began or ended meanwhile, or another unfinished job does the same; look again")
            }
            return try await shown(context)
        }
        router.post("/v1/jobs/:id/cancel") { _, context in
            let record = try await record(context)
            guard try await queue.cancel(record.job.id, of: context.organization) else {
                throw Problem(.conflict, "the job has ended")
            }
            return try await shown(context)
        }
        router.post("/v1/events/:id/analyze") { request, context in
            let event: Identifier<Event> = try context.identifier("id", "event")
            var fields = try await FieldReader(request)
            let choice = Self.choice(&fields)
            try fields.finish()
            let job: Identifier<Job>
            let isNew: Bool
            do {
                (job, isNew) = try await desk.ask(event, as: choice, of: context.organization)
            } catch StoreError.conflict(let what) {
                throw Problem(.validation, what)
            }
            var response = jsonResponse(
                JobDTO(try await desk.job(job, of: context.organization)), status: isNew ? .created : .ok)
            response.headers[.location] = "/v1/jobs/\(job)"
            return response
        }
    }

    private func record(_ context: VedetteContext) async throws -> JobRecord {
        try await desk.job(try context.identifier("id", "job"), of: context.organization)
    }

    private func shown(_ context: VedetteContext) async throws -> Response {
        jsonResponse(JobDTO(try await record(context), withFailures: true))
    }

    // MARK: Reading

    /// How an event is to be judged, by the fields that all calls share.
    static func choice(_ fields: inout FieldReader) -> JudgingChoice {
        let choice = JudgingChoice(
            definition: fields.parsed("definition_id", "a UUID") { Identifier($0) },
            version: fields.integer("definition_version", in: 1...1_000_000),
            mode: fields.has("policy") ? fields.choice("policy", Policy.Mode.self) : nil,
            analyzers: fields.texts("analyzers", maximumCount: 2, maximumLength: 200))
        if choice.analyzers?.isEmpty == true { fields.complain("analyzers", "must name one or two, or be left out") }
        return choice
    }

    private static func query(_ request: Request) throws -> JobListQuery {
        var reader = QueryReader(request)
        var query = JobListQuery()
        query.states = reader.choice("state", Job.State.self).map { [$0] }
        query.kind = reader.parsed("kind", "text of at most 64 characters") { $0.count <= 64 ? $0 : nil }
        query.camera = reader.parsed("camera_id", "a UUID") { Identifier($0) }
        query.event = reader.parsed("event_id", "a UUID") { Identifier($0) }
        query.limit =
            reader.parsed("limit", "a whole number from 1 to 200") {
                Int($0).flatMap { (1...200).contains($0) ? $0 : nil }
            } ?? 50
        query.after = reader.parsed("cursor", "a cursor that a list gave") { text in
            guard let parts = Cursor.decode(text), parts.count == 3, ["ended", "open"].contains(parts[0]),
                let at = Int64(parts[1]), let id = Identifier<Job>(parts[2])
            else { return nil }
            return JobListQuery.Position(
                isFinished: parts[0] == "ended", at: WallTime(nanosecondsSinceEpoch: at), id: id)
        }
        try reader.finish()
        return query
    }

    // MARK: Shapes

    struct JobDTO: Encodable, Sendable {
        struct FailureDTO: Encodable, Sendable {
            var attempt: Int
            var at: String
            var error: String
        }
        var id: String
        var kind: String
        var state: String
        var priority: Int
        @Nullable var eventId: String?
        @Nullable var reanalysisId: String?
        var attempt: Int
        var maxAttempts: Int
        var lostLeases: Int
        @Nullable var worker: String?
        @Nullable var leaseExpiresAt: String?
        @Nullable var runAt: String?
        var createdAt: String
        @Nullable var finishedAt: String?
        @Nullable var lastError: String?
        /// Left out of lists.
        var failures: [FailureDTO]?

        init(_ record: JobRecord, withFailures: Bool = false) {
            id = record.job.id.description
            kind = record.job.kind
            state = record.job.state.rawValue
            priority = record.job.priority.rawValue
            eventId = record.event?.description
            reanalysisId = record.batch?.description
            attempt = record.job.attempt
            maxAttempts = record.job.maximumAttempts
            lostLeases = record.expirations
            worker = record.worker
            leaseExpiresAt = record.leaseExpiresAt?.rfc3339
            runAt = record.runAt?.rfc3339
            createdAt = record.createdAt.rfc3339
            finishedAt = record.finishedAt?.rfc3339
            lastError = record.lastError
            guard withFailures else { return }
            var listed = record.failures.map {
                FailureDTO(attempt: $0.attempt, at: $0.at.rfc3339, error: $0.error)
            }
            if record.job.state == .discarded, let end = record.finishedAt, let error = record.lastError {
                listed.append(FailureDTO(attempt: record.job.attempt, at: end.rfc3339, error: error))
            }
            failures = listed
        }
    }

    struct DepthDTO: Encodable, Sendable {
        var kind: String
        var priority: Int
        var state: String
        var count: Int
        @Nullable var oldestSeconds: Double?

        init(_ depth: JobDepth) {
            kind = depth.kind
            priority = depth.priority.rawValue
            state = depth.state.rawValue
            count = depth.count
            oldestSeconds = depth.oldestSeconds.map { rounded($0, 3) }
        }
    }
}
