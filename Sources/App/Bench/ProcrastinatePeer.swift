import Foundation

/// Another queue on PostgreSQL, in Python, for comparison: installed from PyPI into a folder that the benchmark removes.
enum ProcrastinatePeer {
    enum Outcome: Sendable {
        /// Jobs a second.
        case rate(Double)
        case missing(reason: String)
    }

    /// Measures deferring and running of empty tasks with as many clients, on the same server in the same database.
    static func run(
        connectionString: String, folder: String, clients: Int, jobs: Int
    ) async -> [(name: String, outcome: Outcome)] {
        func missing(_ reason: String) -> [(name: String, outcome: Outcome)] {
            ["enqueue", "run"].map { ($0, .missing(reason: reason)) }
        }
        do {
            let venv = folder + "/venv"
            let python = venv + "/bin/python"
            for (what, path, arguments) in [
                ("python3 -m venv", "/usr/bin/python3", ["-m", "venv", venv]),
                (
                    "pip install", python,
                    ["-m", "pip", "install", "--quiet", "procrastinate==3.10.0", "psycopg[binary]"]
                ),
            ] {
                let output = try await ToolProcess.run(path, arguments)
                guard output.status == 0 else {
                    return missing("\(what) failed: \(output.text.split(separator: "\n").last ?? "no output")")
                }
            }
            try script.write(toFile: folder + "/peer.py", atomically: true, encoding: .utf8)
            let output = try await ToolProcess.run(
                python, [folder + "/peer.py", connectionString, "\(clients)", "\(jobs)"])
            let numbers = output.text.split(separator: "\n").last?.split(separator: " ").compactMap { Double($0) } ?? []
            guard output.status == 0, numbers.count == 2 else {
                return missing("it failed: \(output.text.split(separator: "\n").last ?? "no output")")
            }
            return [("enqueue", .rate(numbers[0])), ("run", .rate(numbers[1]))]
        } catch {
            return missing("\(error)")
        }
    }

    private static let script = """
        import asyncio, logging, sys, time
        import procrastinate

        logging.disable(logging.CRITICAL)
        conninfo, clients, jobs = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
        app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=conninfo, min_size=clients, max_size=clients + 2))

        @app.task(queue="bench")
        async def nothing():
            pass

        async def main():
            async with app.open_async():
                await app.schema_manager.apply_schema_async()
                await app.connector.execute_query_async("ANALYZE")
                start = time.monotonic()
                async def add():
                    for _ in range(jobs // clients):
                        await nothing.defer_async()
                await asyncio.gather(*[add() for _ in range(clients)])
                added = time.monotonic() - start
                start = time.monotonic()
                await app.run_worker_async(queues=["bench"], wait=False, concurrency=clients, install_signal_handlers=False)
                done = time.monotonic() - start
                count = jobs // clients * clients
                print(f"{count / added:.1f} {count / done:.1f}")

        asyncio.run(main())
        """
}
