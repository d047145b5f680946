package import Domain
package import Logging
package import PostgresKit

/// Everything that is kept in PostgreSQL, behind the Domain's ports.
package struct Store: Sendable {
    package let cameras: any CameraStore
    package let events: any EventStore
    package let judging: any JudgingStore
    package let jobs: any JobQueue
    package let access: any AccessStore
    package let meter: any AnalyzerMeter
    package let reanalyses: any ReanalysisStore
    package let feedback: any FeedbackStore
    package let recordings: any RecordingStore
    package let activity: any ActivityStore
    package let desk: any JobDesk
    package let definitions: any DefinitionStore
    package let judges: any JudgeStore
    package let exports: any ExportStore

    private let pool: Pool
    /// Of sessions that are set for the queue's statements.
    private let queuePool: Pool
    private let bell: JobBell
    private let listener: Listener

    /// How many connections, and how often a waiting worker looks without being told.
    package struct Options: Sendable {
        /// Besides one that listens.
        package var poolSize: Int
        /// Bounds how late a job is seen whose lease ran out or whose notification was lost.
        package var pollSeconds: Double
        /// Connections for the queue, besides the others.
        package var queuePoolSize: Int

        package init(poolSize: Int = 8, pollSeconds: Double = 5, queuePoolSize: Int = 4) {
            self.poolSize = poolSize
            self.queuePoolSize = queuePoolSize
            self.pollSeconds = pollSeconds
        }
    }

    /// The role that a private database must have and grant to its usual role.
    package static let applicationRole = ApplicationRole.name

    /// Migrates the database and makes the repositories. Throws `StoreError.unavailable` where it cannot be reached,
    /// `Migrator.Refusal` where it is not one for this version.
    package static func open(
        connectionString: String, options: Options = Options(), logger: Logger
    ) async throws -> Store {
        var settings = ConnectionSettings(connectionString)
        let applied = try await storing("the database") { try await Migrator().migrate(settings) }
        settings.role = try await storing("the database") { [settings] in try await ApplicationRole.choose(settings) }
        if settings.role == nil {
            logger.notice(
                "the database user may not make roles: it acts itself, under forced row-level security (docs/design/tenancy.md)"
            )
        }
        if !applied.isEmpty { logger.info("migrated the database", metadata: ["applied": "\(applied)"]) }
        return Store(settings, options: options, logger: logger)
    }

    /// Without touching the database.
    package init(_ settings: ConnectionSettings, options: Options = Options(), logger: Logger) {
        pool = Pool(settings, size: options.poolSize)
        listener = Listener(settings, channels: Channel.all, logger: logger)
        cameras = PostgresCameraStore(pool: pool, listener: listener)
        var queueSettings = settings
        queueSettings.applicationName += " queue"
        queueSettings.session = PostgresJobQueue.session
        queuePool = Pool(queueSettings, size: options.queuePoolSize)
        let wakeups = JobWakeups(pollSeconds: options.pollSeconds)
        bell = JobBell(pool: queuePool, wakeups: wakeups)
        events = PostgresEventStore(pool: pool, listener: listener, bell: bell)
        judging = PostgresJudgingStore(pool: pool)
        meter = PostgresAnalyzerMeter(pool: queuePool)
        activity = PostgresActivityStore(pool: pool)
        recordings = PostgresRecordingStore(pool: pool)
        feedback = PostgresFeedbackStore(pool: pool)
        judges = PostgresJudgeStore(pool: pool)
        definitions = PostgresDefinitionStore(pool: pool)
        desk = PostgresJobDesk(pool: pool, bell: bell)
        exports = PostgresExportStore(pool: pool, bell: bell)
        reanalyses = PostgresReanalysisStore(pool: pool, bell: bell)
        jobs = PostgresJobQueue(pool: queuePool, listener: listener, wakeups: wakeups, bell: bell)
        access = PostgresAccessStore(pool: pool, memory: PrincipalMemory(listener: listener))
    }

    /// Whether the database answers within two seconds.
    package func isReachable() async -> Bool {
        await withTaskGroup(of: Bool.self) { group in
            group.addTask { (try? await pool.query("SELECT 1")) != nil }
            group.addTask {
                try? await Task.sleep(for: .seconds(2))
                return false
            }
            let first = await group.next() ?? false
            group.cancelAll()
            return first
        }
    }

    /// Ends all streams and connections. Idempotent.
    package func close() async {
        await listener.close()
        await bell.close()
        await queuePool.close()
        await pool.close()
    }
}
