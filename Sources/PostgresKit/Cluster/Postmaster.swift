internal import Glibc

/// A running server as its `postmaster.pid` tells of it.
/// https://github.com/postgres/postgres/blob/REL_15_STABLE/src/include/utils/pidfile.h
struct Postmaster {
    var process: pid_t
    var port: Int
    /// Absolute folder of the unix socket; nil while the server is still starting.
    var socketFolder: String?

    /// Reads the file, whether or not the process lives; nil where there is none or it is unfinished.
    init?(dataFolder: String) {
        guard let text = Files.text(dataFolder + "/postmaster.pid") else { return nil }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count >= 4, let process = pid_t(lines[0]), process > 0, let port = Int(lines[3]) else { return nil }
        self.process = process
        self.port = port
        socketFolder = lines.count > 4 && lines[4].hasPrefix("/") ? String(lines[4]) : nil
    }

    /// True while that process is a server of that folder, and not a later process with the same number.
    func isAlive(dataFolder: String) -> Bool {
        // A server's working folder is its data folder.
        Files.linkTarget("/proc/\(process)/cwd") == dataFolder
    }

    /// Processes that work in the data folder: a server, or the rest of one that was killed.
    static func processes(in dataFolder: String) -> [pid_t] {
        Files.names(in: "/proc").compactMap { name in
            guard let process = pid_t(name) else { return nil }
            return Files.linkTarget("/proc/\(process)/cwd") == dataFolder ? process : nil
        }
    }
}
